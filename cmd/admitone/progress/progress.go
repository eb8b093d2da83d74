package progress

import (
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// TerminalInterval is the interval of updates on a terminal.
	TerminalInterval = 200 * time.Millisecond
	// lineInterval is the interval of lines in a file or pipe.
	lineInterval = 5 * time.Second
)

// Bar prints the progress of work. It is not safe for concurrent use.
type Bar struct {
	out      io.Writer
	terminal bool
	interval time.Duration
	last     time.Time // of the last line, or of New
	width    int       // of the last line on a terminal, in bytes
}

// New returns a Bar that writes to out.
func New(out io.Writer) *Bar {
	p := &Bar{out: out, interval: lineInterval, last: time.Now()}
	if IsTerminal(out) {
		p.terminal, p.interval = true, TerminalInterval
	}
	return p
}

// IsTerminal reports whether out is a terminal.
func IsTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && isTerminal(file)
}

// Say prints a line, unless the last line is more recent than the interval.
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

// Done clears the line on a terminal. Otherwise it does nothing.
func (p *Bar) Done() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%-*s\r", p.width, "")
		p.width = 0
	}
}
