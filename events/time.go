package events

import (
	"context"
	"errors"
	"strings"
	"time"
)

// SeveralClocks is implemented by stores whose events are recorded by the clocks of several nodes.
type SeveralClocks interface {
	// SeveralClocks reports whether the times of the log may run backwards.
	SeveralClocks() bool
}

// PositionAt returns the position of the last event that the store had accepted at t, 0 if it had
// none. It is a binary search: about forty short reads in a log of any size. Where the log's times
// may run backwards, an event counts as accepted at the latest time up to it; see [beforeLater].
// Errors: those of [Store.ReadAll].
func PositionAt(ctx context.Context, store Store, t time.Time) (Position, error) {
	found, err := searchTime(ctx, store, t)
	if err != nil || found == 0 {
		return found, err
	}
	if clocks, ok := store.(SeveralClocks); ok && clocks.SeveralClocks() {
		return beforeLater(ctx, store, found, t)
	}
	return found, nil
}

const (
	// maxSkew bounds the difference between the clocks of the nodes of one store, in a log of more
	// than skewEvents events.
	maxSkew    = 10 * time.Second
	skewEvents = 4 * pageSize
)

// beforeLater returns the position before the first event that was recorded after t, which a binary
// search misses if it is among events recorded by then. It looks at the events up to found that are
// not older than maxSkew, and at skewEvents of them at least.
func beforeLater(ctx context.Context, store Store, found Position, t time.Time) (Position, error) {
	later, seen := false, 0
	for at := found + 1; ; {
		page, err := store.ReadAll(ctx, at, Backward, pageSize)
		if err != nil {
			return 0, err
		}
		for i := range page {
			if later {
				found, later = page[i].Position, false
			}
			if at = page[i].Position; page[i].Created.After(t) {
				later = true
			}
		}
		if seen += len(page); len(page) < pageSize {
			break
		}
		if seen >= skewEvents && !later && page[len(page)-1].Created.Before(t.Add(-maxSkew)) {
			return found, nil
		}
	}
	if later {
		return 0, nil
	}
	return found, nil
}

// searchTime is PositionAt where times never run backwards.
func searchTime(ctx context.Context, store Store, t time.Time) (Position, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return 0, err
	}
	// low is at or before the result; every event above high was created after t.
	found, low, high := Position(0), Position(0), head
	for low < high {
		middle := low + (high-low)/2
		page, err := store.ReadAll(ctx, middle, Forward, 1)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 || page[0].Position > head || page[0].Created.After(t) {
			high = middle
			continue
		}
		found, low = page[0].Position, page[0].Position
	}
	return found, nil
}

// TimeOf returns when the store accepted the event at position, or the last one before it; the zero
// time if there is none. Errors: those of [Store.ReadAll].
func TimeOf(ctx context.Context, store Store, position Position) (time.Time, error) {
	page, err := store.ReadAll(ctx, min(position, EndPosition-1)+1, Backward, 1)
	if err != nil || len(page) == 0 {
		return time.Time{}, err
	}
	return page[0].Created, nil
}

// ErrBadTime is returned by [ParseTime].
var ErrBadTime = errors.New("not an RFC 3339 time such as 2031-05-01T20:00:00Z")

// FormatTime formats a time for display: in UTC and to the millisecond.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// ParseTime parses a time according to RFC 3339 section 5.6 and nothing else: time.Parse also takes
// a comma before the fraction, hours of one digit and offsets of more than a day. T and Z may be in
// lower case. A leap second, which occurs only at the end of a month in UTC, is the following
// second, as in Unix time. The result is in UTC. Error: [ErrBadTime].
func ParseTime(text string) (time.Time, error) {
	const pattern = "dddd-dd-ddTdd:dd:dd"
	plain := strings.ToUpper(text)
	if len(plain) <= len(pattern) || len(text) > maxTime {
		return time.Time{}, ErrBadTime
	}
	for i := range len(pattern) {
		digit := plain[i] >= '0' && plain[i] <= '9'
		if pattern[i] == 'd' && !digit || pattern[i] != 'd' && plain[i] != pattern[i] {
			return time.Time{}, ErrBadTime
		}
	}
	rest := plain[len(pattern):]
	leap := plain[len("dddd-dd-ddTdd:dd:"):len(pattern)] == "60"
	if leap {
		plain = plain[:len("dddd-dd-ddTdd:dd:")] + "59" + rest
	}
	t, err := time.Parse(time.RFC3339Nano, plain)
	if err != nil || rest[0] == ',' || !offsetExists(rest) {
		return time.Time{}, ErrBadTime
	}
	t = t.UTC()
	if !leap {
		return t, nil
	}
	t = t.Add(time.Second)
	if t.Day() != 1 || t.Hour() != 0 || t.Minute() != 0 || t.Second() != 0 {
		return time.Time{}, ErrBadTime
	}
	return t, nil
}

// maxTime is the longest text that ParseTime accepts: a fraction may have any number of digits.
const maxTime = 128

// offsetExists reports whether the offset at the end of a time is Z or one of less than a day.
func offsetExists(text string) bool {
	if strings.HasSuffix(text, "Z") {
		return true
	}
	at := strings.LastIndexAny(text, "+-")
	return at >= 0 && len(text)-at == len("+00:00") && text[at+1:at+3] < "24" && text[at+4:] < "60"
}
