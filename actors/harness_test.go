package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/actors/tournament"
	"admitone/events"
	"admitone/events/embedded"
)

// quiet discards the log of the desk.
var quiet = slog.New(slog.DiscardHandler)

// clock starts at began and is advanced by the test.
type clock struct{ nanos atomic.Int64 }

var began = time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time          { return began.Add(time.Duration(c.nanos.Load())) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// openLog opens the log in dir and closes it at the end of the test.
func openLog(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	store, err := embedded.Open(dir, embedded.Options{Logger: quiet, Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, store) })
	return store
}

func mustClose(t testing.TB, store events.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

var (
	products    = product.Kind
	tournaments = tournament.Kind
	seats       = seat.Kind
)

// newCore returns a new core for a stream.
func newCore(stream events.StreamID) core.Core {
	switch stream.Category() {
	case events.TournamentCategory:
		return tournament.New()
	case events.SeatCategory:
		return seat.New()
	}
	return product.New()
}

// openDesk opens a desk for products, tournaments and seats on store.
func openDesk(t testing.TB, store events.Store, change func(*Config)) *Desk {
	t.Helper()
	engine, err := NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Store: store, Kinds: []core.Kind{products, tournaments, seats}, Logger: quiet}
	if change != nil {
		change(&config)
	}
	d := NewDesk(engine, config)
	t.Cleanup(func() { closeDesk(t, d) })
	return d
}

func closeDesk(t testing.TB, d *Desk) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Errorf("closing the desk: %v, stats %+v", err, d.Stats())
	}
}

// lamp is the product of most tests.
var lamp = product.Stream("lamp")

// ask sends a command to the lamp under a new id.
func ask(d *Desk, command core.Command) (Answer, error) {
	return d.Ask(context.Background(), Request{Stream: lamp, Command: command, ID: NewCommandID(), Actor: "test"})
}

// mustCreate creates the lamp, with holds of a minute.
func mustCreate(t testing.TB, d *Desk, stock int64) {
	t.Helper()
	if _, err := ask(d, &product.Create{ID: "lamp", Name: "Lamp", Stock: stock, HoldSeconds: 60}); err != nil {
		t.Fatal(err)
	}
}

// one returns a command that reserves one unit.
func one(holder events.Holder) *product.Reserve {
	return &product.Reserve{ReservationID: NewID(), Holder: holder, Quantity: 1}
}

// code returns the code of a refusal, "ok" for nil, and otherwise the error's text.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return string(refusal.Code)
	}
	for _, failure := range []error{ErrOverloaded, ErrUnavailable, ErrStopping, ErrBroken} {
		if errors.Is(err, failure) {
			return failure.Error()
		}
	}
	return err.Error()
}

// concurrently runs n concurrent callers and counts their results by code.
func concurrently(n int, call func(i int) error) map[string]int {
	results := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			err := call(i)
			mu.Lock()
			defer mu.Unlock()
			results[code(err)]++
		})
	}
	close(start)
	all.Wait()
	return results
}

func wantResults(t testing.TB, got, want map[string]int) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the callers got %v, want %v", got, want)
	}
}

// acknowledged is an answer that a caller has received.
type acknowledged struct {
	id     CommandID
	answer Answer
}

// audit reads the whole log and checks the invariants: the hash chains are complete, the cores
// accept all facts in order (so nothing is oversold at any prefix), and every acknowledged answer
// is there exactly once, at its revision and position. It returns the state of the lamp.
func audit(t testing.TB, store events.Store, answers []acknowledged) *product.Product {
	t.Helper()
	type stream struct {
		core     core.Core
		revision events.Revision
		hash     events.Hash
	}
	streams := map[events.StreamID]*stream{}
	runs := map[string]int{} // the number of times that a command is in the log
	byCommand := map[string][]events.Recorded{}
	last := ""
	for event, err := range events.All(context.Background(), store, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Stream.Internal() {
			continue
		}
		s := streams[event.Stream]
		if s == nil {
			s = &stream{core: newCore(event.Stream), revision: events.NoStream}
			streams[event.Stream] = s
		}
		if s.revision++; event.Revision != s.revision {
			t.Fatalf("%s: revision %d, want %d", event.Stream, event.Revision, s.revision)
		}
		if s.hash, err = events.CheckLink(s.hash, &event); err != nil {
			t.Fatal(err)
		}
		fact, err := events.Decode(event.Type, event.Data)
		if err != nil {
			t.Fatal(err)
		}
		s.core.Evolve(fact)
		id := events.RecordedCommand(event.Metadata)
		if key := fmt.Sprint(event.Stream, " ", id); key != last {
			runs[id]++
			last = key
		}
		byCommand[id] = append(byCommand[id], event)
	}
	for id, n := range runs {
		if n > 1 {
			t.Errorf("command %s is in the log %d times, want once", id, n)
		}
	}
	for _, a := range answers {
		checkAnswer(t, a, byCommand[string(a.id)])
	}
	if s := streams[lamp]; s != nil {
		return s.core.(*product.Product)
	}
	return product.New().(*product.Product)
}

// checkAnswer compares an answer with the events of its command.
func checkAnswer(t testing.TB, a acknowledged, there []events.Recorded) {
	t.Helper()
	if len(a.answer.Facts) == 0 {
		return
	}
	if len(there) != len(a.answer.Facts) {
		t.Errorf("command %s was answered with %d facts, want %d as in the log", a.id, len(a.answer.Facts), len(there))
		return
	}
	end := there[len(there)-1]
	if end.Revision != a.answer.Revision || end.Position != a.answer.Position {
		t.Errorf("command %s was answered with revision %d and position %d, want %d and %d as in the log",
			a.id, a.answer.Revision, a.answer.Position, end.Revision, end.Position)
	}
	metadata, err := events.ParseMetadata(end.Metadata)
	if err != nil || !metadata.At.Equal(a.answer.At) {
		t.Errorf("command %s was answered with the time %v, want %v as in the log, %v", a.id, a.answer.At, metadata.At, err)
	}
	for i, fact := range a.answer.Facts {
		if string(events.AppendFact(nil, fact)) != string(there[i].Data) {
			t.Errorf("command %s was answered with %s, want %s as in the log", a.id, events.AppendFact(nil, fact), there[i].Data)
		}
	}
}

// checkNoLeaks fails if goroutines outlive the test. Those of earlier tests are ignored.
func checkNoLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}
