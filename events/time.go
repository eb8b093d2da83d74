package events

import (
	"context"
	"errors"
	"strings"
	"time"
)

// SeveralClocks is implemented by stores whose events can have the times of the clocks of several nodes.
type SeveralClocks interface {
	// SeveralClocks reports whether the times of the log may decrease.
	SeveralClocks() bool
}

// PositionAt returns the position of the last event that the store had accepted at t, 0 for none. It is a
// binary search of about forty short reads, depending little on the size of the log. If the times of the log
// may decrease, it returns the position before the first event with a time after t; see [beforeLater].
// Errors: those of [Store.Head] and [Store.ReadAll].
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
	// maxSkew is the assumed bound of the difference between the clocks of a store's nodes. It only matters
	// more than skewEvents events back.
	maxSkew    = 10 * time.Second
	skewEvents = 4 * pageSize
)

// beforeLater returns the position before the first event with a time after t, which a binary search can miss
// if earlier times follow it. It searches backwards from found, the result of the binary search, through at
// least skewEvents events and all events that are at most maxSkew older than t.
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

// searchTime is PositionAt for a log whose times never decrease.
func searchTime(ctx context.Context, store Store, t time.Time) (Position, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return 0, err
	}
	// The result is at or above low. Every event above high was created after t.
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

// TimeOf returns the time at which the store accepted the event at position, or the last event before it;
// zero if there is none. Errors: those of [Store.ReadAll].
func TimeOf(ctx context.Context, store Store, position Position) (time.Time, error) {
	page, err := store.ReadAll(ctx, min(position, EndPosition-1)+1, Backward, 1)
	if err != nil || len(page) == 0 {
		return time.Time{}, err
	}
	return page[0].Created, nil
}

// ErrBadTime is returned by [ParseTime].
var ErrBadTime = errors.New("not an RFC 3339 time such as 2031-05-01T20:00:00Z")

// FormatTime formats a time for display, in UTC and to the millisecond.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// ParseTime parses a time strictly according to RFC 3339 section 5.6, unlike time.Parse, which also accepts a
// comma before the fraction, hours of one digit and offsets of more than a day. T and Z may be in lower case. A
// leap second, which occurs only at the end of a month in UTC, becomes the following second, as in Unix time.
// The result is in UTC. Error: [ErrBadTime].
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
	if err != nil || rest[0] == ',' || !validOffset(rest) {
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

// maxTime is the longest text that ParseTime accepts, in bytes. RFC 3339 does not limit the fraction.
const maxTime = 128

// validOffset reports whether the offset at the end of a time is Z or less than a day.
func validOffset(text string) bool {
	if strings.HasSuffix(text, "Z") {
		return true
	}
	at := strings.LastIndexAny(text, "+-")
	return at >= 0 && len(text)-at == len("+00:00") && text[at+1:at+3] < "24" && text[at+4:] < "60"
}
