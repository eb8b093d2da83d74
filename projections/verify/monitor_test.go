package verify_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// feed is a log whose Follow delivers one batch and then fails, until the last batch.
type feed struct {
	events.Store
	batches [][]events.Recorded
	from    []events.Position // the positions passed to Follow
	end     error             // of the last Follow
}

func (f *feed) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	f.from = append(f.from, after)
	batch := f.batches[0]
	if f.batches = f.batches[1:]; len(batch) > 0 {
		if err := handle(batch); err != nil {
			return err
		}
	}
	if len(f.batches) > 0 {
		return events.ErrUnavailable
	}
	return f.end
}

// runMonitor runs a monitor over a feed until it has logged an error.
func runMonitor(t *testing.T, f *feed) *verify.Monitor {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := verify.NewMonitor(f, true, slog.New(&logRecorder{onError: cancel}))
	if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return p
}

// logRecorder is a log handler that calls onError for each logged error.
type logRecorder struct {
	slog.Handler
	onError func()
}

func (h *logRecorder) Enabled(context.Context, slog.Level) bool { return true }

func (h *logRecorder) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.onError()
	}
	return nil
}

// TestMonitor: a monitor resumes after a failure of the log, and stops at the first violation.
func TestMonitor(t *testing.T) {
	log := logtest.CompleteSale().Log
	wrong := log[7]
	wrong.Data = append([]byte(nil), wrong.Data...)
	wrong.Data[len(wrong.Data)-2] ^= 1
	f := &feed{batches: [][]events.Recorded{log[:5], {log[5], log[6], wrong, log[8]}}}
	p := runMonitor(t, f)
	broken := p.Violation()
	if broken == nil || broken.Position != 8 || broken.Rule != verify.RuleChain || p.Position() != 7 || p.Events() != 7 {
		t.Errorf("Violation() = %v, Position() = %d, Events() = %d; want %q at 8, 7 and 7", broken, p.Position(), p.Events(),
			verify.RuleChain)
	}
	if len(f.from) != 2 || f.from[1] != 5 {
		t.Errorf("Follow was called from %v, want two calls, the second from 5", f.from)
	}
	p = runMonitor(t, &feed{batches: [][]events.Recorded{log[:3]}, end: events.ErrDamaged})
	if broken = p.Violation(); broken == nil || broken.Position != 4 || broken.Rule != verify.RuleBytes {
		t.Errorf("a damaged log: %v, want %q at 4", broken, verify.RuleBytes)
	}
}
