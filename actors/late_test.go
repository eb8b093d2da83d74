package actors

import (
	"context"
	"errors"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// TestLateCommands: a command is not decided once its caller has stopped waiting, even if it arrived
// in time. A command that was decided in time is answered.
func TestLateCommands(t *testing.T) {
	log, clock := openLog(t, t.TempDir()), &clock{}
	d := openDesk(t, log, func(c *Config) { c.Now = clock.now })
	checkLate := func(request Request) {
		t.Helper()
		if answer, err := d.Ask(t.Context(), request); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a late command is answered %+v, %v, want %v", answer, err, ErrUnavailable)
		}
	}
	after := events.Position(0)
	until := clock.now().Add(time.Second)
	next := func() Request {
		return Request{Stream: lamp, Command: one("ann"), ID: NewCommandID(), After: &after, At: clock.now(), Until: until}
	}
	mustCreate(t, d, 10)
	intime, keyed := next(), next()
	keyed.ID = KeyedCommandID("ann", "K")
	for _, request := range []Request{intime, keyed} {
		if answer, err := d.Ask(t.Context(), request); err != nil || answer.Replayed {
			t.Fatalf("Ask: %+v, %v; want a new decision", answer, err)
		}
	}
	queued, busy, entered, leave := next(), make(chan error, 2), make(chan struct{}), make(chan struct{})
	go func() {
		_, err := d.View(context.Background(), lamp, func(core.Core) { close(entered); <-leave })
		busy <- err
	}()
	<-entered
	queued.Submitted = func() {
		clock.advance(2 * time.Second)
		close(leave)
	}
	checkLate(queued)
	if err := <-busy; err != nil {
		t.Error(err)
	}
	checkLate(next())
	unread := next()
	unread.Stream = "product-unread"
	checkLate(unread)
	for _, request := range []Request{intime, keyed} {
		if answer, err := d.Ask(t.Context(), request); err != nil || !answer.Replayed {
			t.Errorf("the command decided in time, sent again: %+v, %v; want a replay", answer, err)
		}
	}
	if p := audit(t, log, nil); p.Remaining() != 8 {
		t.Errorf("remaining = %d, want 8", p.Remaining())
	}
}

// TestObservingWhileRefusing: an entity that always has a command in flight and only refuses still takes
// observed events into account.
func TestObservingWhileRefusing(t *testing.T) {
	store := openLog(t, t.TempDir())
	here, there := openDesk(t, store, nil), openDesk(t, store, nil)
	mustCreate(t, here, 1)
	if _, err := ask(here, one("ann")); err != nil {
		t.Fatal(err)
	}
	stock := int64(2)
	entered, leave := make(chan struct{}), make(chan struct{})
	go func() {
		if _, err := here.View(context.Background(), lamp, func(core.Core) { close(entered); <-leave }); err != nil {
			t.Error(err)
		}
	}()
	<-entered
	answer, err := ask(there, &product.Edit{Stock: &stock})
	if err != nil {
		t.Fatal(err)
	}
	here.Observe(lamp, answer.Revision)
	_, err = here.Ask(t.Context(), Request{Stream: lamp, Command: one("bob"), ID: NewCommandID(),
		Submitted: func() { close(leave) }})
	if err != nil {
		t.Errorf("a command that the observed events permit: %v, want success", err)
	}
}
