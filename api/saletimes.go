package api

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/events"
)

// The bounds of a sale, as fields of a body.
const (
	fieldOpensAt  = "opens_at"
	fieldClosesAt = "closes_at"
)

// saleTimes reads the bounds of a new sale, nil where it has none.
func saleTimes(opensAt, closesAt *string) (times events.SaleTimes, err error) {
	if opensAt != nil {
		if times.OpensAt, err = timeOf(fieldOpensAt, *opensAt); err != nil {
			return times, err
		}
	}
	if closesAt != nil {
		times.ClosesAt, err = timeOf(fieldClosesAt, *closesAt)
	}
	return times, err
}

// editedTime reads a bound in an edit: nil if it is to stay, the zero time if it is null, which
// takes it away.
func editedTime(field string, given jsontext.Value) (*time.Time, error) {
	switch {
	case given == nil:
		return nil, nil
	case given.Kind() == 'n':
		return &time.Time{}, nil
	}
	var text string
	if err := json.Unmarshal(given, &text); err != nil {
		return nil, invalidField(field, "an RFC 3339 time, or null for none")
	}
	t, err := timeOf(field, text)
	return &t, err
}
