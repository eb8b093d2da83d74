package progress

import (
	"fmt"
	"io"
	"os"
	"time"
)

// OnTerminal is how often a terminal is told, and elsewhere how often a file is.
const (
	OnTerminal = 200 * time.Millisecond
	elsewhere  = 5 * time.Second
)

// Bar tells how far long work has come. One goroutine may use it.
type Bar struct {
	out      io.Writer
	terminal bool
	every    time.Duration
	last     time.Time
	width    int
}

// New writes to out, which is standard error, or a test's.
func New(out io.Writer) *Bar {
	p := &Bar{out: out, every: elsewhere, last: time.Now()}
	if file, ok := out.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.terminal, p.every = true, OnTerminal
		}
	}
	return p
}

// Say writes a line, if the last one is long enough ago.
func (p *Bar) Say(format string, args ...any) {
	now := time.Now()
	if now.Sub(p.last) < p.every {
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

// Done takes the line off the terminal.
func (p *Bar) Done() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%-*s\r", p.width, "")
		p.width = 0
	}
}
