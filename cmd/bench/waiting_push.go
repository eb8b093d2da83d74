package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

// movingRoom has the settings of a room for movingVisitors that admits twenty of them per second. Visitors poll every
// one to eight seconds, so that the measured window contains the same share of all visitors' polls, whenever they
// began.
var movingRoom = events.WaitingRoomSettings{
	AdmitPerSecond:   20,
	MaxActive:        100_000,
	ActiveSeconds:    3600,
	HeartbeatSeconds: 8,
	Status:           events.RoomOpen,
	Order:            events.RoomFIFO,
	Version:          1,
}

const (
	// movingVisitors is the number of visitors, about as many as one process can open sockets for.
	movingVisitors = 10_000
	movingWindow   = 8 * time.Second
	movingIdle     = 2 * time.Second
	movingWorkers  = 16
)

// push keeps waiting visitors connected to a server in one of the ways to inform them.
type push struct {
	server   *server
	ring     *pass.Keyring
	received atomic.Int64 // answers, or frames
	broken   atomic.Int64
	mu       sync.Mutex
	open     []io.Closer // guarded by mu
}

// closeAtEnd registers a connection to be closed at the end.
func (p *push) closeAtEnd(c io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, c)
}

// measurePush fills a room with movingVisitors, calls connect, which connects them, and measures the server's cost
// beyond that of the room itself, and the rate of the answers, which unit names.
func (b *bench) measurePush(
	name string,
	room events.WaitingRoomSettings,
	unit string,
	connect func(p *push) error,
) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := fillRoom(dir, room, movingVisitors); err != nil {
		return "", err
	}
	ring, err := newPassKeys(dir)
	if err != nil {
		return "", err
	}
	s, err := b.serve(dir, "--access-log=false")
	if err != nil {
		return "", err
	}
	defer s.stop()
	p := &push{server: s, ring: ring}
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.open {
			c.Close()
		}
	}()
	if err := s.settle(); err != nil {
		return "", err
	}
	memory, idle := s.resident(), s.busy(movingIdle)
	if err := connect(p); err != nil {
		return "", err
	}
	received := p.received.Load()
	busy := s.busy(movingWindow)
	received = p.received.Load() - received
	if broken := p.broken.Load(); broken > 0 {
		return "", fmt.Errorf("%d connections are broken", broken)
	}
	return fmt.Sprintf("%.0f MB, %.1f %% of a core; %.0f %s/s", float64(s.resident()-memory)/(1<<20),
		100*max(busy-idle, 0), float64(received)/movingWindow.Seconds(), unit), nil
}

// busy returns the share of a core that the server uses during a period.
func (s *server) busy(d time.Duration) float64 {
	before, start := s.cpu(), time.Now()
	time.Sleep(d)
	return (s.cpu() - before).Seconds() / time.Since(start).Seconds()
}

// pollConn is a connection that polls for one visitor after another. It is opened at its first use, because a server
// closes connections that send nothing.
type pollConn struct {
	mu   sync.Mutex
	conn net.Conn      // guarded by mu
	in   *bufio.Reader // guarded by mu
}

// poll polls for a visitor and returns when to poll again, 0 if the visitor no longer waits.
func (c *pollConn) poll(p *push, path string) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.server.url, "http://"))
		if err != nil {
			return 0, err
		}
		p.closeAtEnd(conn)
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 1024)
	}
	if _, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", path, answer.Status)
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // missing: 0
	return time.Duration(seconds) * time.Second, nil
}

// poll polls for all visitors at the times that the server requests, over a number of connections, and returns after
// the first polls.
func (p *push) poll(connections int) error {
	conns := make([]pollConn, connections)
	for i := range movingVisitors {
		path := "/v1/waiting-rooms/large/visitors/" + visitorOf(p.ring, i+1)
		first := time.Duration(rand.Int64N(int64(movingWindow))) // the server has not told visitors when to poll
		go p.keepPolling(&conns[i%connections], path, first)
	}
	time.Sleep(movingWindow)
	return nil
}

func (p *push) keepPolling(c *pollConn, path string, next time.Duration) {
	for {
		time.Sleep(next)
		var err error
		if next, err = c.poll(p, path); err != nil {
			p.broken.Add(1)
			return
		}
		p.received.Add(1)
		if next == 0 {
			return
		}
	}
}

// listen opens a socket per visitor, sends a message and reads the frames.
func (p *push) listen(message func(visitor string) string) error {
	failed := make([]error, movingWorkers)
	var wg sync.WaitGroup
	for worker := range movingWorkers {
		wg.Go(func() {
			for i := worker; i < movingVisitors && failed[worker] == nil; i += movingWorkers {
				var conn *websocket.Conn
				if conn, _, failed[worker] = exchange(p.server, message(visitorOf(p.ring, i+1))); failed[worker] == nil {
					p.closeAtEnd(conn)
					go p.receive(conn)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (p *push) receive(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			p.broken.Add(1)
			return
		}
		p.received.Add(1)
	}
}

// measureWaitingPolls measures the server's cost of ten thousand polling visitors, who share a few
// connections, as behind a proxy, or have one each.
func measureWaitingPolls(b *bench) ([]row, error) {
	few, err := b.measurePush("polls-few", movingRoom, "polls", func(p *push) error { return p.poll(64) })
	if err != nil {
		return nil, err
	}
	rows := []row{{"10,000 waiting, who poll as they are unit, through 64 connections", few, ""}}
	each, err := b.measurePush("polls-each", movingRoom, "polls", func(p *push) error { return p.poll(movingVisitors) })
	return append(rows, row{"… with a connection each", each, ""}), err
}

// measureWaitingSockets measures the server's cost of ten thousand sockets, on which visitors wait, or which only
// watch the topic with the room's counts.
func measureWaitingSockets(b *bench) ([]row, error) {
	waiting, err := b.measurePush("sockets-wait", movingRoom, "frames", func(p *push) error {
		return p.listen(func(visitor string) string {
			return `{"event":"wait","data":{"room":"large","visitor":"` + visitor + `"}}`
		})
	})
	if err != nil {
		return nil, err
	}
	rows := []row{{"10,000 waiting, who wait over a WebSocket each", waiting, ""}}
	room := movingRoom
	room.HeartbeatSeconds = largeRoom.HeartbeatSeconds // watching is not a heartbeat
	watching, err := b.measurePush("sockets-topic", room, "frames", func(p *push) error {
		return p.listen(func(string) string { return `{"event":"subscribe","data":{"topics":["waiting-room:large"]}}` })
	})
	return append(rows, row{"10,000 WebSockets that watch the counts of that room, once a second", watching, ""}), err
}
