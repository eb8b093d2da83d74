package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
	"admitone/events/embedded"
)

// visitorPool is a desk in this process, with its waiting rooms.
type visitorPool struct {
	harness
	rooms *admission.Rooms
	ring  *pass.Keyring
}

func openVisitorPool(dir string) (*visitorPool, error) {
	store, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		return nil, err
	}
	engine, err := actors.NewEngine()
	if err != nil {
		return nil, err
	}
	ring, err := pass.NewKeyring(pass.NewKey(1))
	if err != nil {
		return nil, err
	}
	desk := actors.NewDesk(
		engine,
		actors.Config{Store: store, Snapshots: store, Kinds: []core.Kind{waitingroom.Kind}, IdleAfter: time.Hour},
	)
	return &visitorPool{
		harness: harness{store: store, desk: desk},
		rooms:   admission.New(admission.Config{Desk: desk, Keys: ring}),
		ring:    ring,
	}, nil
}

func (p *visitorPool) close() error {
	p.rooms.Close()
	return p.harness.close()
}

// measureWaitingMemory measures the memory that a room in this process needs for each of a million waiting visitors
// who have all polled: its entity, its published line and its heartbeat table. Then it samples the age of the
// published line every millisecond.
func measureWaitingMemory(b *bench) ([]row, error) {
	dir := filepath.Join(b.dir, "lobby")
	if err := fillRoom(dir, largeRoom, waitingVisitors); err != nil {
		return nil, err
	}
	p, err := openVisitorPool(dir)
	if err != nil {
		return nil, err
	}
	defer p.close()
	before := heap()
	if err := p.rooms.Resume(context.Background(), "large"); err != nil {
		return nil, err
	}
	for ticket := 1; ticket <= waitingVisitors; ticket++ {
		if visit, err := p.rooms.Poll(context.Background(), "large", visitorOf(p.ring, ticket)); err != nil || visit.TooSoon {
			return nil, fmt.Errorf("poll of ticket %d: %+v, %v; want no error and not too soon", ticket, visit, err)
		}
	}
	perVisitor := float64(heap()-before) / waitingVisitors
	quiet, err := p.ages(5*time.Second, 0)
	if err != nil {
		return nil, err
	}
	busy, err := p.ages(5*time.Second, 64)
	if err != nil {
		return nil, err
	}
	return []row{
		{"a waiting visitor, of a million: entity, published line, heartbeats", fmt.Sprintf("%.0f B", perVisitor), "≤ 200 B"},
		{"age of the published line, a million waiting, p99", quiet, "≤ 100 ms"},
		{"… while 64 callers join and poll as fast as they can", busy, "≤ 100 ms"},
	}, nil
}

// ages samples the age of the published line for a duration, during which callers join and poll.
func (p *visitorPool) ages(d time.Duration, callers int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var wg sync.WaitGroup
	var joined atomic.Int64
	var failed atomic.Pointer[error]
	for caller := range callers {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				holder := events.Holder(fmt.Sprint("late-", caller, "-", i))
				_, _, _, err := p.rooms.Join(context.Background(), "large", holder,
					actors.Request{ID: actors.NewCommandID(), Actor: string(holder)})
				if err == nil {
					_, err = p.rooms.Poll(context.Background(), "large", visitorOf(p.ring, 1+(i*callers+caller)%waitingVisitors))
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				joined.Add(1)
			}
		})
	}
	var ages []time.Duration
	for ctx.Err() == nil {
		time.Sleep(time.Millisecond)
		line, err := p.rooms.Line(context.Background(), "large")
		if err != nil {
			return "", err
		}
		ages = append(ages, time.Since(line.At))
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return "", *err
	}
	slices.Sort(ages)
	percentile := func(p int) time.Duration { return ages[len(ages)*p/100].Round(100 * time.Microsecond) }
	output := fmt.Sprintf("%v (p50 %v, longest %v)", percentile(99), percentile(50),
		ages[len(ages)-1].Round(100*time.Microsecond))
	if callers > 0 {
		output += fmt.Sprintf("; %.0f joins/s", float64(joined.Load())/d.Seconds())
	}
	return output, nil
}
