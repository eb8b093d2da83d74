package connections

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestReadDeadline: a read ends at the newest deadline that was set before it. Once several goroutines use the
// connection, a deadline that is set during a read applies to that read too.
func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, _ := connect(t, "127.0.0.1")
		c := NewPool(Config{}).admit(raw)
		started := time.Now()
		wait := func(want time.Duration) {
			t.Helper()
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(started) != want {
				t.Errorf("Read ended after %v with %v, want a timeout after %v", time.Since(started), err, want)
			}
		}
		_ = c.SetReadDeadline(started.Add(time.Minute))
		_ = c.SetReadDeadline(started.Add(time.Second))
		wait(time.Second)
		wait(time.Second)
		_ = c.SetReadDeadline(time.Time{})
		_ = c.SetReadDeadline(started.Add(time.Minute))
		wait(time.Minute)

		_ = c.SetReadDeadline(started.Add(time.Hour))
		_ = c.SetDeadline(time.Time{})
		go func() {
			time.Sleep(time.Minute)
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
		}()
		wait(2*time.Minute + time.Second)
	})
}

// TestWriteDeadline: a write ends at the newest deadline, or earlier by up to a sixteenth of the remaining
// time. Once several goroutines use the connection, it ends exactly at the deadline.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, _ := connect(t, "127.0.0.1")
		c := NewPool(Config{}).admit(raw)
		started := time.Now()
		wait := func(want time.Duration) {
			t.Helper()
			if _, err := c.Write(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(started) != want {
				t.Errorf("Write ended after %v with %v, want a timeout after %v", time.Since(started), err, want)
			}
		}
		_ = c.SetWriteDeadline(started.Add(16 * time.Second))
		_ = c.SetWriteDeadline(started.Add(17*time.Second - 1)) // not later by a sixteenth
		wait(16 * time.Second)
		_ = c.SetWriteDeadline(started.Add(17*time.Second - 1))
		wait(17*time.Second - 1)
		_ = c.SetWriteDeadline(started.Add(time.Minute))
		_ = c.SetWriteDeadline(started.Add(40 * time.Second)) // an earlier one always counts
		wait(40 * time.Second)
		_ = c.SetWriteDeadline(time.Time{})
		_ = c.SetWriteDeadline(started.Add(time.Minute))
		wait(time.Minute)

		_ = c.SetWriteDeadline(started.Add(2 * time.Minute))
		_ = c.SetDeadline(time.Time{})
		_ = c.SetWriteDeadline(started.Add(2 * time.Minute))
		_ = c.SetWriteDeadline(started.Add(2*time.Minute + time.Second))
		wait(2*time.Minute + time.Second)
	})
}
