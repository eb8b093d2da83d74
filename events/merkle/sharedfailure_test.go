package merkle

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"admitone/events"
)

// unreadableHeads is a log whose heads can't be read.
type unreadableHeads struct {
	*sharedLog
	read chan struct{} // receives for each attempt
}

// Read implements events.Store.
func (l unreadableHeads) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if stream != events.HeadsStream {
		return l.sharedLog.Read(ctx, stream, from, dir, limit)
	}
	select {
	case l.read <- struct{}{}:
	case <-ctx.Done():
	}
	return nil, events.ErrUnavailable
}

// TestSharedFailureWarnsOnce: of consecutive failures to read the heads, only the first is a warning.
func TestSharedFailureWarnsOnce(t *testing.T) {
	l, out := unreadableHeads{newSharedLog(), make(chan struct{})}, &bytes.Buffer{}
	tree, err := OpenShared(SharedConfig{Store: l, Dir: t.TempDir(), Key: keyOf(t, "e7", 1), Node: "a",
		Logger: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tree.Run(ctx) }()
	for range 3 {
		<-l.read
	}
	cancel()
	<-ended
	if n := strings.Count(out.String(), "cannot be read or signed"); n != 1 {
		t.Errorf("%d warnings of two or three failures, want 1:\n%s", n, out)
	}
}
