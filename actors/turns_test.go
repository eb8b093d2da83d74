package actors

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/events"
)

// oneStream is a log that can't append to several streams at once.
type oneStream struct{ events.Store }

func withoutMultiAppend(c *Config) { c.Store = oneStream{c.Store} }

// TestAskEach: all commands are decided in one turn, and each entity appends its own facts. A
// refusal leaves nothing, and has the index of its command.
func TestAskEach(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, withoutMultiAppend)
	if d.AppendsTogether() || !openDesk(t, f, nil).AppendsTogether() {
		t.Error("AppendsTogether = true without multi-append, or false with it")
	}
	ctx := context.Background()
	results, err := d.AskEach(ctx, holdRequests(newHold(), 1, 2, 3))
	if err != nil || len(results) != 3 {
		t.Fatalf("AskEach: %d results, %v, want 3", len(results), err)
	}
	for i, r := range results {
		if r.Err != nil || len(r.Answer.Facts) != 1 || r.Answer.Position == 0 || r.Answer.Revision != 0 {
			t.Errorf("result %d = %+v, want one fact at revision 0", i, r)
		}
	}
	before := len(readLog(t, f.Store))
	_, err = d.AskEach(ctx, holdRequests(newHold(), 4, 2, 5))
	if refused := (*RefusedError)(nil); !errors.As(err, &refused) || refused.At != 1 || code(err) != "seat_taken" {
		t.Errorf("AskEach of a seat that is held: %v, want seat_taken at 1", err)
	}
	if after := len(readLog(t, f.Store)); after != before {
		t.Errorf("a refused turn appended %d events, want none", after-before)
	}
	if results, err := d.AskEach(ctx, holdRequests(newHold(), 4, 5)); err != nil || results[0].Err != nil ||
		results[1].Err != nil {
		t.Errorf("AskEach after a refusal: %+v, %v, want success", results, err)
	}
	waitUntilIdle(t, d)
}

// TestAskEachAfterAnotherDesk: a turn does not refuse a seat that another desk has released meanwhile.
func TestAskEachAfterAnotherDesk(t *testing.T) {
	log := openLog(t, t.TempDir())
	here, there := openDesk(t, log, withoutMultiAppend), openDesk(t, log, withoutMultiAppend)
	ctx, hold := context.Background(), newHold()
	if _, err := here.AskEach(ctx, holdRequests(hold, 1)); err != nil {
		t.Fatal(err)
	}
	released, err := there.Ask(ctx, Request{Stream: seatStream(1), ID: NewCommandID(),
		Command: &seat.Release{HoldID: hold}})
	if err != nil {
		t.Fatal(err)
	}
	here.Observe(seatStream(1), released.Revision)
	next := holdRequests(newHold(), 2, 1)
	if _, err := here.AskEach(ctx, next); !errors.Is(err, ErrNotJoint) {
		t.Errorf("AskEach of a seat released elsewhere: %v; want %v", err, ErrNotJoint)
	}
	for _, request := range next {
		if _, err := here.Ask(ctx, request); err != nil {
			t.Errorf("%s: %v", request.Stream, err)
		}
	}
	waitUntilIdle(t, here)
}

// TestAskEachWhileWriting: a turn may be decided on a state that is not durable yet, but its refusal
// is returned only once that state is durable.
func TestAskEachWhileWriting(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, withoutMultiAppend)
	release := make(chan struct{})
	started := make(chan struct{})
	f.setFaults(func(ctx context.Context, store events.Store, stream events.StreamID, expected events.Revision,
		batch []events.Event) (events.Appended, error) {
		close(started)
		<-release
		return store.Append(ctx, stream, expected, batch)
	})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := d.Ask(context.Background(), holdRequests(newHold(), 1)[0])
		first <- err
	}()
	<-started
	go func() {
		_, err := d.AskEach(context.Background(), holdRequests(newHold(), 2, 1))
		second <- err
	}()
	select {
	case err := <-second:
		t.Errorf("AskEach returned %v before the state was durable, want it to wait", err)
	case <-time.After(20 * time.Millisecond):
	}
	if _, err := d.Ask(context.Background(), holdRequests(newHold(), 2)[0]); err != nil {
		t.Errorf("a command to another entity of the waiting turn: %v, want success", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Errorf("the first hold: %v, want success", err)
	}
	if err := <-second; code(err) != "seat_taken" {
		t.Errorf("AskEach once the state is durable: %v, want seat_taken", err)
	}
	waitUntilIdle(t, d)
}

// TestTurnsOfOneDesk: overlapping groups, named in one order, each get all of their seats or none,
// also while turns wait for turns.
func TestTurnsOfOneDesk(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := openFaulty(t)
	d := openDesk(t, f, withoutMultiAppend)
	var all sync.WaitGroup
	for caller := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(caller)))
		all.Go(func() {
			for range 50 {
				first := random.IntN(6)
				hold := newHold()
				results, err := d.AskEach(context.Background(), holdRequests(hold, first, first+1, first+2))
				if errors.Is(err, ErrNotJoint) { // a seat is being loaded
					time.Sleep(time.Millisecond)
					continue
				}
				if err != nil && code(err) != "seat_taken" {
					t.Errorf("AskEach: %v, want success or seat_taken", err)
				}
				for i, r := range results {
					if r.Err != nil {
						t.Errorf("seat %d of the group from %d: %v, want success", i, first, r.Err)
					}
				}
				for i := range results {
					if _, err := d.Ask(context.Background(), Request{Stream: seatStream(first + i), ID: NewCommandID(),
						Command: &seat.Release{HoldID: hold}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	waitUntilIdle(t, d)
}

// TestTurnsOfTwoDesks: with every fault of the log, an acknowledged seat belongs to its holder
// alone, and one that was not acknowledged can be released.
func TestTurnsOfTwoDesks(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	log := openLog(t, t.TempDir())
	var nodes [2]*Desk
	var logs [2]*faulty
	for i := range nodes {
		logs[i] = &faulty{Store: log, rng: rand.New(rand.NewPCG(seed, uint64(i))), lateNow: 2}
		nodes[i] = openDesk(t, logs[i], func(c *Config) {
			withoutMultiAppend(c)
			c.AppendTimeout, c.LoadTimeout = 20*time.Millisecond, 10*time.Second
		})
	}
	var owners sync.Map // of seats, from the acknowledgement to the release
	held := 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for caller := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(100+caller)))
		all.Go(func() {
			for range 40 {
				first, hold, node := random.IntN(12), newHold(), nodes[random.IntN(2)]
				results, _ := node.AskEach(context.Background(), holdRequests(hold, first, first+1))
				for i := range results {
					if results[i].Err == nil {
						if other, taken := owners.Swap(first+i, hold); taken {
							t.Errorf("seat %d is held by %v and by %v, want one owner", first+i, other, hold)
						}
						mu.Lock()
						held++
						mu.Unlock()
					}
				}
				for i := range 2 {
					if i < len(results) && results[i].Err == nil {
						owners.Delete(first + i)
					}
					release := Request{Stream: seatStream(first + i), ID: NewCommandID(), Command: &seat.Release{HoldID: hold}}
					for range 50 {
						if _, err := node.Ask(context.Background(), release); err == nil || code(err) != err.Error() {
							break
						}
					}
				}
			}
		})
	}
	all.Wait()
	for _, f := range logs {
		f.mu.Lock()
		f.rng = nil
		f.mu.Unlock()
		f.landAll()
	}
	if held == 0 {
		t.Error("0 seats were held, want some")
	}
	for _, node := range nodes {
		waitUntilIdle(t, node)
	}
}

// TestTurnPanic: if a core panics in a turn, the caller gets an error, and the entities continue to work.
func TestTurnPanic(t *testing.T) {
	for _, method := range []string{"Decide", "Evolve", "AppendFact"} {
		t.Run(method, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, func(c *Config) {
				withoutMultiAppend(c)
				kind := products
				kind.New = func() core.Core { return &panickingProduct{Product: product.New().(*product.Product)} }
				c.Kinds = []core.Kind{kind, seats}
			})
			mustCreate(t, d, 5)
			requests := append(holdRequests(newHold(), 1), Request{Stream: lamp, ID: NewCommandID(), Command: &breakIn{method}})
			results, err := d.AskEach(context.Background(), requests)
			if err == nil {
				err = results[1].Err
			}
			if !errors.Is(err, ErrBroken) {
				t.Errorf("AskEach: %v, want %v", err, ErrBroken)
			}
			if _, err := ask(d, one("bob")); err != nil {
				t.Errorf("a command after a panic: %v, want success", err)
			}
			waitUntilIdle(t, d)
		})
	}
}
