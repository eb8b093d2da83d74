package actors

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/actors/product"
	"admitone/events"
)

// TestNothingIsLostToDropping sends commands through entities that are evicted as fast as possible.
// Eight are in use at a time, and each sells out exactly.
func TestNothingIsLostToDropping(t *testing.T) {
	checkNoLeaks(t)
	commands := 400_000
	if raceDetector {
		commands = 40_000
	}
	const inUse, each, callers = 8, 50, 24
	log := newMemory()
	d := openDesk(t, log, nil)
	name := func(n int) events.ProductID { return events.ProductID(fmt.Sprint("lamp", n)) }
	entities := commands / each
	for n := range entities {
		_, err := d.Ask(context.Background(), Request{Stream: product.Stream(name(n)), ID: NewCommandID(),
			Command: &product.Create{ID: name(n), Name: "Lamp", Stock: each, HoldSeconds: 60}})
		must(t, err)
	}
	var sweeping sync.WaitGroup
	stop := make(chan struct{})
	sweeping.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				d.Sweep()
				runtime.Gosched()
			}
		}
	})
	answers := make([]acknowledged, commands)
	var next atomic.Int64
	wantResults(t, concurrently(callers, func(int) error {
		for {
			n := int(next.Add(1)) - 1
			if n >= commands {
				return nil
			}
			entity := n/(inUse*each)*inUse + n%inUse
			a := &answers[n]
			a.id = NewCommandID()
			var err error
			a.answer, err = d.Ask(
				context.Background(),
				Request{Stream: product.Stream(name(entity)), ID: a.id, Command: one("ann")},
			)
			if err != nil {
				return err
			}
		}
	}), map[string]int{"ok": callers})
	close(stop)
	sweeping.Wait()
	if got, _ := log.Head(context.Background()); got != events.Position(commands+entities) {
		t.Errorf("the log has %d events, want %d", got, commands+entities)
	}
	// An audit would take longer than the commands. Unique positions and bounded revisions show that
	// each command is in the log once and that each lamp is sold out.
	seen := map[events.Position]bool{}
	for n, a := range answers {
		if event := log.log[a.answer.Position-1]; seen[event.Position] || event.Revision != a.answer.Revision ||
			events.RecordedCommand(event.Metadata) != string(a.id) || event.Revision > each {
			t.Fatalf("command %d was answered with %+v, want %s at revision %d as in the log",
				n, a.answer, event.Stream, event.Revision)
		}
		seen[a.answer.Position] = true
	}
	stats := d.Stats()
	t.Logf("%d commands: %+v", commands, stats)
	if stats.InFlight != 0 || stats.Conflicts != 0 || stats.Dropped < int64(2*entities) {
		t.Errorf("stats = %+v, want InFlight 0, Conflicts 0, Dropped at least %d", stats, 2*entities)
	}
}
