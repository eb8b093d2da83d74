package api

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/events"
)

// The members with the times at which a sale opens and closes.
const (
	fieldOpensAt  = "opens_at"
	fieldClosesAt = "closes_at"
)

// saleTimes parses the times at which a new sale opens and closes. nil means that there is no such time.
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

// editedTime decodes a time in an edit. It returns nil if the member is absent, and a zero time if it is null, which
// removes the time.
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
