package cli

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// maxLines is the number of lines with the same message that are written in a second.
	maxLines = 20
	// maxMessages bounds the messages that are counted: when it is reached, counting starts over.
	maxMessages = 1000
)

// newLogger returns the logger of a server.
func newLogger(to io.Writer, level slog.Level) *slog.Logger {
	handler := slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level})
	return slog.New(lineLimiter{handler, &lineCounts{byMessage: map[string]*lineCount{}}})
}

// lineLimiter is a [slog.Handler] that writes at most maxLines lines with the same message in a second: while the
// log is unavailable, each of thousands of requests fails. The next line with that message has the number of lines
// that were left out before it, as "omitted".
type lineLimiter struct {
	slog.Handler
	counts *lineCounts
}

// lineCounts counts lines by message. It is safe for concurrent use.
type lineCounts struct {
	mu        sync.Mutex
	byMessage map[string]*lineCount // guarded by mu
}

// lineCount counts the lines with one message.
type lineCount struct {
	second  int64 // in Unix time, of written
	written int
	omitted int // since the last written line
}

// admit counts a line. It returns whether the line is written and, if so, the number of lines omitted before it.
func (c *lineCounts) admit(message string, at time.Time) (omitted int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := c.byMessage[message]
	if count == nil {
		if len(c.byMessage) == maxMessages {
			clear(c.byMessage)
		}
		count = &lineCount{}
		c.byMessage[message] = count
	}
	if second := at.Unix(); second != count.second {
		count.second, count.written = second, 0
	}
	if count.written == maxLines {
		count.omitted++
		return 0, false
	}
	omitted, count.omitted = count.omitted, 0
	count.written++
	return omitted, true
}

// Handle implements [slog.Handler].
func (l lineLimiter) Handle(ctx context.Context, r slog.Record) error {
	omitted, ok := l.counts.admit(r.Message, r.Time)
	if !ok {
		return nil
	}
	if omitted > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("omitted", omitted))
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (l lineLimiter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lineLimiter{l.Handler.WithAttrs(attrs), l.counts}
}

// WithGroup implements [slog.Handler].
func (l lineLimiter) WithGroup(name string) slog.Handler {
	return lineLimiter{l.Handler.WithGroup(name), l.counts}
}
