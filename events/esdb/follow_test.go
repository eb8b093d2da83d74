package esdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"admitone/events"
	"admitone/events/esdbwire"
)

// collect follows the log until it has n events.
func collect(t *testing.T, s *Store, after events.Position, n int) []events.Recorded {
	t.Helper()
	var all []events.Recorded
	errStop := errors.New("enough")
	err := s.Follow(t.Context(), after, func(page []events.Recorded) error {
		if all = append(all, page...); len(all) >= n {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) {
		t.Fatalf("after %d events: %v, want %v", len(all), err, errStop)
	}
	return all
}

// appendEach appends n events one by one, each in a separate stream.
func appendEach(t *testing.T, s events.Store, name string, n int) {
	t.Helper()
	for i := range n {
		stream := events.StreamID(fmt.Sprintf("%s-%d", name, i))
		if _, err := s.Append(t.Context(), stream, events.NoStream, sampleBatch(stream, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFollowResumes: however a subscription ends, the next one continues at its position.
func TestFollowResumes(t *testing.T) {
	f, s, _ := serveFaulty(t)
	appendEach(t, s, "product", 40)
	all, err := s.ReadAll(t.Context(), 0, events.Forward, 100)
	if err != nil {
		t.Fatal(err)
	}
	f.then("Subscribe",
		after(0, status.Error(codes.Unavailable, "before it was confirmed")),
		after(1, status.Error(codes.Unavailable, "after it was confirmed")),
		after(3, status.Error(codes.Canceled, "as when a node stops leading")),
		after(5, nil), // an end without an error
		refuse(codes.NotFound, "exception", "not-leader"),
		after(6, status.Error(codes.Aborted, "planned")),
		after(2, status.Error(codes.Internal, "planned")),
		after(7, status.Error(codes.DeadlineExceeded, "planned")),
	)
	checkEqual(t, collect(t, s, 0, len(all)), all)
	if returns := s.Stats().Returns; returns != 8 {
		t.Errorf("%d resubscriptions, want 8", returns)
	}
}

// TestFollowEndsAtPermanentFailures: a permanent failure ends a follower.
func TestFollowEndsAtPermanentFailures(t *testing.T) {
	f, s, _ := serveFaulty(t)
	appendEach(t, s, "product", 4)
	for _, test := range []struct {
		fault fault
		want  error
	}{
		{refuse(codes.PermissionDenied, "exception", "access-denied"), ErrRefused},
		{after(2, status.Error(codes.Unauthenticated, "planned")), ErrRefused},
		{after(2, status.Error(codes.DataLoss, "planned")), events.ErrDamaged},
		{invalidEvent(func(e *streams.ReadResp_ReadEvent_RecordedEvent) { e.Metadata[createdKey] = "yesterday" }),
			events.ErrDamaged},
		{invalidEvent(func(e *streams.ReadResp_ReadEvent_RecordedEvent) { e.Id = nil }), events.ErrDamaged},
		{invalidEvent(func(e *streams.ReadResp_ReadEvent_RecordedEvent) { e.CommitPosition = math.MaxUint64 }),
			events.ErrDamaged},
	} {
		f.then("Subscribe", test.fault)
		err := s.Follow(t.Context(), 0, func([]events.Recorded) error { return nil })
		if !errors.Is(err, test.want) {
			t.Errorf("%v, want %v", err, test.want)
		}
	}
}

// invalidEvent answers with an invalid event.
func invalidEvent(change func(*streams.ReadResp_ReadEvent_RecordedEvent)) fault {
	return func(call grpc.ServerStream, _ func(grpc.ServerStream) error) error {
		e := &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: structured(events.ID{1}), StreamIdentifier: identifier("product-9"), CommitPosition: 1 << 40,
			Metadata: map[string]string{typeKey: "product.reserved.v1", createdKey: "1"},
		}
		change(e)
		return call.SendMsg(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{Event: e}}})
	}
}

// TestFollowDeliversOnce: events that a node sends again are skipped.
func TestFollowDeliversOnce(t *testing.T) {
	f, s, _ := serveFaulty(t)
	appendEach(t, s, "product", 6)
	all, err := s.ReadAll(t.Context(), 0, events.Forward, 100)
	if err != nil {
		t.Fatal(err)
	}
	from := all[2].Position
	f.then("Subscribe", func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		request := call.(replayed).request.GetOptions()
		request.StreamOption = &streams.ReadReq_Options_All{All: allFrom(logPosition{}, false)}
		return serve(call)
	})
	checkEqual(t, collect(t, s, from, 3), all[3:])
}

// checkpoint sends the given number of messages, then a checkpoint, and ends the subscription.
func checkpoint(messages int, at logPosition) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		if err := after(messages, nil)(call, serve); err != nil {
			return err
		}
		m := &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
			Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: at.commit, PreparePosition: at.prepare},
		}}
		if err := call.SendMsg(m); err != nil {
			return err
		}
		return status.Error(codes.Unavailable, "planned")
	}
}

// TestFollowCheckpoints: a follower resumes after the last checkpoint, with both of its numbers,
// and ignores one beyond all positions.
func TestFollowCheckpoints(t *testing.T) {
	f, s, _ := serveFaulty(t)
	appendEach(t, s, "product", 10)
	all, err := s.ReadAll(t.Context(), 0, events.Forward, 100)
	if err != nil {
		t.Fatal(err)
	}
	fourth := uint64(all[3].Position)
	f.then("Subscribe",
		checkpoint(1, logPosition{math.MaxUint64, math.MaxUint64}), // only the confirmation
		checkpoint(1, logPosition{math.MaxInt64, math.MaxUint64}),
		checkpoint(5, logPosition{fourth, 0}), // before the fourth event
	)
	checkEqual(t, collect(t, s, 0, len(all)), all)
	// After a valid one, earlier events are not requested again.
	f.then("Subscribe", checkpoint(1, logPosition{fourth, fourth}))
	checkEqual(t, collect(t, s, 0, len(all)-4), all[4:])
}

// TestFollowSkipsInternalEvents: followers, and reads with any limit, skip internal events.
func TestFollowSkipsInternalEvents(t *testing.T) {
	_, s, log := serveFaulty(t)
	for i := range 30 {
		appendEach(t, s, fmt.Sprintf("product%d", i), 1)
		for _, stream := range []events.StreamID{"$system-1", "$$product-1", "~own-1", "product-ended"} {
			batch := sampleBatch(stream, 3)
			if stream == "product-ended" {
				batch[0].Type, batch[1].Type, batch[2].Type = "$streamDeleted", "$>", "$metadata"
			}
			if _, err := log.Append(t.Context(), stream, events.Revision(3*i)-1, batch); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := collect(t, s, 0, 30)
	for i, r := range all {
		if r.Stream != events.StreamID(fmt.Sprintf("product%d-0", i)) {
			t.Fatalf("event %d is in stream %s, want product%d-0", i, r.Stream, i)
		}
	}
	for _, limit := range []int{1, 7, 30, 40} {
		got, err := s.ReadAll(t.Context(), 0, events.Forward, limit)
		if err != nil {
			t.Fatal(err)
		}
		checkEqual(t, got, all[:min(limit, 30)])
		got, err = s.ReadAll(t.Context(), events.EndPosition, events.Backward, limit)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(got)
		checkEqual(t, got, all[30-min(limit, 30):])
	}
	if head, err := s.Head(t.Context()); err != nil || head != all[29].Position {
		t.Errorf("head %d, %v, want %d", head, err, all[29].Position)
	}
}

// TestFollowDetectsAnotherLog: a follower ends if another log is at the address, because the same
// positions have a different meaning there.
func TestFollowDetectsAnotherLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const host = "a:2113"
		n := newNetwork()
		one, other := newMemory(), newMemory()
		n.start(host, one, esdbwire.Config{})
		s := n.connect(t, "esdb://a?tls=false")
		appendEach(t, s, "product", 5)
		ended, caughtUp := make(chan error, 1), make(chan struct{})
		go func() {
			ended <- s.Follow(context.Background(), 0, func(page []events.Recorded) error {
				if page[len(page)-1].Stream == "product-4" {
					close(caughtUp)
				}
				return nil
			})
		}()
		<-caughtUp
		n.kill(t, host)
		time.Sleep(time.Minute)
		n.start(host, other, esdbwire.Config{})
		if err := <-ended; !errors.Is(err, events.ErrDamaged) {
			t.Errorf("%v, want ErrDamaged", err)
		}
		s.Close()
		n.kill(t, host)
	})
}

// TestOutageIsReported: an outage is logged regularly, but not at every attempt.
func TestOutageIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const host = "a:2113"
		n, log := newNetwork(), newMemory()
		n.start(host, log, esdbwire.Config{})
		var lines bytes.Buffer
		s, err := Open(t.Context(), "esdb://a?tls=false",
			Options{Logger: slog.New(slog.NewTextHandler(&lines, nil)), Dial: n.dial})
		if err != nil {
			t.Fatal(err)
		}
		c := startWorkload(s, 1, time.Second)
		time.Sleep(time.Second)
		n.kill(t, host)
		time.Sleep(time.Minute)
		n.start(host, log, esdbwire.Config{})
		time.Sleep(5 * time.Second)
		c.check(t, log)
		s.Close()
		n.kill(t, host)
		warnings, returns := strings.Count(lines.String(), "level=WARN"), strings.Count(lines.String(), "followed again")
		if warnings < 2 || warnings > 10 || returns != 1 {
			t.Errorf("%d warnings, %d resubscriptions; want 2 to 10, 1:\n%s", warnings, returns, &lines)
		}
	})
}

// TestGoaway: a server that makes its clients reconnect four times a second causes no append to
// fail.
func TestGoaway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const host = "a:2113"
		n, log := newNetwork(), newMemory()
		n.start(host, log, esdbwire.Config{Options: []grpc.ServerOption{grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: 250 * time.Millisecond, MaxConnectionAgeGrace: 50 * time.Millisecond,
		})}})
		s := n.connect(t, "esdb://a?tls=false")
		c := startWorkload(s, 4, 20*time.Millisecond)
		time.Sleep(10 * time.Second)
		c.check(t, log)
		if failed := len(c.unknown) + len(c.notWritten); failed > 0 {
			t.Errorf("%d events were not acknowledged, want 0", failed)
		}
		if s.Stats().Returns == 0 {
			t.Error("no subscription ended, so the test covers nothing")
		}
		s.Close()
		n.kill(t, host)
	})
}

// TestFollowRemembersFacts: followers reuse the facts of events appended through the store, if they
// match the log.
func TestFollowRemembersFacts(t *testing.T) {
	f, s, log := serveFaulty(t)
	s.recent.begin() // normally called by an earlier follower
	event := func(quantity int64) events.Event {
		fact := &events.ProductReserved{Quantity: quantity}
		return events.Event{ID: events.EventID("command", int(quantity)), Type: fact.Name(),
			Data: events.AppendFact(nil, fact), Metadata: []byte(`{}`), Fact: fact}
	}
	appended, decidedAgain, external := event(1), event(2), event(3)
	other := event(5)
	other.ID = decidedAgain.ID
	if _, err := s.Append(t.Context(), "product-1", events.NoStream, []events.Event{appended}); err != nil {
		t.Fatal(err)
	}
	f.then("Append", loseAnswer(codes.Unavailable)) // written, but with an unknown outcome
	if _, err := s.Append(t.Context(), "product-1", 0, []events.Event{decidedAgain}); !errors.Is(err, events.ErrUnknown) {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), "product-1", 1, []events.Event{other}); err != nil {
		t.Fatal(err)
	}
	external.Fact = nil
	if _, err := log.Append(t.Context(), "product-1", 2, []events.Event{external}); err != nil {
		t.Fatal(err)
	}
	all := collect(t, s, 0, 4)
	for i, want := range []events.Fact{appended.Fact, nil, other.Fact, nil} {
		if all[i].Fact != want {
			t.Errorf("event %d has the fact %v, want %v", i, all[i].Fact, want)
		}
	}
}
