package esdbwire

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// asyncLog is a log with appends that do not wait.
type asyncLog struct {
	*faulty
	count  atomic.Int64
	panics atomic.Bool
}

// AppendThen implements events.AsyncAppender.
func (a *asyncLog) AppendThen(_ context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event, then func(events.Appended, error)) error {
	a.count.Add(1)
	if a.panics.Load() {
		panic("on purpose")
	}
	go func() { then(a.Append(context.Background(), stream, expected, batch)) }()
	return nil
}

// TestAppendThen: a batch append whose expectation is known to hold does not wait for the log. Every
// other append is decided on the log, as without an events.AsyncAppender.
func TestAppendThen(t *testing.T) {
	store := &asyncLog{faulty: &faulty{memlog: newMemlog(), before: map[string]func() error{}}}
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	s.ctx = context.WithoutCancel(s.ctx) // a call with a deadline waits
	b := s.batch()
	check := func(async int64, want string) {
		t.Helper()
		if answer := b.answer(); !strings.Contains(answer, want) {
			t.Errorf("answer %s, want one with %q", answer, want)
		}
		if n := store.count.Swap(0); n != async {
			t.Errorf("%d appends did not wait, want %d", n, async)
		}
	}
	to := func(label, stream, expected string, words ...string) {
		t.Helper()
		b.send(label, b.to(stream, expected), true, words...)
	}
	to("r1", "a", "none", "a1")
	check(1, ": 0 ")
	to("r2", "a", "0", "a2", "a3")
	check(1, ": 2 ")
	to("r3", "a", "0", "a2", "a3") // the client has no answer yet
	check(0, ": 2 ")
	to("r4", "a", "any", "a4")
	check(0, ": 3 ")

	// Two appends to one stream, before either is answered: the second waits for the first.
	began, hold := make(chan struct{}), make(chan struct{})
	store.beforeAppend("c", func() error { store.beforeAppend("c", nil); close(began); <-hold; return nil })
	to("r5", "c", "none", "c1")
	<-began
	to("r6", "c", "0", "c2")
	close(hold)
	answers := []string{b.answer(), b.answer()} // in either order: a client knows them by their ids
	slices.Sort(answers)
	store.count.Store(0) // the second waits only if it comes before the end of the first
	if !strings.Contains(answers[0], "r5 ") || !strings.Contains(answers[0], ": 0 ") ||
		!strings.Contains(answers[1], "r6 ") || !strings.Contains(answers[1], ": 1 ") {
		t.Errorf("answers = %q, want revision 0 for r5 and 1 for r6", answers)
	}

	// Another writer was faster, with other events and with the same ones.
	for expected, same := range map[string]bool{"e": false, "f": true} {
		stream := events.StreamID(s.name(expected).StreamName)
		id := s.id("theirs")
		if same {
			id = s.id("f1")
		}
		store.beforeAppend(expected, func() error {
			store.beforeAppend(expected, nil)
			_, err := store.memlog.Append(t.Context(), stream, events.NoStream, []events.Event{{ID: id, Type: "made",
				Data: []byte(`{}`)}})
			return err
		})
		to("r7"+expected, expected, "none", expected+"1")
		check(1, map[bool]string{false: "WrongExpectedVersion", true: ": 0 "}[same])
	}

	// The events of a deleted stream stay hidden.
	s.delete("a", "any")
	to("r8", "a", "3", "a5")
	check(0, ": 4 ")
	s.read("a", "start")
	if text := s.transcript(); strings.Count(text, "made") != 1 {
		t.Errorf("the transcript has %d events of type made, want 1:\n%s", strings.Count(text, "made"), text)
	}
}

// TestAppendThenPanics: an append that panics fails, and the next append to the stream succeeds.
func TestAppendThenPanics(t *testing.T) {
	store := &asyncLog{faulty: &faulty{memlog: newMemlog(), before: map[string]func() error{}}}
	address, _ := serve(t, store, Config{Writable: true})
	s := newTranscript(t, dial(t, address))
	s.ctx = context.WithoutCancel(s.ctx)
	b := s.batch()
	store.panics.Store(true)
	b.send("r1", b.to("a", "none"), true, "a1")
	failed := b.answer()
	store.panics.Store(false)
	b.send("r2", b.to("a", "none"), true, "a1")
	if again := b.answer(); !strings.Contains(failed, "Internal Error") || !strings.Contains(again, ": 0 ") {
		t.Errorf("answers = %s and %s, want an internal error, then revision 0", failed, again)
	}
}
