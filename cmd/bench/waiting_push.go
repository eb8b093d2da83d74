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

// movingRoom is one in which ten thousand wait and twenty a second come in. Nobody has
// to ask more often than every second or less often than every eight: so the window
// below has the same share of everybody's polls, whenever each has begun.
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
	// movingVisitors leave room for as many sockets in one process, and no more.
	movingVisitors = 10_000
	movingWindow   = 8 * time.Second
	movingIdle     = 2 * time.Second
	movingDoors    = 16
)

// push is one way to tell those who wait how it goes.
type push struct {
	server   *server
	ring     *pass.Keyring
	received atomic.Int64 // answers, or frames
	broken   atomic.Int64
	mu       sync.Mutex
	open     []io.Closer // guarded by mu
}

// opened keeps a connection until the end.
func (p *push) opened(c io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, c)
}

// measurePush fills a room like that, lets enter bring ten thousand people there who wait, and
// looks at what that costs the server beside the room itself. What they hear is told.
func (b *bench) measurePush(
	name string,
	room events.WaitingRoomSettings,
	told string,
	enter func(p *push) error,
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
	if err := enter(p); err != nil {
		return "", err
	}
	heard := p.received.Load()
	busy := s.busy(movingWindow)
	heard = p.received.Load() - heard
	if broken := p.broken.Load(); broken > 0 {
		return "", fmt.Errorf("%d connections are broken", broken)
	}
	return fmt.Sprintf(
		"%.0f MB, %.1f %% of a core; %.0f %s/s",
		float64(s.resident()-memory)/(1<<20),
		100*max(busy-idle, 0),
		float64(heard)/movingWindow.Seconds(),
		told,
	), nil
}

// busy is the share of a core that the server uses for a while.
func (s *server) busy(d time.Duration) float64 {
	before, begun := s.cpu(), time.Now()
	time.Sleep(d)
	return (s.cpu() - before).Seconds() / time.Since(begun).Seconds()
}

// ask is one connection that asks how it goes, for one visitor after another. It is
// made at the first need: a server does not wait for who connects and says nothing.
type ask struct {
	mu   sync.Mutex
	conn net.Conn      // guarded by mu
	in   *bufio.Reader // guarded by mu
}

// poll returns how soon to ask again; 0 if the visitor does not wait any more.
func (a *ask) poll(p *push, path string) (time.Duration, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == nil {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.server.url, "http://"))
		if err != nil {
			return 0, err
		}
		p.opened(conn)
		a.conn, a.in = conn, bufio.NewReaderSize(conn, 1024)
	}
	if _, err := fmt.Fprintf(a.conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(a.in, nil)
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

// poll has everybody ask when they are told to, over so many connections.
func (p *push) poll(connections int) error {
	asks := make([]ask, connections)
	for i := range movingVisitors {
		path := "/v1/waiting-rooms/large/visitors/" + visitorOf(p.ring, i+1)
		first := time.Duration(rand.Int64N(int64(movingWindow))) // nobody has been told anything yet
		go p.keepAsking(&asks[i%connections], path, first)
	}
	time.Sleep(movingWindow) // now everybody has
	return nil
}

func (p *push) keepAsking(a *ask, path string, next time.Duration) {
	for {
		time.Sleep(next)
		var err error
		if next, err = a.poll(p, path); err != nil {
			p.broken.Add(1)
			return
		}
		p.received.Add(1)
		if next == 0 {
			return
		}
	}
}

// listen has everybody open a socket and say something, and hear what comes.
func (p *push) listen(message func(visitor string) string) error {
	failed := make([]error, movingDoors)
	var entering sync.WaitGroup
	for door := range movingDoors { // some at a time
		entering.Go(func() {
			for i := door; i < movingVisitors && failed[door] == nil; i += movingDoors {
				var conn *websocket.Conn
				if conn, _, failed[door] = talk(p.server, message(visitorOf(p.ring, i+1))); failed[door] == nil {
					p.opened(conn)
					go p.receive(conn)
				}
			}
		})
	}
	entering.Wait()
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

// measureWaitingPolls looks at what ten thousand who ask cost the server, through a
// few connections, as of a proxy in front of it, and each through one of its own.
func measureWaitingPolls(b *bench) ([]row, error) {
	few, err := b.measurePush("polls-few", movingRoom, "polls", func(p *push) error { return p.poll(64) })
	if err != nil {
		return nil, err
	}
	rows := []row{{"10,000 waiting, who poll as they are told, through 64 connections", few, ""}}
	each, err := b.measurePush("polls-each", movingRoom, "polls", func(p *push) error { return p.poll(movingVisitors) })
	return append(rows, row{"… with a connection each", each, ""}), err
}

// measureWaitingSockets looks at what they cost with a socket each: waiting over it,
// and watching the topic, which has the counts alone.
func measureWaitingSockets(b *bench) ([]row, error) {
	waits, err := b.measurePush("sockets-wait", movingRoom, "frames", func(p *push) error {
		return p.listen(func(visitor string) string {
			return `{"event":"wait","data":{"room":"large","visitor":"` + visitor + `"}}`
		})
	})
	if err != nil {
		return nil, err
	}
	rows := []row{{"10,000 waiting, who wait over a WebSocket each", waits, ""}}
	patient := movingRoom // for watching is no sign of life
	patient.HeartbeatSeconds = largeRoom.HeartbeatSeconds
	topic, err := b.measurePush("sockets-topic", patient, "frames", func(p *push) error {
		return p.listen(func(string) string { return `{"event":"subscribe","data":{"topics":["waiting-room:large"]}}` })
	})
	return append(rows, row{"10,000 WebSockets that watch the counts of that room, once a second", topic, ""}), err
}
