package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
)

const (
	// onlookers watch a performance's seats, of which now and then one changes.
	onlookers      = 10_000
	onlookedSeats  = 1000
	onlookedRounds = 20
)

// audience is many sockets on one topic, and when each change has come to each.
type audience struct {
	open   []*websocket.Conn
	broken atomic.Int64
	all    chan struct{} // one token when all have heard

	mu    sync.Mutex
	seat  []byte          // whose change is waited for, as it stands in a frame; guarded by mu
	begun time.Time       // when it was asked for; guarded by mu
	heard int             // guarded by mu
	waits []time.Duration // guarded by mu
}

// measureOnlookers books seats one by one and looks at when the change is with each of
// ten thousand subscribers, counted from the moment the booking is asked for: a seat
// is held before its booking is.
func measureOnlookers(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "onlookers"), "--access-log=false")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.post("/v1/performances", performance("seen", oneRow(onlookedSeats)), nil); err != nil {
		return nil, err
	}
	a := &audience{all: make(chan struct{}, 1)}
	defer a.close()
	if err := a.enter(s, "seats:seen"); err != nil {
		return nil, err
	}
	for round := range onlookedRounds {
		if err := a.change(s, fmt.Sprintf("A-1-%d", round+1)); err != nil {
			return nil, err
		}
	}
	slices.Sort(a.waits)
	at := func(share int) time.Duration { return a.waits[len(a.waits)*share/100].Round(100 * time.Microsecond) }
	return []row{{fmt.Sprintf("a seat's change at %d subscribers after the request, p99", onlookers),
		fmt.Sprintf("%v (p50 %v, of %d changes)", at(99), at(50), onlookedRounds), "≤ 200 ms"}}, nil
}

// enter opens the sockets, some at a time.
func (a *audience) enter(s *server, topic string) error {
	a.open = make([]*websocket.Conn, onlookers)
	const doors = 16
	failed := make([]error, doors)
	var entering sync.WaitGroup
	for door := range doors {
		entering.Go(func() {
			for i := door; i < onlookers && failed[door] == nil; i += doors {
				a.open[i], _, failed[door] = watch(s, topic)
			}
		})
	}
	entering.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	for _, conn := range a.open {
		go a.listen(conn)
	}
	return nil
}

func (a *audience) close() {
	for _, conn := range a.open {
		if conn != nil {
			conn.Close()
		}
	}
}

// listen notes when the change that is waited for arrives. Reading the frame as JSON
// would cost the machine more than sending it.
func (a *audience) listen(conn *websocket.Conn) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			a.broken.Add(1)
			return
		}
		now := time.Now()
		a.mu.Lock()
		if bytes.Contains(text, a.seat) {
			a.waits = append(a.waits, now.Sub(a.begun))
			if a.heard++; a.heard == len(a.open) {
				a.all <- struct{}{}
			}
		}
		a.mu.Unlock()
	}
}

// change books a seat and returns when everybody knows.
func (a *audience) change(s *server, seat string) error {
	a.mu.Lock()
	a.seat, a.heard, a.begun = []byte(`"`+seat+`":`), 0, time.Now()
	a.mu.Unlock()
	if err := s.post("/v1/performances/seen/bookings", fmt.Sprintf(`{"holder":"h","seats":[%q]}`, seat), nil); err != nil {
		return err
	}
	select {
	case <-a.all:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("not everybody has heard within 10 s; %d sockets are broken", a.broken.Load())
	}
}
