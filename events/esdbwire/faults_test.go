package esdbwire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"

	"admitone/events"
)

// faulty is a log that runs functions before appends to some streams.
type faulty struct {
	*memlog
	mu     sync.Mutex
	before map[string]func() error // by stream name; an error of the function fails the append
}

func (f *faulty) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	f.mu.Lock()
	name := string(stream[:strings.LastIndexByte(string(stream), '-')+1])
	do := f.before[strings.ReplaceAll(string(stream), strings.TrimPrefix(name, metaPrefix), "")]
	f.mu.Unlock()
	if do != nil {
		if err := do(); err != nil {
			return events.Appended{}, err
		}
	}
	return f.memlog.Append(ctx, stream, expected, batch)
}

func (f *faulty) beforeAppend(stream string, do func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before[stream] = do
}

// TestStoreErrors: errors of the log are translated to the protocol.
func TestStoreErrors(t *testing.T) {
	store := &faulty{memlog: newMemlog(), before: map[string]func() error{}}
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	for i, failure := range []struct {
		err   error
		title string // in the transcript
	}{
		{events.ErrUnknown, "events: outcome of the append is unknown"},
		{events.ErrUnavailable, "events: the log is unavailable"},
		{events.ErrClosed, "events: the log is closed"},
		{events.ErrDamaged, "events: the log is damaged"},
		{events.ErrTooLarge, "events: the batch is too large"},
		{fmt.Errorf("%w: %w", events.ErrUnknown, context.DeadlineExceeded),
			"events: outcome of the append is unknown: context deadline exceeded"},
		{errors.New("something else"), "something else"},
	} {
		for _, stream := range []string{"a", "$$a"} {
			store.beforeAppend(stream, func() error { return failure.err })
		}
		s.write("%s", failure.title)
		label := fmt.Sprint("a", i)
		s.append("a", "any", label)
		s.tombstone("a", "any")
		b := s.batch()
		b.one("r", "a", "any", label)
		store.beforeAppend("a", nil)
		s.append("a", "any", label)
		s.delete("a", "any")
	}
	follower := s.subscribe(allName, "end")
	follower.until("caught up")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	follower.until("nothing")
	s.append("a", "any", "a2")
	s.read("a", "start")
	s.read(allName, "start")
	s.subscribe(allName, "start").until("nothing")
	compare(t, "store-errors", s.transcript())
}

// TestInterposedWrites: if another writer appends between the decision on a write and its append, the
// write is decided again.
func TestInterposedWrites(t *testing.T) {
	store := &faulty{memlog: newMemlog(), before: map[string]func() error{}}
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	// interpose appends batch to stream right before the server's next append to it.
	interpose := func(stream string, batch ...events.Event) {
		store.beforeAppend(stream, func() error {
			store.beforeAppend(stream, nil)
			name := events.StreamID(s.name(stream).StreamName)
			last := events.NoStream
			if page, _ := store.Read(t.Context(), name, events.EndRevision, events.Backward, 1); len(page) == 1 {
				last = page[0].Revision
			}
			_, err := store.memlog.Append(t.Context(), name, last, batch)
			return err
		})
	}
	event := func(label string) events.Event {
		return events.Event{ID: s.id(label), Type: "made", Data: []byte(`{}`)}
	}
	interpose("a", event("x1"))
	s.append("a", "any", "a1")
	interpose("a", event("x2"))
	s.append("a", "1", "a2")
	interpose("a", event("x3"))
	s.append("a", "2", "x3") // the interposed event is the same
	interpose("a", event("x4"))
	s.append("a", "any", "x4")
	interpose("a", event("x5"))
	s.tombstone("a", "4")
	interpose("$$b", event("m1"))
	s.append("b", "any", "b1")
	s.delete("b", "any")
	interpose("$$b", event("m2"))
	s.append("b", "any", "b2")
	interpose("a", tombstone())
	s.append("a", "any", "a3")
	s.read("a", "start")
	s.read("b", "start")
	s.read(allName, "start")
	compare(t, "somebody-else-writes", s.transcript())
}

// TestInterruptedUndelete: if the log fails between the two appends that restore a deleted stream, the
// stream exists and is empty, and a retry completes the restoration.
func TestInterruptedUndelete(t *testing.T) {
	store := &faulty{memlog: newMemlog(), before: map[string]func() error{}}
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	s.append("a", "none", "a1")
	s.delete("a", "0")
	store.beforeAppend("a", func() error { return events.ErrUnknown })
	s.append("a", "any", "a2")
	s.read("a", "start")
	store.beforeAppend("a", nil)
	s.append("a", "any", "a2")
	s.append("a", "any", "a2")
	s.read("a", "start")
	// The other order: written, but with an unknown outcome.
	s.delete("a", "1")
	store.beforeAppend("a", func() error {
		store.beforeAppend("a", nil)
		_, err := store.Append(t.Context(), events.StreamID(s.name("a").StreamName), 1,
			[]events.Event{{ID: s.id("a3"), Type: "made", Data: []byte(`{}`)}})
		if err != nil {
			return err
		}
		return events.ErrUnknown
	})
	s.append("a", "any", "a3")
	s.append("a", "any", "a3")
	s.read("a", "start")
	compare(t, "undelete-cut-short", s.transcript())
}

// TestDeadlineOfAppend: a batch append fails at its deadline, with one answer.
func TestDeadlineOfAppend(t *testing.T) {
	store := &faulty{memlog: newMemlog(), before: map[string]func() error{}}
	address, server := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	began, hold := make(chan struct{}, 1), make(chan struct{})
	store.beforeAppend("a", func() error { began <- struct{}{}; <-hold; return nil })
	first := s.batch()
	first.send("first", first.to("a", "any"), true, "a1")
	<-began
	second := s.batch()
	o := second.to("a", "any")
	o.DeadlineOption = shortDeadline()
	second.send("second", o, true, "a2")
	s.write("behind one that hangs → %s", second.answer())
	third := s.batch()
	third.send("third", third.to("a", "any"), true, "a3")
	store.beforeAppend("a", nil)
	close(hold)
	s.write("the one that hung → %s", first.answer())
	s.write("behind the one that gave up → %s", third.answer())
	s.read("a", "start")
	compare(t, "batch-deadline", s.transcript())
	server.queues.mu.Lock()
	defer server.queues.mu.Unlock()
	if n := len(server.queues.last); n > 0 {
		t.Errorf("%d empty queues remain, want none", n)
	}
}

// TestBadReads: a failed read of the log is an error with the matching code.
func TestBadReads(t *testing.T) {
	for err, want := range map[error]codes.Code{
		events.ErrDamaged: codes.DataLoss, events.ErrUnavailable: codes.Unavailable, fmt.Errorf("odd"): codes.Unknown,
	} {
		address, _ := serve(t, unreadable{newMemlog(), err}, Config{})
		s := newTranscript(t, dial(t, address))
		s.read("a", "start")
		s.read(allName, "start")
		s.read(allName, "end", "backward")
		if n := strings.Count(s.transcript(), want.String()); n != 3 {
			t.Errorf("reads that fail with %v have %d answers with %s, want 3:\n%s", err, n, want, s.transcript())
		}
	}
}

type unreadable struct {
	events.Store
	err error
}

func (u unreadable) Read(context.Context, events.StreamID, events.Revision, events.Direction,
	int) ([]events.Recorded, error) {
	return nil, u.err
}

func (u unreadable) ReadAll(context.Context, events.Position, events.Direction, int) ([]events.Recorded, error) {
	return nil, u.err
}

// TestPanics: a call that panics fails, and later calls succeed.
func TestPanics(t *testing.T) {
	store := &faulty{memlog: newMemlog(), before: map[string]func() error{}}
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	store.beforeAppend("a", func() error { panic("on purpose") })
	store.beforeAppend("$$b", func() error { panic("on purpose") })
	s.append("b", "any", "b1")
	s.append("a", "any", "a1")
	b := s.batch()
	b.one("r1", "a", "any", "a1")
	s.delete("b", "any")
	store.beforeAppend("a", nil)
	b.one("r2", "a", "any", "a1")
	s.append("a", "any", "a2")
	compare(t, "panics", s.transcript())
}
