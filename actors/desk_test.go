package actors

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

func TestTheLastUnitIsSoldOnce(t *testing.T) {
	store := openLog(t, t.TempDir())
	d := openDesk(t, store, nil)
	mustCreate(t, d, 1)
	wantResults(t, concurrently(100, func(i int) error {
		_, err := ask(d, one(events.Holder(fmt.Sprint("holder", i))))
		return err
	}), map[string]int{"ok": 1, "sold_out": 99})
	if p := audit(t, store, nil); p.Remaining() != 0 {
		t.Errorf("remaining = %d, want 0", p.Remaining())
	}
}

// TestSubmittedCommandsKeepTheirOrder: a command submitted after another was submitted is decided
// after it, without waiting for its answer.
func TestSubmittedCommandsKeepTheirOrder(t *testing.T) {
	d := openDesk(t, openLog(t, t.TempDir()), nil)
	const commands, stock = 300, 200
	mustCreate(t, d, stock)
	var all sync.WaitGroup
	var results [commands]error
	var answers [commands]Answer
	for i := range commands {
		submitted := make(chan struct{})
		all.Go(func() {
			answers[i], results[i] = d.Ask(context.Background(), Request{Stream: lamp, ID: NewCommandID(),
				Command: one("ada"), Submitted: func() { close(submitted) }})
		})
		<-submitted
	}
	all.Wait()
	for i, err := range results {
		if want := i < stock; (err == nil) != want || want && answers[i].Revision != events.Revision(i+1) {
			t.Errorf("command %d: %v, revision %d; want success %t, revision %d", i, err, answers[i].Revision, want, i+1)
		}
	}
}

// TestRefusedCommandsAreNotSubmitted: Submitted is not called for a command that reached no entity.
func TestRefusedCommandsAreNotSubmitted(t *testing.T) {
	d := openDesk(t, openLog(t, t.TempDir()), nil)
	_, err := d.Ask(context.Background(), Request{Stream: "none-x", ID: NewCommandID(), Command: one("ada"),
		Submitted: func() { t.Error("Submitted was called") }})
	if err == nil {
		t.Error("a command to an unknown kind: nil, want an error")
	}
}

func TestOfConcurrentEditsOneIsAccepted(t *testing.T) {
	d := openDesk(t, openLog(t, t.TempDir()), nil)
	mustCreate(t, d, 1)
	view, err := d.View(context.Background(), lamp, func(core.Core) {})
	if err != nil || view.Revision != 0 || view.Position != 1 {
		t.Fatalf("view: got %+v, %v, want Revision 0, Position 1", view, err)
	}
	wantResults(t, concurrently(5, func(i int) error {
		stock := int64(10 + i)
		_, err := d.Ask(context.Background(), Request{Stream: lamp, ID: NewCommandID(),
			Command: &product.Edit{Stock: &stock}, IfRevision: &view.Revision})
		return err
	}), map[string]int{"ok": 1, "stale_revision": 4})
}

// TestARepeatedKeyIsOneCommand: five concurrent requests under one key, a later one, and one after a
// restart get the same answer, with and without a snapshot.
func TestARepeatedKeyIsOneCommand(t *testing.T) {
	for name, config := range map[string]func(*Config){
		"from the log":      nil,
		"from the snapshot": func(c *Config) { c.SnapshotEvery = 1 },
	} {
		t.Run(name, func(t *testing.T) { repeatAKey(t, config) })
	}
}

func repeatAKey(t *testing.T, change func(*Config)) {
	dir := t.TempDir()
	store := openLog(t, dir)
	withSnapshots := func(c *Config) {
		if change != nil {
			c.Snapshots = store
			change(c)
		}
	}
	d := openDesk(t, store, withSnapshots)
	mustCreate(t, d, 100)
	id := KeyedCommandID("ann", "key", []byte("body"))
	again := func() (Answer, error) {
		// Each request has a new reservation id; the answers must have that of the first.
		return d.Ask(context.Background(), Request{Stream: lamp, Command: &product.Reserve{
			ReservationID: NewID(), Holder: "ann", Quantity: 1, Hold: true}, ID: id, CorrelationID: string(NewCommandID())})
	}
	answers := make([]Answer, 5)
	wantResults(t, concurrently(5, func(i int) (err error) {
		answers[i], err = again()
		return err
	}), map[string]int{"ok": 5})
	next := func() {
		answer, err := again()
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	next()
	if _, err := ask(d, one("bob")); err != nil { // a later event in the stream
		t.Fatal(err)
	}
	closeDesk(t, d)
	mustClose(t, store)
	store = openLog(t, dir)
	d = openDesk(t, store, withSnapshots)
	next()
	first := 0
	for i := range answers {
		if !answers[i].Replayed {
			first++
		}
		answers[i].Replayed = false
		if !reflect.DeepEqual(answers[i], answers[0]) {
			t.Errorf("answer %d is %+v with %s, want %+v with %s", i, answers[i], events.AppendFact(nil, answers[i].Facts[0]),
				answers[0], events.AppendFact(nil, answers[0].Facts[0]))
		}
	}
	if first != 1 {
		t.Errorf("%d of the answers are not replayed, want 1", first)
	}
	_, err := d.Ask(
		context.Background(),
		Request{Stream: lamp, Command: one("ann"), ID: KeyedCommandID("ann", "key", []byte("other"))},
	)
	if code(err) != "idempotency_key_reused" {
		t.Errorf("another body under the key: %v, want idempotency_key_reused", err)
	}
	_, err = d.Ask(
		context.Background(),
		Request{Stream: lamp, Command: one("eve"), ID: KeyedCommandID("eve", "key", []byte("other"))},
	)
	if err != nil {
		t.Errorf("the same key of another caller: %v, want success", err)
	}
	if p := audit(t, store, []acknowledged{{id, answers[0]}}); p.Remaining() != 97 {
		t.Errorf("remaining = %d, want 97", p.Remaining())
	}
}

// TestARefusedKeyIsDecidedAgain: a refusal is not remembered.
func TestARefusedKeyIsDecidedAgain(t *testing.T) {
	d := openDesk(t, openLog(t, t.TempDir()), nil)
	mustCreate(t, d, 0)
	request := Request{Stream: lamp, Command: one("ann"), ID: KeyedCommandID("ann", "key")}
	if _, err := d.Ask(context.Background(), request); code(err) != "sold_out" {
		t.Fatalf("got %v, want sold_out", err)
	}
	stock := int64(1)
	if _, err := ask(d, &product.Edit{Stock: &stock}); err != nil {
		t.Fatal(err)
	}
	if answer, err := d.Ask(context.Background(), request); err != nil || answer.Replayed {
		t.Errorf("the refused key again: %+v, %v; want a new decision", answer, err)
	}
}

// TestKeyWindowExpires: keys are remembered for at least a day, and not forever.
func TestKeyWindowExpires(t *testing.T) {
	key := func(n byte) commandKey { return commandKey{n} }
	w := newKeyWindow()
	w.put(key(1), 1, keyUse{revision: 1}, began)
	w.put(key(2), 1, keyUse{revision: 2}, began.Add(23*time.Hour))
	w.put(key(3), 1, keyUse{revision: 3}, began.Add(25*time.Hour)) // a new generation
	for n := byte(1); n <= 3; n++ {
		if got, ok := w.get(key(n), began.Add(25*time.Hour)); !ok || got.revision != events.Revision(n) {
			t.Errorf("get(key %d) = %+v, %t; want revision %d", n, got, ok, n)
		}
	}
	w.put(key(4), 1, keyUse{revision: 4}, began.Add(50*time.Hour))
	for n, want := range map[byte]bool{1: false, 2: false, 3: true, 4: true} {
		if _, ok := w.get(key(n), began.Add(25*time.Hour)); ok != want {
			t.Errorf("key %d is known: %t, want %t", n, ok, want)
		}
	}
}

// TestHoldsExpireAtTheirEntity: holds expire at the next command, and on Wake.
func TestHoldsExpireAtTheirEntity(t *testing.T) {
	store := openLog(t, t.TempDir())
	var c clock
	d := openDesk(t, store, func(config *Config) { config.Now = c.now })
	mustCreate(t, d, 2)
	held, err := ask(d, &product.Reserve{ReservationID: NewID(), Holder: "ann", Quantity: 1, Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	wake := func(want time.Time, remaining int64) {
		t.Helper()
		next, err := d.Wake(context.Background(), lamp)
		if err != nil || !next.Equal(want) {
			t.Errorf("next deadline = %v, %v; want %v", next, err, want)
		}
		if p := audit(t, store, nil); p.Remaining() != remaining {
			t.Errorf("remaining = %d, want %d", p.Remaining(), remaining)
		}
	}
	c.advance(time.Minute)
	wake(began.Add(time.Minute), 1)
	c.advance(1)
	wake(time.Time{}, 2)
	_, err = ask(d, &product.Confirm{ReservationID: mustID(t, held.Facts[0])})
	if code(err) != "not_found" {
		t.Errorf("confirming an expired hold: %v, want not_found", err)
	}
}

func mustID(t testing.TB, fact events.Fact) events.ID {
	t.Helper()
	id, err := reservationOf(fact)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// reservationOf returns the id in a fact that opens a reservation.
func reservationOf(fact events.Fact) (events.ID, error) {
	switch f := fact.(type) {
	case *events.ProductHeld:
		return events.ParseID(string(f.ReservationID))
	case *events.ProductReserved:
		return events.ParseID(string(f.ReservationID))
	}
	return events.ID{}, fmt.Errorf("%s opens no reservation", fact.Name())
}

// TestEntityWithoutEventsIsDropped: a command to an entity that does not exist leaves nothing in
// memory.
func TestEntityWithoutEventsIsDropped(t *testing.T) {
	d := openDesk(t, openLog(t, t.TempDir()), nil)
	for i := range 100 {
		answer, err := d.Ask(
			context.Background(),
			Request{Stream: product.Stream(events.ProductID(fmt.Sprint("no", i))), Command: one("ann"), ID: NewCommandID()},
		)
		if code(err) != "not_found" || answer.Revision != events.NoStream || answer.Position != 0 {
			t.Fatalf("command to a missing product: %+v, %v, want not_found, Revision %v, Position 0", answer, err, events.NoStream)
		}
	}
	closeDesk(t, d) // an answer may come before the entity is evicted
	if s := d.Stats(); s.Active != 0 || s.Dropped != 100 || s.InFlight != 0 {
		t.Errorf("stats = %+v, want Active 0, Dropped 100, InFlight 0", s)
	}
}
