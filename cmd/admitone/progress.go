package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// How often long work says how far it is: on a terminal on one line that is
// written over, elsewhere (a file, a pipe) on lines of their own, less often.
const (
	progressOnTerminal = 200 * time.Millisecond
	progressElsewhere  = 5 * time.Second
)

// progress tells how far long work has come. One goroutine may use it.
type progress struct {
	out      io.Writer
	terminal bool
	every    time.Duration
	last     time.Time
	width    int
}

// newProgress writes to out, which is standard error, or a test's.
func newProgress(out io.Writer) *progress {
	p := &progress{out: out, every: progressElsewhere, last: time.Now()}
	if file, ok := out.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.terminal, p.every = true, progressOnTerminal
		}
	}
	return p
}

// say writes a line, if the last one is long enough ago.
func (p *progress) say(format string, args ...any) {
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

// done takes the line off the terminal.
func (p *progress) done() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%-*s\r", p.width, "")
		p.width = 0
	}
}
