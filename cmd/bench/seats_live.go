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
	// seatSubscribers is the number of subscribers to the seats of a performance.
	seatSubscribers  = 10_000
	subscribedSeats  = 1000
	subscriberRounds = 20
)

// subscriberGroup has many sockets on one topic, and the arrival times of changes at each.
type subscriberGroup struct {
	open   []*websocket.Conn
	broken atomic.Int64
	all    chan struct{} // one token when all have received it

	mu       sync.Mutex
	seat     []byte          // the seat whose change is awaited, as encoded in a frame; guarded by mu
	begun    time.Time       // time of the request; guarded by mu
	received int             // guarded by mu
	waits    []time.Duration // guarded by mu
}

// measureSeatSubscribers books seats sequentially and measures when each change arrives at each of ten thousand
// subscribers, from the moment of the request, since a seat is held before its booking is answered.
func measureSeatSubscribers(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "onlookers"), "--access-log=false")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.post("/v1/performances", performance("seen", oneRow(subscribedSeats)), nil); err != nil {
		return nil, err
	}
	a := &subscriberGroup{all: make(chan struct{}, 1)}
	defer a.close()
	if err := a.add(s, "seats:seen"); err != nil {
		return nil, err
	}
	for round := range subscriberRounds {
		if err := a.change(s, fmt.Sprintf("A-1-%d", round+1)); err != nil {
			return nil, err
		}
	}
	slices.Sort(a.waits)
	at := func(share int) time.Duration { return a.waits[len(a.waits)*share/100].Round(100 * time.Microsecond) }
	return []row{{fmt.Sprintf("a seat's change at %d subscribers after the request, p99", seatSubscribers),
		fmt.Sprintf("%v (p50 %v, of %d changes)", at(99), at(50), subscriberRounds), "≤ 200 ms"}}, nil
}

// add opens the sockets.
func (a *subscriberGroup) add(s *server, topic string) (err error) {
	if a.open, err = watchAll(s, topic, seatSubscribers); err != nil {
		return err
	}
	for _, conn := range a.open {
		go a.listen(conn)
	}
	return nil
}

// watchAll opens sockets that watch a topic, with limited concurrency. Some may be nil after an error.
func watchAll(s *server, topic string, sockets int) ([]*websocket.Conn, error) {
	open := make([]*websocket.Conn, sockets)
	const doors = 16
	failed := make([]error, doors)
	var entering sync.WaitGroup
	for door := range doors {
		entering.Go(func() {
			for i := door; i < sockets && failed[door] == nil; i += doors {
				open[i], _, failed[door] = watch(s, topic)
			}
		})
	}
	entering.Wait()
	return open, errors.Join(failed...)
}

func (a *subscriberGroup) close() { closeAll(a.open) }

func closeAll(open []*websocket.Conn) {
	for _, conn := range open {
		if conn != nil {
			conn.Close()
		}
	}
}

// listen records when the awaited change arrives. It does not decode frames, which would cost more CPU than
// sending them.
func (a *subscriberGroup) listen(conn *websocket.Conn) {
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
			if a.received++; a.received == len(a.open) {
				a.all <- struct{}{}
			}
		}
		a.mu.Unlock()
	}
}

// change books a seat and waits until the change has arrived at all subscribers.
func (a *subscriberGroup) change(s *server, seat string) error {
	a.mu.Lock()
	a.seat, a.received, a.begun = []byte(`"`+seat+`":`), 0, time.Now()
	a.mu.Unlock()
	if err := s.post("/v1/performances/seen/bookings", fmt.Sprintf(`{"holder":"h","seats":[%q]}`, seat), nil); err != nil {
		return err
	}
	select {
	case <-a.all:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("not all have received it within 10 s; %d sockets are broken", a.broken.Load())
	}
}
