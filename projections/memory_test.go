package projections

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// spawn is a Spawner of goroutines with unbounded inboxes.
func spawn(_ string, receive func(any)) (send func(any), stop func()) {
	var mu sync.Mutex
	var inbox []any
	var stopped bool
	wake := make(chan struct{}, 1)
	signal := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	go func() {
		for {
			mu.Lock()
			batch, ended := inbox, stopped
			inbox = nil
			mu.Unlock()
			for _, msg := range batch {
				receive(msg)
			}
			if len(batch) > 0 {
				continue
			}
			if ended {
				return
			}
			<-wake
		}
	}()
	send = func(msg any) {
		mu.Lock()
		if stopped {
			mu.Unlock()
			panic("a message after stop")
		}
		inbox = append(inbox, msg)
		mu.Unlock()
		signal()
	}
	stop = func() {
		mu.Lock()
		stopped = true
		mu.Unlock()
		signal()
	}
	return send, stop
}

// openViews opens the views in fs, which may be in memory.
func openViews(t testing.TB, log events.Store, fs vfs.FS) *Projections {
	t.Helper()
	p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: fs, FrameEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// runViews runs p until stop is called. stop returns the result of Run.
func runViews(t testing.TB, p *Projections) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- p.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-result })
		return err
	}
	t.Cleanup(func() { stop() })
	return stop
}

// waitLimit bounds every wait of a test. It is much longer than a wait on a busy machine takes.
const waitLimit = 4 * time.Minute

func waitFor(t testing.TB, p *Projections, pos events.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	if err := p.WaitFor(ctx, pos); err != nil {
		t.Fatalf("WaitFor(%d) = %v at position %d, want nil", pos, err, p.Position())
	}
}

func product(id events.ProductID) events.StreamID {
	return events.NewStreamID(events.ProductCategory, string(id))
}
