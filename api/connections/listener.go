package connections

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Bounds of the pause after a failure to accept, which doubles with each consecutive one.
const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// Listener returns the connections that its pool admits. Accept retries after temporary failures, and fails
// only if the underlying listener is closed or invalid.
type Listener struct {
	net.Listener
	pool      *Pool
	closing   chan struct{}
	closeOnce sync.Once
}

// Listen returns a listener that accepts connections from listener and admits them to the pool.
func (p *Pool) Listen(listener net.Listener) *Listener {
	return &Listener{Listener: listener, pool: p, closing: make(chan struct{})}
}

// Accept implements net.Listener; its connections are *[Conn].
func (l *Listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.accept()
		if err != nil {
			return nil, err
		}
		if c := l.pool.admit(raw); c != nil {
			return c, nil
		}
	}
}

// accept waits for a connection and retries after temporary failures: exhausted descriptors or
// memory, aborted connections, a network that is down. A series of failures is logged once.
func (l *Listener) accept() (net.Conn, error) {
	var failingSince time.Time
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		raw, err := l.Listener.Accept()
		if err == nil {
			if !failingSince.IsZero() {
				l.pool.config.Logger.Info("connections are accepted again", "after", time.Since(failingSince).String())
			}
			return raw, nil
		}
		if isPermanent(err) {
			return nil, err
		}
		if failingSince.IsZero() {
			failingSince = time.Now()
			l.pool.config.Logger.Error("connections can't be accepted; retrying. If the error is about open files, "+
				"raise the limit (ulimit -n)", "error", err)
		}
		select {
		case <-l.closing:
		case <-time.After(pause):
		}
	}
}

// isPermanent reports whether an error of Accept is permanent: the listener is closed or invalid.
func isPermanent(err error) bool {
	for _, end := range []error{net.ErrClosed, syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK, syscall.EFAULT} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// Close implements net.Listener. It is idempotent.
func (l *Listener) Close() (err error) {
	l.closeOnce.Do(func() {
		close(l.closing)
		err = l.Listener.Close()
	})
	return err
}
