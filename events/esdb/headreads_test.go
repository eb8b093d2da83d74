package esdb

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"admitone/events"
	"admitone/events/esdbwire"
)

// TestSharedHeadReads: concurrent callers of Head share reads, the result is never older than the call,
// and a caller that stops waiting does not affect the others.
func TestSharedHeadReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		var reads atomic.Int64
		slow := func(server any, call grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if info.FullMethod == "/event_store.client.streams.Streams/Read" {
				reads.Add(1)
				time.Sleep(5 * time.Millisecond)
				defer time.Sleep(5 * time.Millisecond)
			}
			return handler(server, call)
		}
		n.start("a:2113", newMemory(), esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(slow)}})
		s := n.connect(t, "esdb://a?tls=false")
		reads.Store(0)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				stream := events.NewStreamID("product", strconv.Itoa(i))
				time.Sleep(time.Duration(i) * time.Millisecond / 3)
				appended, err := s.Append(context.Background(), stream, events.NoStream, sampleBatch(stream, 1))
				if err != nil {
					t.Error(err)
				}
				if head, err := s.Head(context.Background()); err != nil || head < appended.Position {
					t.Errorf("head = %d, %v, want at least the appended %d", head, err, appended.Position)
				}
			})
		}
		time.Sleep(7 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Head(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Head with a short deadline: %v, want %v", err, context.DeadlineExceeded)
		}
		wg.Wait()
		if n := reads.Load(); n > 10 {
			t.Errorf("%d reads of the head, want at most 10", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.Head(t.Context()); !errors.Is(err, events.ErrClosed) {
			t.Errorf("Head after Close: %v, want %v", err, events.ErrClosed)
		}
		n.kill(t, "a:2113")
	})
}
