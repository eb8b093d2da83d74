package sockets

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// flood reserves product p until stop is set, and returns the number of reservations.
func (w *harness) flood(stop *atomic.Bool) (count int64) {
	var n atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for !stop.Load() {
				w.reserve("p")
				n.Add(1)
			}
		})
	}
	all.Wait()
	return n.Load()
}

// TestSlowAmongFast: fast and slow clients receive gapless frames and end with the last count, while another
// client does not read.
func TestSlowAmongFast(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1 })
	w.product("p", 20_000)
	w.stalled()
	var watching sync.WaitGroup
	var end atomic.Int64 // position of the last frame, once it is known
	for i := range 12 {
		slow := i%3 == 0
		v := &watcher{Peer: w.dial("/ws")}
		if slow {
			v.Peer = w.stalled()
			if _, d, err := v.Read(); err == nil {
				v.epoch, v.position, v.remaining = d.Epoch, d.Position, d.Remaining
			}
		} else {
			w.must(v.subscribe())
		}
		watching.Go(func() {
			for end.Load() == 0 || v.position < end.Load() {
				if err := v.follow(v.position+1, 1); err != nil {
					t.Errorf("watcher %d: %v", i, err)
					return
				}
				if slow && end.Load() == 0 {
					time.Sleep(30 * time.Millisecond)
				}
			}
			if v.position != end.Load() || v.remaining != 20_000-(end.Load()-1) {
				t.Errorf("watcher %d ends with %d remaining at %d, want %d at %d", i, v.remaining, v.position,
					20_000-(end.Load()-1), end.Load())
			}
		})
	}
	var stop atomic.Bool
	time.AfterFunc(500*time.Millisecond, func() { stop.Store(true) })
	last := 1 + w.flood(&stop)
	end.Store(last + 1)
	w.reserve("p") // the last frame, at position end, ends the watchers
	watching.Wait()
}

// openSockets opens sockets that watch product p. Their clients use little memory and read only the
// snapshot.
func (w *harness) openSockets(n int) {
	w.t.Helper()
	request := "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	subscribe := append([]byte{0x81, 0x80 | byte(len(subscribeP)), 0, 0, 0, 0}, subscribeP...)
	buffer := bufio.NewReader(nil)
	for range n {
		conn, err := net.Dial("tcp", w.address)
		w.must(err)
		w.t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(testTimeout))
		fmt.Fprint(conn, request)
		buffer.Reset(conn)
		response, err := http.ReadResponse(buffer, nil)
		if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
			w.t.Fatalf("the upgrade was answered with %v, %v; want 101", response, err)
		}
		_, err = conn.Write(subscribe)
		w.must(err)
		head, err := buffer.Peek(4)
		w.must(err)
		if _, err := buffer.Discard(4 + int(head[2])<<8 + int(head[3])); err != nil {
			w.t.Fatal(err)
		}
	}
}

// memory returns the heap and stack bytes in use after a garbage collection.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestManySockets: thousands of sockets in a flood of changes need no goroutines besides their readers,
// and no more memory than idle ones.
func TestManySockets(t *testing.T) {
	sockets := 5000
	var limit syscall.Rlimit
	w := newHarness(t, func(w *harness) { w.config.MaxSockets = 10_000; w.frames = 2 * time.Millisecond })
	w.must(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	sockets = min(sockets, int(limit.Cur/2)-200)
	w.product("p", 10_000_000)
	w.openSockets(1)
	baseline := memory()
	w.openSockets(sockets)
	idle, readers := memory(), runtime.NumGoroutine()
	if perSocket := (idle - baseline) / int64(sockets); perSocket > 14<<10 {
		t.Errorf("%d bytes per idle socket, both ends; want at most %d", perSocket, 14<<10)
	}
	maxGoroutines, last := 0, int64(0)
	for sent, started := 0.0, time.Now(); sent < float64(4*sockets); sent = w.metric("admitone_frames_sent_total") {
		if time.Since(started) > testTimeout {
			t.Fatalf("%.0f frames sent for %d reservations within %v, want %d", sent, last, testTimeout, 4*sockets)
		}
		var stop atomic.Bool
		go func() {
			for began := time.Now(); time.Since(began) < time.Second; time.Sleep(time.Millisecond) {
				maxGoroutines = max(maxGoroutines, runtime.NumGoroutine())
			}
			stop.Store(true)
		}()
		last += w.flood(&stop)
	}
	if maxGoroutines > readers+200 {
		t.Errorf("%d goroutines in the flood, want at most %d", maxGoroutines, readers+200)
	}
	perSocket := (memory() - baseline) / int64(sockets)
	if perSocket > 14<<10 {
		t.Errorf("%d bytes per socket after the flood, both ends; want at most %d", perSocket, 14<<10)
	}
	t.Logf("%d bytes per idle socket, %d after the flood; %d goroutines, %d in the flood; %.0f frames",
		(idle-baseline)/int64(sockets), perSocket, readers, maxGoroutines, w.metric("admitone_frames_sent_total"))
}

// TestTornFrame: a frame of which the kernel accepts only the beginning is completed before
// anything else is sent.
func TestTornFrame(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	p := w.dial("/ws")
	p.Send(subscribeP)
	p.Expect("snapshot")
	s := w.hub.list()[0]
	message := textMessage([]byte(`{"event":"error","data":{"code":"internal","detail":"` + strings.Repeat("x",
		500) + `"}}`))
	s.mu.Lock()
	if n, err := writeSome(s.fd, message[:100]); n != 100 || err != nil {
		t.Fatalf("writeSome = %d, %v; want 100", n, err)
	}
	s.partial = message[100:]
	s.pinging = true
	s.wake()
	s.mu.Unlock()
	w.reserve("p")
	p.Expect("error")
	p.Expect("delta")
}

// TestTextMessages: messages of every size have the head that the protocol requires.
func TestTextMessages(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	p := w.dial("/ws")
	p.Send(`{"event":"ping"}`)
	p.Expect("pong")
	s := w.hub.list()[0]
	for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 200_000} {
		w.must(s.write(textMessage([]byte(strings.Repeat("x", size))), time.Now().Add(testTimeout)))
		_, text, err := p.Conn.ReadMessage()
		if err != nil || len(text) != size {
			t.Fatalf("%d bytes arrived (%v), want %d", len(text), err, size)
		}
	}
}
