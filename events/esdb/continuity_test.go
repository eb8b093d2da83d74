package esdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"admitone/events"
	"admitone/events/esdbwire"
)

// sealed returns an event of this system. Its hash continues the empty chain.
func sealed(stream events.StreamID, revision events.Revision, name string) events.Event {
	e := events.Event{ID: randomID(), Type: name, Data: []byte("{}")}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, revision, &e, &events.Metadata{CommandID: "c"})
	return e
}

// appendSealed appends n events of this system to a stream, one by one.
func appendSealed(t *testing.T, s events.Store, stream events.StreamID, from events.Revision, n int) {
	t.Helper()
	for i := range events.Revision(n) {
		if _, err := s.Append(t.Context(), stream, from+i-1, []events.Event{sealed(stream, from+i, "a.v1")}); err != nil {
			t.Fatal(err)
		}
	}
}

// older returns a copy of a log with its first n events.
func (m *memory) older(n int) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := newMemory()
	for _, r := range m.all[:n] {
		old.all, old.streams[r.Stream] = append(old.all, r), append(old.streams[r.Stream], r)
	}
	return old
}

// TestLogGoneBack: the log is replaced by an older copy. A process that has seen newer events appends
// nothing to it, and the errors of followers and of Watch name both positions.
func TestLogGoneBack(t *testing.T) {
	for _, test := range []struct {
		name    string
		written bool          // the process has appended, not only followed, the newest events
		lost    int           // number of newest events that the copy lacks
		outage  time.Duration // 0: the log is replaced before the outage is noticed
	}{
		{"its own events", true, 5, time.Minute},
		{"events of another process", false, 5, time.Minute},
		{"the last event alone", false, 1, 0},
		{"all events", true, 10, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const host = "a:2113"
				n, log := newNetwork(), newMemory()
				n.start(host, log, esdbwire.Config{})
				s, other := n.connect(t, "esdb://a?tls=false"), n.connect(t, "esdb://a?tls=false")
				appendSealed(t, s, "product-a", 0, 5)
				followed, ended := make(chan events.Position, 100), make(chan error, 2)
				go func() {
					ended <- s.Follow(context.Background(), 0, func(page []events.Recorded) error {
						followed <- page[len(page)-1].Position
						return nil
					})
				}()
				go func() { ended <- s.Watch(context.Background()) }()
				writer := other
				if test.written {
					writer = s
				}
				appendSealed(t, writer, "product-a", 5, 5)
				head, err := s.Head(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for at := range followed {
					if at == head {
						break
					}
				}
				if test.written { // from another program, whose events may be deleted
					theirs := []events.Event{{ID: randomID(), Type: "OrderPlaced", Data: []byte("{}")}}
					if _, err := s.Append(t.Context(), "order-1", events.NoStream, theirs); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				n.kill(t, host)
				time.Sleep(test.outage)
				old := log.older(int(head) - test.lost)
				end := head - events.Position(test.lost)
				if end == 1 {
					end = 0 // the epoch alone
				}
				n.start(host, old, esdbwire.Config{})
				began := time.Now()
				// An append by an entity that has read the older log.
				next := events.Revision(10 - test.lost)
				for time.Since(began) < 4*time.Second {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					if _, err := s.Append(ctx, "product-a", next-1, []events.Event{sealed("product-a", next, "a.v1")}); err == nil {
						t.Fatal("the older log accepted an append")
					}
					cancel()
					time.Sleep(10 * time.Millisecond)
				}
				for range 2 {
					err := <-ended
					if !errors.Is(err, ErrReplaced) || !errors.Is(err, events.ErrDamaged) ||
						!strings.Contains(err.Error(), fmt.Sprintf("ends at position %d", end)) ||
						!strings.Contains(err.Error(), fmt.Sprintf("position %d was seen", head)) {
						t.Errorf("Watch ended with %v, want ErrReplaced and the position", err)
					}
				}
				if elapsed := time.Since(began); elapsed > 5*time.Second {
					t.Errorf("detection took %v, want at most 5s", elapsed)
				}
				if len(old.all) != int(head)-test.lost {
					t.Errorf("the older log has %d events, want %d as before", len(old.all), int(head)-test.lost)
				}
				s.Close()
				other.Close()
				n.kill(t, host)
			})
		})
	}
}

// TestLogGoneBackWhileConnected: if the log is replaced without a lost connection, Watch detects it within
// its interval.
func TestLogGoneBackWhileConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const host = "a:2113"
		n, log := newNetwork(), newMemory()
		n.start(host, log, esdbwire.Config{})
		s := n.connect(t, "esdb://a?tls=false")
		appendSealed(t, s, "product-a", 0, 5)
		ended := make(chan error, 1)
		go func() { ended <- s.Watch(context.Background()) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		old := log.older(4)
		log.mu.Lock()
		log.all, log.streams = old.all, old.streams
		log.mu.Unlock()
		began := time.Now()
		if err := <-ended; !errors.Is(err, ErrReplaced) || time.Since(began) > 3*time.Second {
			t.Errorf("Watch ended after %v with %v, want ErrReplaced within 3s", time.Since(began), err)
		}
		if _, err := s.Append(t.Context(), "product-a", 3, []events.Event{sealed("product-a", 4, "a.v1")}); !errors.Is(err,
			ErrReplaced) {
			t.Errorf("an append after the replacement: %v, want ErrReplaced", err)
		}
		s.Close()
		n.kill(t, host)
	})
}

// TestLogWithoutItsLastEvent: Watch detects that the last event was deleted. An older copy of a real
// EventStoreDB cannot be restored in a test.
func TestLogWithoutItsLastEvent(t *testing.T) {
	at := serve(t, openLog(t, t.TempDir()), "127.0.0.1:0", esdbwire.Config{Writable: true})
	defer at.stop(t)
	t.Run("esdbwire", func(t *testing.T) { loseLastEvent(t, "esdb://"+at.address+"?tls=false") })
	t.Run("eventstoredb", func(t *testing.T) {
		connectionString := os.Getenv(eventStoreDB)
		if connectionString == "" {
			t.Skipf("%s names no server; start one and run task test:esdb", eventStoreDB)
		}
		loseLastEvent(t, connectionString)
	})
}

func loseLastEvent(t *testing.T, connectionString string) {
	s, err := Open(t.Context(), connectionString, Options{Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	stream := events.StreamID("gone-" + randomID().String())
	appendSealed(t, s, stream, 0, 2)
	if err := s.sameLog(t.Context()); err != nil {
		t.Fatal(err)
	}
	config, err := esdb.ParseConnectionString(connectionString)
	if err != nil {
		t.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.DeleteStream(t.Context(), string(stream), esdb.DeleteStreamOptions{
		ExpectedRevision: esdb.Any{}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Watch(t.Context()); !errors.Is(err, ErrReplaced) {
		t.Errorf("Watch ended with %v, want %v", err, ErrReplaced)
	}
}
