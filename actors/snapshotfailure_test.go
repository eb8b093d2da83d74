package actors

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// failingSnapshots fails to save snapshots while fail is true.
type failingSnapshots struct {
	events.Snapshots
	fail   atomic.Bool
	failed atomic.Int64
}

// SaveSnapshot implements events.Snapshots.
func (s *failingSnapshots) SaveSnapshot(stream events.StreamID, head events.Snapshot,
	write func(io.Writer) error) error {
	if s.fail.Load() {
		s.failed.Add(1)
		return errors.New("the store is away")
	}
	return s.Snapshots.SaveSnapshot(stream, head, write)
}

// TestSnapshotFailureWarnsOnce: of consecutive failures to write a snapshot, only the first is a warning.
func TestSnapshotFailureWarnsOnce(t *testing.T) {
	store := openLog(t, t.TempDir())
	s, out := &failingSnapshots{Snapshots: store}, &bytes.Buffer{}
	d := openDesk(t, store, func(c *Config) {
		c.Snapshots, c.SnapshotEvery = s, 1
		c.Logger = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	mustCreate(t, d, 1000)
	for outage := range int64(2) {
		s.fail.Store(true)
		waitFor(t, "three failures", func() bool { sell(t, d, 1); return s.failed.Load() >= 3*(outage+1) })
		s.fail.Store(false)
		before := d.Stats().Snapshots
		waitFor(t, "a snapshot", func() bool { sell(t, d, 1); return d.Stats().Snapshots > before })
	}
	closeDesk(t, d)
	if n := strings.Count(out.String(), "a snapshot could not be written"); n != 2 {
		t.Errorf("%d warnings of two outages, want 2:\n%s", n, out)
	}
}
