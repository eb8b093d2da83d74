package actors

import (
	"context"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/events"
)

// readCount returns the number of reads of streams.
func readCount(f *faulty) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

var firstSeat = seat.Stream("gig", "A-1-1")

func hold(holder events.Holder) *seat.Hold {
	return &seat.Hold{HoldID: events.NewHoldID(events.BookingID(NewID().String()), 1), Holder: holder, HoldFor: time.Hour}
}

func holdSeat(d *Desk, id CommandID, holder events.Holder) (Answer, error) {
	return d.Ask(context.Background(), Request{Stream: firstSeat, Command: hold(holder), ID: id, Actor: string(holder)})
}

// TestAnUntouchedEntityIsNotRead: the first command of a new stream costs an append and no read.
func TestAnUntouchedEntityIsNotRead(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, nil)
	answer, err := holdSeat(d, NewCommandID(), "ann")
	if err != nil || answer.Revision != 0 || readCount(f) != 0 {
		t.Errorf("first command: %+v, %v after %d reads, want revision 0 without a read", answer, err, readCount(f))
	}
	if _, err := holdSeat(d, NewCommandID(), "bob"); code(err) != "seat_taken" || readCount(f) != 0 {
		t.Errorf("second command: %v after %d reads, want seat_taken without a read", err, readCount(f))
	}
}

// TestCommandsWithoutFactsRead: a refusal, a command without facts, a view and a conditional edit
// are decided on the state of the log.
func TestCommandsWithoutFactsRead(t *testing.T) {
	for name, ask := range map[string]func(*Desk) error{
		"refusal": func(d *Desk) error {
			_, err := ask(d, &product.Confirm{ReservationID: NewID()})
			if code(err) != "not_found" {
				return err
			}
			return nil
		},
		"no facts": func(d *Desk) error {
			_, err := d.Ask(context.Background(),
				Request{Stream: firstSeat, Command: &seat.Release{HoldID: events.HoldID(NewID().String())}, ID: NewCommandID()})
			return err
		},
		"view": func(d *Desk) error {
			_, err := d.View(context.Background(), lamp, func(core.Core) {})
			return err
		},
		"edit": func(d *Desk) error {
			revision := events.NoStream
			_, err := d.Ask(context.Background(), Request{Stream: lamp, ID: NewCommandID(), IfRevision: &revision,
				Command: &product.Create{ID: "lamp", Name: "Lamp", Stock: 1, HoldSeconds: 60}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, nil)
			if err := ask(d); err != nil || readCount(f) == 0 {
				t.Errorf("%v after %d reads, want success and at least one read", err, readCount(f))
			}
		})
	}
}

// TestAWrongAssumption: the stream has events, so the command is decided again on them.
func TestAWrongAssumption(t *testing.T) {
	f := openFaulty(t)
	first := openDesk(t, f, nil)
	id := KeyedCommandID("ann", "key")
	held, err := holdSeat(first, id, "ann")
	if err != nil {
		t.Fatal(err)
	}
	second := openDesk(t, f, nil)
	if _, err := holdSeat(second, NewCommandID(), "bob"); code(err) != "seat_taken" {
		t.Errorf("another holder: %v, want seat_taken", err)
	}
	third := openDesk(t, f, nil)
	again, err := holdSeat(third, id, "ann")
	if err != nil || !again.Replayed || again.Position != held.Position || again.Revision != held.Revision {
		t.Errorf("the same command again: %+v, %v; want a replay of %+v", again, err, held)
	}
	fourth := openDesk(t, f, nil)
	if _, err := holdSeat(fourth, KeyedCommandID("ann", "key", []byte("other")), "ann"); code(
		err,
	) != "idempotency_key_reused" {
		t.Errorf("the key with another request: %v, want idempotency_key_reused", err)
	}
}

// TestDisprovedCommandIsNew: an expired key is new, whatever the stream has under it, as for
// an entity that was in memory all the time.
func TestDisprovedCommandIsNew(t *testing.T) {
	f := openFaulty(t)
	var c clock
	now := func(config *Config) { config.Now = c.now }
	wallet := func(d *Desk, id CommandID) (Answer, error) {
		return d.Ask(context.Background(), Request{Stream: lamp, ID: id, Actor: "ann",
			Command: &product.Create{ID: "lamp", Name: "Lamp", Stock: 7, HoldSeconds: 60}})
	}
	id := KeyedCommandID("ann", "key")
	for _, plan := range [][]appendTo{nil, {lost}} {
		created, err := wallet(openDesk(t, f, now), id)
		if err != nil {
			t.Fatal(err)
		}
		c.advance(10 * 24 * time.Hour)
		f.setFaults(plan...)
		again, err := wallet(openDesk(t, f, now), id)
		if err != nil || again.Replayed || len(again.Facts) != 0 || again.At.Equal(created.At) {
			t.Errorf("after ten days: %+v, %v; want no facts and no replay", again, err)
		}
	}
}

// TestLostAssumption: the append of an assumption has an unknown outcome, whether or not
// it is in the log, and several commands depend on it.
func TestLostAssumption(t *testing.T) {
	for name, fault := range map[string]appendTo{"lost": lost, "stored": stored, "unavailable": unavailable} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, shortAppendTimeout)
			f.setFaults(fault)
			results := concurrently(8, func(int) error {
				_, err := holdSeat(d, NewCommandID(), "ann")
				return err
			})
			if name == "unavailable" {
				if results["ok"] > 1 {
					t.Errorf("results = %v, want at most one success", results)
				}
				return
			}
			wantResults(t, results, map[string]int{"ok": 1, "seat_taken": 7})
		})
	}
}

// TestAssumedEventsHaveIDsOfTheirOwn: a store that identifies events by id must not take those of
// an assumption for earlier events of this desk.
func TestAssumedEventsHaveIDsOfTheirOwn(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, nil)
	id := KeyedCommandID("ann", "key")
	if _, err := holdSeat(d, id, "ann"); err != nil {
		t.Fatal(err)
	}
	d.Sweep()
	d.Sweep()
	var first, second events.ID
	page, err := f.Store.Read(context.Background(), firstSeat, 0, events.Forward, 1)
	if err != nil || len(page) != 1 {
		t.Fatalf("stream has %v, %v; want one event", page, err)
	}
	first = page[0].ID
	f.setFaults(
		func(ctx context.Context, log events.Store,
			stream events.StreamID, expected events.Revision, batch []events.Event) (events.Appended, error) {
			second = batch[0].ID
			return through(ctx, log, stream, expected, batch)
		},
	)
	if again, err := holdSeat(d, id, "ann"); err != nil || !again.Replayed {
		t.Errorf("retry on the second desk: %+v, %v; want a replay", again, err)
	}
	if second == first || second == (events.ID{}) {
		t.Errorf("event ids of the same command = %v and %v, want different ones", first, second)
	}
}
