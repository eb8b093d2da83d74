package cli

import (
	"context"
	"fmt"
	"testing"

	"admitone/events"
)

// appendRecorder is a log that records its appends, as STREAM@EXPECTED+EVENTS.
type appendRecorder struct {
	events.Store
	appends []string
}

func (c *appendRecorder) Append(_ context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	c.appends = append(c.appends, fmt.Sprintf("%s@%d+%d", stream, expected, len(batch)))
	return events.Appended{}, nil
}

// TestCopier: consecutive events of one stream are appended together, up to the limit of bytes, and the
// order of the log is preserved.
func TestCopier(t *testing.T) {
	to := &appendRecorder{}
	c := newCopier(to)
	c.batch.limit = 1000
	for _, run := range []struct {
		stream      events.StreamID
		first, size int
	}{{"product-a", 0, 3}, {"product-b", 0, 1}, {"product-a", 3, 12}, {"product-b", 1, 1}} {
		for i := range run.size {
			e := events.Recorded{Stream: run.stream, Revision: events.Revision(run.first + i)}
			e.Data = make([]byte, 100)
			if err := c.add(t.Context(), &e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "[product-a@-1+3 product-b@-1+1 product-a@2+9 product-a@11+3 product-b@0+1]"
	if got := fmt.Sprint(to.appends); got != want || c.copied != 17 {
		t.Errorf("copied %d events by %s, want 17 by %s", c.copied, got, want)
	}
}
