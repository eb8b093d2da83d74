package esdbwire

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"admitone/events"
)

// heap returns the size of the live heap in bytes.
func heap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// TestStalledSubscribers: a stalled subscriber retains no more than a page and the buffers of its connection.
// Other calls on the same connection proceed, and so do the subscribers when they read again.
func TestStalledSubscribers(t *testing.T) {
	const stalled, appends, size = 40, 1500, 32 << 10 // 47 MiB in all
	store := openLog(t)
	address, _ := serve(t, store, Config{Writable: true})
	// The client is in the same heap. Without a fixed window, it would use megabytes for each stalled
	// subscription.
	connection := dial(t, address, grpc.WithInitialWindowSize(64<<10), grpc.WithInitialConnWindowSize(1<<20))
	s := newTranscript(t, connection)
	s.append("a", "none", "a1")
	var subscriptions []*subscription
	for i := range stalled {
		subscriptions = append(subscriptions, s.subscribe([]string{allName, "a"}[i%2], "start"))
		subscriptions[i].until("caught up")
	}
	active := s.subscribe(allName, "start", "types:made")
	active.until("caught up")
	before := heap()
	data := bytes.Repeat([]byte{'x'}, size)
	received := make(chan int)
	go func() {
		n := 0
		for n < appends {
			m, err := active.call.Recv()
			if err != nil {
				break
			}
			if m.GetEvent() != nil {
				n++
			}
		}
		received <- n
	}()
	client := streams.NewStreamsClient(connection)
	for i := range appends {
		call, err := client.Append(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		m := s.proposed(fmt.Sprint("e", i))
		m.GetProposedMessage().Data = data
		_ = call.Send(s.options("a", "any")) // CloseAndRecv returns the error
		_ = call.Send(m)
		if answer, err := call.CloseAndRecv(); err != nil || answer.GetSuccess() == nil {
			t.Fatalf("append %d: answer %v, %v; want success", i, answer, err)
		}
	}
	if n := <-received; n != appends {
		t.Errorf("%d events arrived, want %d", n, appends)
	}
	// The log uses 32 MiB for its tail and, under the race detector, 64 for its memtable. Without a
	// bound, each subscriber would hold 47 MiB.
	const log, each = 96 << 20, 1 << 20
	grown := heap() - before
	t.Logf("%d stalled subscribers and the log hold %d MiB", stalled, grown>>20)
	if grown > log+stalled*each {
		t.Errorf("memory has grown by %d MiB, want at most %d MiB", grown>>20, (log+stalled*each)>>20)
	}
	// A resumed subscriber gets all events, although the log no longer has them in its tail.
	for _, resumed := range subscriptions[:2] {
		for next := uint64(1); next <= appends; next++ {
			m, err := resumed.call.Recv()
			if err != nil || m.GetEvent().GetEvent().GetStreamRevision() != next {
				t.Fatalf("got %v, %v; want revision %d", m, err, next)
			}
		}
	}
}

// TestManyWritersOfOneStream: every append that expects any revision succeeds once. Of the appends that
// expect the same revision, one succeeds.
func TestManyWritersOfOneStream(t *testing.T) {
	const writers, each = 8, 25
	store := openLog(t)
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	var wg sync.WaitGroup
	won := make([]int, each)
	var mu sync.Mutex
	for w := range writers {
		client := streams.NewStreamsClient(dial(t, address))
		send := func(options, event *streams.AppendReq) *streams.AppendResp {
			call, err := client.Append(s.ctx)
			if err != nil {
				t.Error(err)
				return nil
			}
			_ = call.Send(options) // CloseAndRecv returns the error
			_ = call.Send(event)
			answer, err := call.CloseAndRecv()
			if err != nil {
				t.Error(err)
			}
			return answer
		}
		var any, race []*streams.AppendReq
		for i := range each {
			any = append(any, s.proposed(fmt.Sprintf("any-%d-%d", w, i)))
			race = append(race, s.proposed(fmt.Sprintf("race-%d-%d", w, i)))
		}
		wg.Go(func() {
			for i := range each {
				if answer := send(s.options("any", "any"), any[i]); answer.GetSuccess() == nil {
					t.Errorf("writer %d: answer %v, want success", w, answer)
				}
				expected := fmt.Sprint(i - 1)
				if i == 0 {
					expected = "none"
				}
				if answer := send(s.options("race", expected), race[i]); answer.GetSuccess() != nil {
					mu.Lock()
					won[i]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	seen := map[events.ID]bool{}
	for e, err := range events.Stream(s.ctx, store, events.StreamID(s.name("any").StreamName), 0) {
		if err != nil {
			t.Fatal(err)
		}
		seen[e.ID] = true
	}
	if len(seen) != writers*each {
		t.Errorf("%d events, want %d", len(seen), writers*each)
	}
	for i, n := range won {
		if n != 1 {
			t.Errorf("revision %d was written %d times, want 1", i, n)
		}
	}
}

// TestClose: subscriptions end immediately with Unavailable, a batch in progress is answered, and the next
// server has all events.
func TestClose(t *testing.T) {
	store := &faulty{memlog: newMemlog(), before: map[string]func() error{}}
	address, server := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	s.append("a", "none", "a1")
	var followers []*subscription
	for _, stream := range []string{allName, "a", "b"} {
		followers = append(followers, s.subscribe(stream, "start"))
		followers[len(followers)-1].until("caught up")
	}
	began, hold := make(chan struct{}), make(chan struct{})
	store.beforeAppend("c", func() error { close(began); <-hold; return nil })
	batch := s.batch()
	batch.send("r", batch.to("c", "any"), true, "c1")
	<-began
	closed := make(chan error)
	go func() { closed <- server.Close() }()
	for _, follower := range followers {
		if _, err := follower.call.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("a subscription ended with %v, want Unavailable", err)
		}
	}
	close(hold)
	if text := batch.answer(); text != "r for "+s.run+"c expecting Any: 0 @14;" {
		t.Errorf("the batch was answered %s, want %s", text, "r for "+s.run+"c expecting Any: 0 @14;")
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := s.client.Delete(s.ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier: s.name("a"), ExpectedStreamRevision: &streams.DeleteReq_Options_Any{Any: &shared.Empty{}},
	}}); status.Code(err) != codes.Unavailable {
		t.Errorf("a call to a closed server: %v, want Unavailable", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	address, _ = serve(t, store, Config{})
	afterRestart := newTranscript(t, dial(t, address))
	afterRestart.read(allName, "start", "types:made")
	if n := len(afterRestart.positionsSoFar()); n != 2 {
		t.Errorf("%d positions, want 2:\n%s", n, afterRestart.transcript())
	}
}

// TestSubscribersLeave: the subscriptions of a client end when it disconnects.
func TestSubscribersLeave(t *testing.T) {
	store := openLog(t)
	address, server := serve(t, store, Config{Writable: true})
	for range 3 {
		connection := dial(t, address)
		s := newTranscript(t, connection)
		for i := range 20 {
			follower := s.subscribe([]string{allName, "a"}[i%2], "start")
			follower.until("caught up")
			if i%3 == 0 {
				follower.cancel()
			}
		}
		connection.Close()
	}
	// A subscription that has not ended would block GracefulStop, and the store would still have followers.
	server.grpc.GracefulStop()
	if n := store.Stats().Followers; n != 0 {
		t.Errorf("%d followers are left, want 0", n)
	}
}
