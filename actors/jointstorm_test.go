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

// TestJointPanic: if a core panics in an AskAll, nothing is done, and the entities continue to work.
func TestJointPanic(t *testing.T) {
	for _, method := range []string{"Decide", "Evolve", "AppendFact"} {
		t.Run(method, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, func(c *Config) {
				kind := products
				kind.New = func() core.Core { return &panickingProduct{Product: product.New().(*product.Product)} }
				c.Kinds = []core.Kind{kind, seats}
			})
			mustCreate(t, d, 5)
			requests := append(holdRequests(newHold(), 1), Request{Stream: lamp, ID: NewCommandID(), Command: &breakIn{method}})
			if _, err := d.AskAll(context.Background(), requests, nothingDecided); !errors.Is(err, ErrBroken) {
				t.Errorf("AskAll: %v, want %v", err, ErrBroken)
			}
			if _, err := d.AskAll(context.Background(), holdRequests(newHold(), 1, 2), nothingDecided); err != nil &&
				!errors.Is(err, ErrNotJoint) {
				t.Errorf("AskAll after a panic: %v, want success or %v", err, ErrNotJoint)
			}
			if _, err := ask(d, one("bob")); err != nil {
				t.Errorf("a command after a panic: %v, want success", err)
			}
			waitUntilIdle(t, d)
		})
	}
}

// TestJointStorm: overlapping groups, on two nodes, with every fault. Each seat has one owner at
// every prefix of the log, and a group in the log has all of its seats, next to each other.
func TestJointStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	checkNoLeaks(t)
	log := openLog(t, t.TempDir())
	var nodes [2]*Desk
	var logs [2]*faulty
	for i := range nodes {
		logs[i] = &faulty{Store: log, rng: rand.New(rand.NewPCG(seed, uint64(i))), lateNow: 2}
		nodes[i] = openDesk(
			t,
			logs[i],
			func(c *Config) { c.AppendTimeout, c.LoadTimeout = 20*time.Millisecond, 10*time.Second },
		)
	}
	acknowledged := sync.Map{}
	var all sync.WaitGroup
	for caller := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(100+caller)))
		all.Go(func() {
			for range 60 {
				group := random.Perm(60)[:1+random.IntN(4)]
				hold := newHold()
				node := nodes[random.IntN(2)]
				_, err := node.AskAll(context.Background(), holdRequests(hold, group...), nothingDecided)
				if errors.Is(err, ErrNotJoint) { // load the seats, so that a later try succeeds
					for _, n := range group {
						_, _ = node.Wake(context.Background(), seatStream(n))
					}
				}
				if err == nil {
					acknowledged.Store(hold, len(group))
				}
				for _, n := range group { // even without an answer, the holds may be in the log
					release := Request{Stream: seatStream(n), ID: NewCommandID(), Command: &seat.Release{HoldID: hold}}
					for range 20 {
						if _, err := nodes[random.IntN(2)].Ask(context.Background(), release); err == nil {
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
	owners, groups := map[events.StreamID]events.HoldID{}, map[events.HoldID]int{}
	last := events.HoldID("")
	for _, e := range readLog(t, log) {
		fact, err := e.Decode()
		if err != nil {
			t.Fatal(err)
		}
		switch fact := fact.(type) {
		case *events.SeatHeld:
			if owner := events.Holder(owners[e.Stream]); owner != "" {
				t.Errorf("%s is held by %s and by %s, want one owner", e.Stream, owner, fact.HoldID)
			}
			owners[e.Stream] = fact.HoldID
			if groups[fact.HoldID] > 0 && last != fact.HoldID {
				t.Errorf("the seats of group %s are not adjacent in the log", fact.HoldID)
			}
			groups[fact.HoldID]++
			last = fact.HoldID
		case *events.SeatReleased:
			owners[e.Stream], last = "", ""
		}
	}
	n := 0
	acknowledged.Range(func(hold, seats any) bool {
		if groups[hold.(events.HoldID)] != seats {
			t.Errorf("group %v was acknowledged with %d seats, the log has %d", hold, seats, groups[hold.(events.HoldID)])
		}
		n++
		return true
	})
	if n == 0 {
		t.Error("0 groups were acknowledged, want some")
	}
	t.Logf("%d groups acknowledged, %d in the log", n, len(groups))
	for _, node := range nodes {
		waitUntilIdle(t, node)
	}
}
