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
	seatSubscribers  = 10_000 // subscribers to the seats of a performance
	subscribedSeats  = 1000   // seats of the performance
	subscriberRounds = 20     // measured bookings
)

// subscriberGroup has many sockets on one topic, and the delays until they received changes.
type subscriberGroup struct {
	open   []*websocket.Conn
	broken atomic.Int64
	all    chan struct{} // receives a value when all subscribers have received the awaited change

	mu        sync.Mutex
	seat      []byte          // the seat whose change is awaited, as encoded in a frame; guarded by mu
	requested time.Time       // time of the request; guarded by mu
	received  int             // guarded by mu
	waits     []time.Duration // guarded by mu
}

// measureSeatSubscribers books seats sequentially and measures how long each change takes to reach each of ten
// thousand subscribers, from the request, since a seat is held before its booking is answered.
func measureSeatSubscribers(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "onlookers"), "--access-log=false")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.post("/v1/performances", performance("seen", oneRow(subscribedSeats)), nil); err != nil {
		return nil, err
	}
	g := &subscriberGroup{all: make(chan struct{}, 1)}
	defer g.close()
	if err := g.add(s, "seats:seen"); err != nil {
		return nil, err
	}
	for round := range subscriberRounds {
		if err := g.change(s, fmt.Sprintf("A-1-%d", round+1)); err != nil {
			return nil, err
		}
	}
	slices.Sort(g.waits)
	percentile := func(p int) time.Duration { return g.waits[len(g.waits)*p/100].Round(100 * time.Microsecond) }
	return []row{{fmt.Sprintf("a seat's change at %d subscribers after the request, p99", seatSubscribers),
		fmt.Sprintf("%v (p50 %v, of %d changes)", percentile(99), percentile(50), subscriberRounds), "≤ 200 ms"}}, nil
}

// add opens the sockets and starts to read from them.
func (g *subscriberGroup) add(s *server, topic string) (err error) {
	if g.open, err = watchAll(s, topic, seatSubscribers); err != nil {
		return err
	}
	for _, conn := range g.open {
		go g.listen(conn)
	}
	return nil
}

// watchAll opens sockets that watch a topic, with limited concurrency. After an error, some of them may be nil.
func watchAll(s *server, topic string, sockets int) ([]*websocket.Conn, error) {
	open := make([]*websocket.Conn, sockets)
	const workers = 16
	failed := make([]error, workers)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < sockets && failed[worker] == nil; i += workers {
				open[i], _, failed[worker] = watch(s, topic)
			}
		})
	}
	wg.Wait()
	return open, errors.Join(failed...)
}

func (g *subscriberGroup) close() { closeAll(g.open) }

func closeAll(open []*websocket.Conn) {
	for _, conn := range open {
		if conn != nil {
			conn.Close()
		}
	}
}

// listen records the delays of awaited changes. It does not decode the frames, because that would cost more CPU than
// the server needs to send them.
func (g *subscriberGroup) listen(conn *websocket.Conn) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			g.broken.Add(1)
			return
		}
		now := time.Now()
		g.mu.Lock()
		if bytes.Contains(text, g.seat) {
			g.waits = append(g.waits, now.Sub(g.requested))
			if g.received++; g.received == len(g.open) {
				g.all <- struct{}{}
			}
		}
		g.mu.Unlock()
	}
}

// change books a seat and waits until the change has arrived at all subscribers.
func (g *subscriberGroup) change(s *server, seat string) error {
	g.mu.Lock()
	g.seat, g.received, g.requested = []byte(`"`+seat+`":`), 0, time.Now()
	g.mu.Unlock()
	if err := s.post("/v1/performances/seen/bookings", fmt.Sprintf(`{"holder":"h","seats":[%q]}`, seat), nil); err != nil {
		return err
	}
	select {
	case <-g.all:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("some subscribers did not receive the change of seat %s within 10 s; %d sockets are broken",
			seat, g.broken.Load())
	}
}
