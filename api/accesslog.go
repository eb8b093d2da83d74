package api

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"admitone/events"
)

// accessLog writes a JSON line per request. A goroutine of its own does the writing, so that a slow output
// delays no request. Lines that it can't keep up with are dropped and counted.
type accessLog struct {
	out  io.Writer
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	lines   []byte // to be written; guarded by mu
	spare   []byte // the buffer of the previous write, for reuse; guarded by mu
	dropped int    // lines dropped since the last write; guarded by mu
	closed  bool   // guarded by mu
}

// maxAccessBuffer is the size of the buffered lines, in bytes, beyond which further ones are dropped.
const maxAccessBuffer = 4 << 20

// newAccessLog starts a log that writes to out, until close. If out is nil, it records nothing.
func newAccessLog(out io.Writer) *accessLog {
	a := &accessLog{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if out == nil {
		close(a.done)
		a.closed = true
		return a
	}
	go a.run()
	return a
}

// record buffers the line of a request that was answered after a time.
func (a *accessLog) record(r *request, status int, elapsed time.Duration) {
	if a.out == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	if len(a.lines) > maxAccessBuffer {
		a.dropped++
		return
	}
	o := events.OpenObject(a.lines)
	o.Time("time", r.start)
	o.String("msg", "request")
	o.String("request_id", r.id)
	o.String("method", r.ctx.Method())
	o.String("path", loggedPath(r.ctx.Path()))
	o.Int("status", int64(status))
	o.Int("micros", elapsed.Microseconds())
	if r.commands > 0 {
		o.Int("commands", int64(r.commands))
	}
	if r.caller.sub != "" {
		o.String("caller", string(r.caller.sub))
	}
	a.lines = append(o.Close(), '\n')
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// loggedPath omits a visitor's id from a path. The id is a secret: with it anyone can give up the visitor's
// place and, in open mode, use the visitor's pass.
func loggedPath(path string) string {
	if before, _, ok := strings.Cut(path, "/visitors/"); ok {
		return before + "/visitors/…"
	}
	return path
}

// run writes the buffered lines until the log is closed.
func (a *accessLog) run() {
	defer close(a.done)
	for range a.wake {
		a.mu.Lock()
		lines, closed := a.lines, a.closed
		if a.dropped > 0 {
			lines = append(lines, `{"msg":"access log lines dropped","count":`...)
			lines = append(strconv.AppendInt(lines, int64(a.dropped), 10), "}\n"...)
			a.dropped = 0
		}
		a.lines = a.spare[:0]
		a.mu.Unlock()
		a.out.Write(lines) // an error is ignored: a failing log must not stop the server
		a.mu.Lock()
		a.spare = lines
		a.mu.Unlock()
		if closed {
			return
		}
		time.Sleep(accessPause)
	}
}

// accessPause is the pause between two writes. The lines of that time are written together, which saves
// system calls.
const accessPause = 20 * time.Millisecond

// close writes the remaining lines, or gives up when ctx ends: the output may be blocked.
func (a *accessLog) close(ctx context.Context) {
	a.mu.Lock()
	already := a.closed
	a.closed = true
	a.mu.Unlock()
	if !already {
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
	select {
	case <-a.done:
	case <-ctx.Done():
	}
}
