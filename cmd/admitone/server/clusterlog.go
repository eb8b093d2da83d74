package server

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// repeatFirst and repeatLast are the first and the last wait before a lasting fault is logged again.
	repeatFirst, repeatLast = time.Minute, time.Hour
	// maxFaults bounds the faults that are remembered.
	maxFaults = 32
)

// repeats decides when lasting faults are logged again. It is not safe for concurrent use.
type repeats struct{ faults map[string]*repeated }

// repeated is a fault that was logged.
type repeated struct {
	text string
	next time.Time     // when it is logged again
	wait time.Duration // after that
}

// due reports whether a fault has to be logged now: when its text changes, after repeatFirst, and each time after
// twice as long, up to repeatLast.
func (r *repeats) due(key, text string, now time.Time) bool {
	if r.faults == nil {
		r.faults = map[string]*repeated{}
	}
	known := r.faults[key]
	if known == nil || known.text != text || now.Sub(known.next) > repeatLast {
		if known == nil && len(r.faults) >= maxFaults {
			return false
		}
		r.faults[key] = &repeated{text: text, next: now.Add(repeatFirst), wait: repeatFirst}
		return true
	}
	if now.Before(known.next) {
		return false
	}
	known.wait = min(2*known.wait, repeatLast)
	known.next = now.Add(known.wait)
	return true
}

// clear forgets a fault that has ended.
func (r *repeats) clear(key string) { delete(r.faults, key) }

// gossipLog passes memberlist's messages on at level Debug, and warns about nodes with another secret.
type gossipLog struct {
	logger *slog.Logger

	mu     sync.Mutex
	faults repeats // by host; guarded by mu
}

// Write implements io.Writer for a line.
func (g *gossipLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	g.logger.Debug(text)
	if !strings.Contains(text, undecryptable) ||
		!strings.Contains(text, "failed to receive:") && !strings.Contains(text, "Decrypt packet failed:") {
		return len(line), nil
	}
	_, from, _ := strings.Cut(text, "from=")
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.faults.due(from, undecryptable, time.Now()) {
		g.logger.Warn("a message at --cluster was refused: its sender has another secret; "+sameSecret, "from", from)
	}
	return len(line), nil
}
