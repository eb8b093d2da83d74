package cursor

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

// TestUnavailableLog: while the log can't be read, which is for an hour in which it also grows, it is read a few
// times a second at most, however many events have work, and that is logged a few times. When it can be read
// again, the work is done at once.
func TestUnavailableLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing := true
		w := newHarness(t, func(*events.Recorded, int) error {
			if failing {
				return errTest
			}
			return nil
		})
		data := make([]byte, 64<<10) // so large that most events are read again when they are due
		for i := range 500 {
			w.append(events.StreamID(fmt.Sprint("s-", i)))
			w.log[i].Data = data
		}
		var logged bytes.Buffer
		stop := w.startRunner("a", func(c *Config) {
			c.Alone, c.Logger = true, slog.New(slog.NewTextHandler(&logged, nil))
		})
		advance(time.Minute)
		logged.Reset()
		w.mu.Lock()
		w.unreadable, failing = true, false
		w.mu.Unlock()
		for range 3600 {
			w.append("s-0")
			advance(time.Second)
		}
		w.mu.Lock()
		w.unreadable = false
		reads := w.failedReads
		w.mu.Unlock()
		if reads < 3000 || reads > 100_000 {
			t.Errorf("%d failed reads within an hour, want about one a second for each worker and the end", reads)
		}
		if lines := bytes.Count(logged.Bytes(), []byte("\n")); lines < 1 || lines > 100 {
			t.Errorf("%d lines were logged within an hour, want at most two a minute:\n%.500s", lines, logged.String())
		}
		advance(5 * time.Second)
		if n := len(w.completed()); n != 4100 {
			t.Errorf("%d events were done five seconds after the log was back, want 4100", n)
		}
		stop()
		w.checkOrder()
	})
}
