package esdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"

	"admitone/events"
	"admitone/events/esdbwire"
)

// subscriptions counts the open subscriptions of a node.
type subscriptions struct{ open atomic.Int64 }

func (s *subscriptions) intercept(server any, call grpc.ServerStream, _ *grpc.StreamServerInfo,
	h grpc.StreamHandler) error {
	counted := &countedCall{ServerStream: call, subscriptions: s}
	defer func() {
		if counted.subscribed {
			s.open.Add(-1)
		}
	}()
	return h(server, counted)
}

type countedCall struct {
	grpc.ServerStream
	subscriptions *subscriptions
	subscribed    bool
}

func (c *countedCall) RecvMsg(m any) error {
	err := c.ServerStream.RecvMsg(m)
	if r, ok := m.(*streams.ReadReq); ok && r.GetOptions().GetSubscription() != nil {
		c.subscribed = true
		c.subscriptions.open.Add(1)
	}
	return err
}

// sharing is a store with followers, and its node, in virtual time.
type sharing struct {
	*testing.T
	*Store
	network *network
	log     *memory
	node    subscriptions
	wg      sync.WaitGroup
}

const sharedHost = "a:2113"

func runShared(t *testing.T, do func(*sharing)) {
	synctest.Test(t, func(t *testing.T) {
		w := &sharing{T: t, network: newNetwork(), log: newMemory()}
		w.start()
		w.Store = w.network.connect(t, "esdb://a?tls=false")
		do(w)
		if err := w.Store.Close(); err != nil {
			t.Error(err)
		}
		w.wg.Wait()
		w.network.kill(t, sharedHost)
		if open := w.node.open.Load(); open != 0 {
			t.Errorf("%d subscriptions are open at the end, want 0", open)
		}
	})
}

func (w *sharing) start() {
	w.network.start(sharedHost, w.log,
		esdbwire.Config{Options: []grpc.ServerOption{grpc.ChainStreamInterceptor(w.node.intercept)}})
}

// follow starts a follower that checks that it gets every event once. Its handler takes delay for a
// page. follow returns the last handled position.
func (w *sharing) follow(ctx context.Context, want error, delay time.Duration) *atomic.Uint64 {
	last := &atomic.Uint64{}
	last.Store(1) // the epoch
	w.wg.Go(func() {
		err := w.Follow(ctx, 0, func(page []events.Recorded) error {
			for i := range page {
				if uint64(page[i].Position) != last.Load()+1 {
					w.Errorf("position %d follows %d, want the next one", page[i].Position, last.Load())
				}
				last.Store(uint64(page[i].Position))
			}
			time.Sleep(delay)
			return nil
		})
		if !errors.Is(err, want) {
			w.Errorf("a follower ends with %v, want %v", err, want)
		}
	})
	return last
}

// append appends batches of events, each in a separate stream, directly to the log.
func (w *sharing) append(name string, batches, size int) {
	w.Helper()
	for i := range batches {
		stream := events.StreamID(fmt.Sprintf("product-%s%d", name, i))
		if _, err := w.log.Append(w.Context(), stream, events.NoStream, sampleBatch(stream, size)); err != nil {
			w.Fatal(err)
		}
	}
}

// checkSettled checks the number of subscriptions after a minute, and that the followers have received
// everything.
func (w *sharing) checkSettled(want int64, followers ...*atomic.Uint64) {
	w.Helper()
	time.Sleep(time.Minute)
	if open := w.node.open.Load(); open != want {
		w.Errorf("%d subscriptions are open, want %d", open, want)
	}
	head, err := w.log.Head(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for i, last := range followers {
		if last.Load() != uint64(head) {
			w.Errorf("follower %d has handled %d events, want %d", i, last.Load(), head)
		}
	}
}

// TestFollowersShare: followers at the end of the log share one subscription, a single follower has
// its own, and each gets every event once, independently of the others.
func TestFollowersShare(t *testing.T) {
	runShared(t, func(w *sharing) {
		w.append("a", 3, 10)
		first := w.follow(w.Context(), events.ErrClosed, 0)
		w.checkSettled(1, first)
		leaves, leave := context.WithCancel(w.Context())
		second, third := w.follow(w.Context(), events.ErrClosed, 0), w.follow(leaves, context.Canceled, 0)
		w.checkSettled(1, first, second, third)
		w.append("b", 3, 10)
		w.checkSettled(1, first, second, third)
		leave()
		w.append("c", 3, 10)
		w.checkSettled(1, first, second)
		late := w.follow(w.Context(), events.ErrClosed, 0)
		w.checkSettled(1, first, second, late)
		for range 3 { // the shared subscription resumes like any other
			w.network.kill(t, sharedHost)
			time.Sleep(10 * time.Second)
			w.start()
			w.append(fmt.Sprint("d", time.Now().Unix()), 3, 10)
			w.checkSettled(1, first, second, late)
		}
	})
}

// TestSlowFollowerOfTail: a follower that falls behind does not delay the others. It gets all events,
// and shares the subscription again.
func TestSlowFollowerOfTail(t *testing.T) {
	runShared(t, func(w *sharing) {
		slow, fast := w.follow(w.Context(), events.ErrClosed, 10*time.Second), w.follow(w.Context(), events.ErrClosed, 0)
		w.checkSettled(1)
		for i := range 4 {
			w.append(fmt.Sprint("a", i), 10, 1000)
			time.Sleep(time.Second)
			if head, _ := w.log.Head(w.Context()); fast.Load() != uint64(head) {
				w.Errorf("the fast follower has handled %d events, want %d", fast.Load(), head)
			}
		}
		if slow.Load() > 30_000 {
			w.Errorf("the slow follower has handled %d events, want at most 30000", slow.Load())
		}
		w.checkSettled(2, fast)
		time.Sleep(10 * time.Minute)
		w.append("b", 1, 1)
		w.checkSettled(1, slow, fast)
	})
}

// TestTailEndsWithItsFollowers: a failure that ends one follower ends all that share its subscription.
func TestTailEndsWithItsFollowers(t *testing.T) {
	runShared(t, func(w *sharing) {
		w.append("a", 3, 10)
		first, second := w.follow(w.Context(), events.ErrDamaged, 0), w.follow(w.Context(), events.ErrDamaged, 0)
		w.checkSettled(1, first, second)
		w.network.kill(t, sharedHost)
		other := newMemory()
		w.network.start(sharedHost, other, esdbwire.Config{})
		w.wg.Wait()
	})
}
