package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
)

const (
	// productWatchers is the number of watchers of a hot product. The server and this process each have one end of
	// their sockets, and may usually open 20,000 files.
	productWatchers = 9000
	// sampleEvery makes every eighth watcher sample the age of its counts.
	sampleEvery = 8
	// clockInterval is the interval between the reservations that record the times of positions.
	clockInterval = 5 * time.Millisecond
)

// measureWatched compares a hot product that has many watchers with one that has none, on one server.
func measureWatched(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "watched"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	for _, id := range []string{"alone", "watched"} {
		if err := s.post("/v1/products", fmt.Sprintf(`{"id":%q,"name":"x","stock":1000000000}`, id), nil); err != nil {
			return nil, err
		}
	}
	if _, err := b.wrk(s, "/v1/products/alone/reservations"); err != nil { // warm
		return nil, err
	}
	a := &audience{}
	if err := a.open(s); err != nil {
		return nil, err
	}
	defer closeAll(a.conns)
	var with, without []float64
	for range b.turns {
		alone, err := b.wrk(s, "/v1/products/alone/reservations")
		if err != nil {
			return nil, err
		}
		watched, err := a.flood(b, s)
		if err != nil {
			return nil, err
		}
		without, with = append(without, alone.rate), append(with, watched.rate)
	}
	delay, err := a.lastDelay(s)
	if err != nil {
		return nil, err
	}
	ages := a.ages()
	percentile := func(p int) time.Duration { return ages[len(ages)*p/100].Round(time.Millisecond) }
	return []row{
		{"hot product with 9,000 watchers, as a share of without",
			fmt.Sprintf("%s; %s with", spread(ratios(with, without), "%.2f"), spread(with, "%.0f/s")), "≥ 0.70"},
		{"… age of a count at a watcher meanwhile, p99", fmt.Sprintf("%v (p50 %v)", percentile(99), percentile(50)),
			"≤ 500 ms"},
		{"… the last count at all watchers after its answer", delay.Round(time.Millisecond).String(), ""},
	}, nil
}

// audience is the group of watchers of the product "watched".
type audience struct {
	conns      []*websocket.Conn
	shown      []atomic.Int64  // position of the count that each one shows
	dated      []datedPosition // positions, in order
	floodStart atomic.Int64    // when the flood began, in Unix nanoseconds

	mu      sync.Mutex
	sampled []change // guarded by mu
}

// datedPosition is a position and the time at which an answer with it was received.
type datedPosition struct {
	position int64
	at       time.Time
}

// change is the arrival of a new count at a watcher.
type change struct {
	shown int64     // position of the previous count
	since time.Time // when the previous count arrived
	at    time.Time // when the new count arrived
}

func (a *audience) open(s *server) (err error) {
	if a.conns, err = watchAll(s, "product:watched", productWatchers); err != nil {
		closeAll(a.conns)
		return err
	}
	a.shown = make([]atomic.Int64, len(a.conns))
	for i := range a.conns {
		go a.follow(i)
	}
	return nil
}

// follow reads the frames of one watcher. It does not decode their JSON, because that would cost more CPU than the
// server needs to send them.
func (a *audience) follow(i int) {
	frame := make([]byte, 512)
	var since time.Time
	for {
		_, r, err := a.conns[i].NextReader()
		if err != nil {
			return
		}
		n, _ := io.ReadFull(r, frame)
		now := time.Now()
		position := number(frame[:n], `"position":`)
		if i%sampleEvery == 0 && since.UnixNano() > a.floodStart.Load() {
			a.mu.Lock()
			a.sampled = append(a.sampled, change{shown: a.shown[i].Load(), since: since, at: now})
			a.mu.Unlock()
		}
		a.shown[i].Store(position)
		since = now
	}
}

// number returns the number after a key of a frame, or 0 if the frame does not have the key.
func number(frame []byte, key string) int64 {
	_, rest, _ := bytes.Cut(frame, []byte(key))
	digits := bytes.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	n, _ := strconv.ParseInt(string(rest[:max(0, digits)]), 10, 64)
	return n
}

// flood makes wrk reserve the product for one turn, and records the times of positions meanwhile.
func (a *audience) flood(b *bench, s *server) (wrkResult, error) {
	stop := make(chan struct{})
	a.floodStart.Store(time.Now().UnixNano())
	var failed error
	var clock sync.WaitGroup
	clock.Go(func() {
		for failed == nil {
			select {
			case <-stop:
				return
			case <-time.After(clockInterval):
				_, failed = a.reserve(s)
			}
		}
	})
	seen, err := b.wrk(s, "/v1/products/watched/reservations")
	close(stop)
	clock.Wait()
	return seen, errors.Join(err, failed)
}

// reserve makes one reservation, and records the time of its position.
func (a *audience) reserve(s *server) (datedPosition, error) {
	var answer struct {
		Position int64 `json:"position"`
	}
	err := s.post("/v1/products/watched/reservations", `{"holder":"h"}`, &answer)
	d := datedPosition{answer.Position, time.Now()}
	a.dated = append(a.dated, d)
	return d, err
}

// lastDelay makes one more reservation and returns the time from its answer until all watchers show it.
func (a *audience) lastDelay(s *server) (time.Duration, error) {
	d, err := a.reserve(s)
	if err != nil {
		return 0, err
	}
	for i := range a.shown {
		for a.shown[i].Load() < d.position {
			if time.Since(d.at) > 10*time.Second {
				return 0, fmt.Errorf("watcher %d did not receive the last count within 10 s", i)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return time.Since(d.at), nil
}

// ages returns, sorted, for how long the counts that watchers showed had been stale, sampled every 10 ms.
func (a *audience) ages() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ages []time.Duration
	for _, c := range a.sampled {
		next, _ := slices.BinarySearchFunc(a.dated, c.shown+1,
			func(d datedPosition, position int64) int { return int(d.position - position) })
		if next == len(a.dated) {
			continue
		}
		for at := c.since; at.Before(c.at); at = at.Add(10 * time.Millisecond) {
			ages = append(ages, max(0, at.Sub(a.dated[next].at)))
		}
	}
	slices.Sort(ages)
	if len(ages) == 0 {
		ages = append(ages, 0)
	}
	return ages
}
