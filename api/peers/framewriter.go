package peers

import (
	"net"
	"runtime"
	"sync"
	"time"
)

const (
	// maxPending bounds the bytes that wait to be written to a connection, apart from one frame per sender.
	maxPending = 1 << 20
	// maxKept bounds a buffer that is kept for later frames.
	maxKept = 256 << 10
	// frameWriteTimeout bounds a write. A peer that does not read is treated as failed.
	frameWriteTimeout = 5 * time.Second
)

// frameWriter writes frames to a connection. Senders add theirs to a buffer, which a goroutine writes as a whole,
// so that no sender waits for the connection. Its methods are safe for concurrent use.
type frameWriter struct {
	conn net.Conn
	wake chan struct{}
	done chan struct{} // closed when run has returned

	mu      sync.Mutex
	room    sync.Cond // with mu; signals that run took the buffer, or the end
	pending []byte    // guarded by mu
	spare   []byte    // guarded by mu
	ended   bool      // nothing is added any more; guarded by mu
}

func newFrameWriter(conn net.Conn) *frameWriter {
	w := &frameWriter{conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
	w.room.L = &w.mu
	return w
}

// add adds a frame. It returns false if the connection has ended, or if more than maxPending bytes wait to be
// written and force is false.
func (w *frameWriter) add(id uint64, content []byte, force bool) bool {
	w.mu.Lock()
	if w.ended || !force && len(w.pending) > maxPending {
		w.mu.Unlock()
		return false
	}
	first := len(w.pending) == 0
	w.pending = appendFrame(w.pending, id, content)
	w.mu.Unlock()
	if first {
		w.signal()
	}
	return true
}

func (w *frameWriter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// awaitRoom returns once at most maxPending bytes wait to be written, or the connection has ended.
func (w *frameWriter) awaitRoom() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) > maxPending && !w.ended {
		w.room.Wait()
	}
}

// end makes run write the pending frames and return.
func (w *frameWriter) end() {
	w.mu.Lock()
	w.ended = true
	w.room.Broadcast()
	w.mu.Unlock()
	w.signal()
}

// run writes frames until end is called or a write fails. It closes the connection if a write fails.
func (w *frameWriter) run() {
	defer close(w.done)
	defer w.end()
	for range w.wake {
		// Let goroutines that are ready to run add frames first: a write costs far more than a frame.
		runtime.Gosched()
		for {
			frames, ended := w.take()
			if len(frames) == 0 {
				if ended {
					return
				}
				break
			}
			_ = w.conn.SetWriteDeadline(time.Now().Add(frameWriteTimeout)) // a closed connection fails in Write
			if _, err := w.conn.Write(frames); err != nil {
				_ = w.conn.Close()
				return
			}
			w.keep(frames)
		}
	}
}

// take removes and returns the pending frames.
func (w *frameWriter) take() (frames []byte, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	frames = w.pending
	w.pending, w.spare = w.spare, nil
	w.room.Broadcast()
	return frames, w.ended
}

// keep keeps the memory of written frames for later ones.
func (w *frameWriter) keep(frames []byte) {
	if cap(frames) > maxKept {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = frames[:0]
}
