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
	// productWatchers is the number of watchers of a hot product. Both ends of their sockets are in two processes,
	// each of which may usually open 20,000 files.
	productWatchers = 9000
	// sampledWatchers is the ratio of all watchers to those for which the age of the counts is
	// sampled.
	sampledWatchers = 8
	// clockEvery is the interval at which positions are dated.
	clockEvery = 5 * time.Millisecond
)

// measureWatched compares a hot product with many watchers with one without, on one server.
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
	late, err := a.last(s)
	if err != nil {
		return nil, err
	}
	ages := a.ages()
	at := func(share int) time.Duration { return ages[len(ages)*share/100].Round(time.Millisecond) }
	return []row{
		{"hot product with 9,000 watchers, as a share of without",
			fmt.Sprintf("%s; %s with", spread(ratios(with, without), "%.2f"), spread(with, "%.0f/s")), "≥ 0.70"},
		{"… age of a count at a watcher meanwhile, p99", fmt.Sprintf("%v (p50 %v)", at(99), at(50)), "≤ 500 ms"},
		{"… the last count at all watchers after its answer", late.Round(time.Millisecond).String(), ""},
	}, nil
}

// audience is the group of watchers of the product "watched".
type audience struct {
	conns []*websocket.Conn
	shown []atomic.Int64 // position of the count that each one shows
	dated []dated        // positions, in order
	begun atomic.Int64   // when the flood began, in Unix nanoseconds

	mu      sync.Mutex
	sampled []change // guarded by mu
}

// dated is a position and the time of the answer that contained it.
type dated struct {
	position int64
	at       time.Time
}

// change is the arrival of a new count at a watcher, at at. The previous count had been shown since
// since.
type change struct {
	shown     int64
	since, at time.Time
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

// follow reads the frames of one watcher without decoding their JSON, which would cost more than sending them.
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
		if i%sampledWatchers == 0 && since.UnixNano() > a.begun.Load() {
			a.mu.Lock()
			a.sampled = append(a.sampled, change{a.shown[i].Load(), since, now})
			a.mu.Unlock()
		}
		a.shown[i].Store(position)
		since = now
	}
}

// number returns the number after a key of a frame, 0 for none.
func number(frame []byte, key string) int64 {
	_, rest, _ := bytes.Cut(frame, []byte(key))
	digits := bytes.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	n, _ := strconv.ParseInt(string(rest[:max(0, digits)]), 10, 64)
	return n
}

// flood makes wrk reserve the product, and records the times of positions meanwhile.
func (a *audience) flood(b *bench, s *server) (crowd, error) {
	stop := make(chan struct{})
	a.begun.Store(time.Now().UnixNano())
	var failed error
	var clock sync.WaitGroup
	clock.Go(func() {
		for failed == nil {
			select {
			case <-stop:
				return
			case <-time.After(clockEvery):
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
func (a *audience) reserve(s *server) (dated, error) {
	var answer struct {
		Position int64 `json:"position"`
	}
	err := s.post("/v1/products/watched/reservations", `{"holder":"h"}`, &answer)
	d := dated{answer.Position, time.Now()}
	a.dated = append(a.dated, d)
	return d, err
}

// last makes one more reservation and returns the time until all watchers show it.
func (a *audience) last(s *server) (time.Duration, error) {
	d, err := a.reserve(s)
	if err != nil {
		return 0, err
	}
	for i := range a.shown {
		for a.shown[i].Load() < d.position {
			if time.Since(d.at) > 10*time.Second {
				return 0, errors.New("a watcher does not have the last count within 10 s")
			}
			time.Sleep(time.Millisecond)
		}
	}
	return time.Since(d.at), nil
}

// ages samples at even intervals for how long the count that a watcher shows has been stale.
func (a *audience) ages() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ages []time.Duration
	for _, c := range a.sampled {
		next, _ := slices.BinarySearchFunc(a.dated, c.shown+1,
			func(d dated, position int64) int { return int(d.position - position) })
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
