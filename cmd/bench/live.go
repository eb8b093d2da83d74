package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

// subscribe opens a socket that watches a product.
func subscribe(s *server, id string) (*websocket.Conn, error) {
	conn, _, err := watch(s, "product:"+id)
	return conn, err
}

// watch opens a socket that watches a topic, and returns the snapshot.
func watch(s *server, topic string) (conn *websocket.Conn, snapshot []byte, err error) {
	return exchange(s, `{"event":"subscribe","data":{"topics":["`+topic+`"]}}`)
}

// exchange opens a socket, sends a message and returns the first answer.
func exchange(s *server, message string) (conn *websocket.Conn, answer []byte, err error) {
	dialer := websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512}
	conn, _, err = dialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/ws", nil)
	if err != nil {
		return nil, nil, err
	}
	err = conn.WriteMessage(websocket.TextMessage, []byte(message))
	if err == nil {
		_, answer, err = conn.ReadMessage()
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, answer, nil
}

// measureSubscribers measures the server's memory per socket, at rest and after changes that all sockets
// receive.
func measureSubscribers(b *bench) ([]row, error) {
	const sockets, changes = 5000, 200
	s, err := b.serve(filepath.Join(b.dir, "sockets"), "--demo")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.post("/v1/products", `{"id":"watched","name":"x","stock":1000000}`, nil); err != nil {
		return nil, err
	}
	warm, err := subscribe(s, "watched")
	if err != nil {
		return nil, err
	}
	defer warm.Close()
	before := s.resident()
	open, err := watchAll(s, "product:watched", sockets)
	defer closeAll(open)
	if err != nil {
		return nil, err
	}
	perSocket := func() string { return fmt.Sprintf("%.1f KB", float64(s.resident()-before)/1024/sockets) }
	idle := perSocket()
	for _, conn := range open {
		go discard(conn)
	}
	for range changes {
		if err := s.post("/v1/products/watched/reservations", `{"holder":"h"}`, nil); err != nil {
			return nil, err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return []row{
		{"a subscriber (resident memory of the server, 5,000 sockets)", idle, "≤ 14 KB"},
		{fmt.Sprintf("… after %d changes in 4 s", changes), perSocket(), "≤ 14 KB"},
	}, nil
}

// discard reads frames until the connection ends.
func discard(conn *websocket.Conn) {
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

// measureLatency makes one reservation after another, and measures the time from its answer to the arrival of the
// new count at a subscriber.
func measureLatency(b *bench) ([]row, error) {
	const samples = 500
	s, err := b.serve(filepath.Join(b.dir, "latency"), "--demo")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	arrived := arrivals{at: map[uint64]time.Time{}, wake: make(chan struct{}, 1)}
	if err := s.post("/v1/products", `{"id":"watched","name":"x","stock":1000000}`, nil); err != nil {
		return nil, err
	}
	watched, err := subscribe(s, "watched")
	if err != nil {
		return nil, err
	}
	defer watched.Close()
	go arrived.read(watched)
	var waits []time.Duration
	for range samples {
		var answer struct {
			Position uint64 `json:"position"`
		}
		if err := s.post("/v1/products/watched/reservations", `{"holder":"h"}`, &answer); err != nil {
			return nil, err
		}
		answered := time.Now()
		at, err := arrived.wait(answer.Position)
		if err != nil {
			return nil, err
		}
		waits = append(waits, max(0, at.Sub(answered)))
	}
	slices.Sort(waits)
	return []row{{"count at the subscriber after the answer, idle machine, p99",
		fmt.Sprintf("%v (p50 %v)", waits[samples*99/100].Round(10*time.Microsecond),
			waits[samples/2].Round(10*time.Microsecond)), "≤ 20 ms"}}, nil
}

// arrivals records the arrival times of frames by the position that they contain.
type arrivals struct {
	wake chan struct{}
	mu   sync.Mutex
	at   map[uint64]time.Time // guarded by mu
}

func (a *arrivals) read(conn *websocket.Conn) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		now := time.Now()
		var frame struct {
			Data struct {
				Position uint64 `json:"position"`
			} `json:"data"`
		}
		if json.Unmarshal(text, &frame) != nil {
			continue
		}
		a.mu.Lock()
		a.at[frame.Data.Position] = now
		a.mu.Unlock()
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
}

func (a *arrivals) wait(position uint64) (time.Time, error) {
	timeout := time.After(5 * time.Second)
	for {
		a.mu.Lock()
		at, ok := a.at[position]
		a.mu.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-a.wake:
		case <-timeout:
			return time.Time{}, fmt.Errorf("no frame with position %d within 5 s", position)
		}
	}
}
