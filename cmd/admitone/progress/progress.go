package progress

import (
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// OnTerminal is the interval of updates on a terminal.
	OnTerminal = 200 * time.Millisecond
	// elsewhere is the interval of lines in a file or a pipe.
	elsewhere = 5 * time.Second
)

// Bar prints the progress of work. It must be used by one goroutine.
type Bar struct {
	out      io.Writer
	terminal bool
	interval time.Duration
	last     time.Time
	width    int
}

// New returns a Bar that writes to out.
func New(out io.Writer) *Bar {
	p := &Bar{out: out, interval: elsewhere, last: time.Now()}
	if IsTerminal(out) {
		p.terminal, p.interval = true, OnTerminal
	}
	return p
}

// IsTerminal reports whether out is a terminal.
func IsTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && isTerminal(file)
}

// Say prints a line, unless the interval since the last one has not passed.
func (p *Bar) Say(format string, args ...any) {
	now := time.Now()
	if now.Sub(p.last) < p.interval {
		return
	}
	p.last = now
	line := fmt.Sprintf(format, args...)
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	fmt.Fprintf(p.out, "\r%-*s", p.width, line)
	p.width = len(line)
}

// Done clears the line on a terminal.
func (p *Bar) Done() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%-*s\r", p.width, "")
		p.width = 0
	}
}
