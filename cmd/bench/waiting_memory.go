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

// visitorPool is a waiting room in this process: a desk and its rooms.
type visitorPool struct {
	instance
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
		instance: instance{store: store, desk: desk},
		rooms:    admission.New(admission.Config{Desk: desk, Keys: ring}),
		ring:     ring,
	}, nil
}

func (l *visitorPool) close() error {
	l.rooms.Close()
	return l.instance.close()
}

// measureWaitingMemory measures the memory per visitor of a room in this process with a million waiting visitors, all
// of whom have polled: the room's entity, the published line and the heartbeat table. Then it samples the age of
// the published line every millisecond.
func measureWaitingMemory(b *bench) ([]row, error) {
	dir := filepath.Join(b.dir, "lobby")
	if err := fillRoom(dir, largeRoom, waitingVisitors); err != nil {
		return nil, err
	}
	l, err := openVisitorPool(dir)
	if err != nil {
		return nil, err
	}
	defer l.close()
	before := heap()
	if err := l.rooms.Resume(context.Background(), "large"); err != nil {
		return nil, err
	}
	for ticket := 1; ticket <= waitingVisitors; ticket++ {
		if visit, err := l.rooms.Poll(context.Background(), "large", visitorOf(l.ring, ticket)); err != nil || visit.TooSoon {
			return nil, fmt.Errorf("the poll of ticket %d: %+v, %w", ticket, visit, err)
		}
	}
	each := float64(heap()-before) / waitingVisitors
	quiet, err := l.ages(5*time.Second, 0)
	if err != nil {
		return nil, err
	}
	busy, err := l.ages(5*time.Second, 64)
	if err != nil {
		return nil, err
	}
	return []row{
		{"a waiting visitor, of a million: entity, published line, heartbeats", fmt.Sprintf("%.0f B", each), "≤ 200 B"},
		{"age of the published line, a million waiting, p99", quiet, "≤ 100 ms"},
		{"… while 64 callers join and poll as fast as they can", busy, "≤ 100 ms"},
	}, nil
}

// ages samples the age of the line for a while, during which callers join and poll.
func (l *visitorPool) ages(each time.Duration, callers int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), each)
	defer cancel()
	var crowd sync.WaitGroup
	var joined atomic.Int64
	var failed atomic.Pointer[error]
	for caller := range callers {
		crowd.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				holder := events.Holder(fmt.Sprint("late-", caller, "-", i))
				_, _, _, err := l.rooms.Join(
					context.Background(),
					"large",
					holder,
					actors.Request{ID: actors.NewCommandID(), Actor: string(holder)},
				)
				if err == nil {
					_, err = l.rooms.Poll(context.Background(), "large", visitorOf(l.ring, 1+(i*callers+caller)%waitingVisitors))
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
		line, err := l.rooms.Line(context.Background(), "large")
		if err != nil {
			return "", err
		}
		ages = append(ages, time.Since(line.At))
	}
	crowd.Wait()
	if err := failed.Load(); err != nil {
		return "", *err
	}
	slices.Sort(ages)
	at := func(percent int) time.Duration { return ages[len(ages)*percent/100].Round(100 * time.Microsecond) }
	output := fmt.Sprintf("%v (p50 %v, longest %v)", at(99), at(50), ages[len(ages)-1].Round(100*time.Microsecond))
	if callers > 0 {
		output += fmt.Sprintf("; %.0f joins/s", float64(joined.Load())/each.Seconds())
	}
	return output, nil
}
