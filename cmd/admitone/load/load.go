package load

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/pflag"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
)

// Scenario is what a crowd is there for. A new one is a file with these methods,
// and a line in scenarios.
type Scenario interface {
	// Flags declares what it can be told. Check says what of it can't be, as a mistake
	// of the caller's; given says which flags were.
	Flags(*pflag.FlagSet)
	Check(given func(flag string) bool) error
	// prepare makes what the crowd will want.
	prepare(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) error
	// act lets the crowd loose, and returns when it is done.
	act(ctx context.Context, c *crowd, bar *progress.Bar)
	// prove reads the log back and holds it to what the crowd was told. What is
	// wrong is in the proof.
	prove(ctx context.Context, server *remote.Log) (Proof, error)
	// outcome is what was wanted, for example "product load-1", and how many of the
	// wishes were acknowledged.
	outcome() (about string, acknowledged int64)
}

// Proof is what came of holding the log to the answers.
type Proof interface {
	// faults are what does not fit; none is the proof.
	faults() []string
	print(out io.Writer) error
}

// Scenarios by name, each a new one.
func Scenarios() map[string]Scenario {
	return map[string]Scenario{"hot-product": &rush{}, "tournament": &signUp{}, "seats": &concert{}, "waiting-room": &lineUp{}}
}

// MaxConnections bounds the connections of a crowd, and maxDuration how long it wants
// something.
const (
	MaxConnections = 4096
	maxDuration    = 10 * time.Minute
)

// Plan says who comes to which scenario.
type Plan struct {
	// Scenario is its name, Against the server's address, Token an admin's where one is
	// needed.
	Scenario, Against, Token string
	// Connections, each with one request at a time.
	Connections int
}

// Run lets the crowd act and proves what came of it. If the proof could not be
// made, because the server has gone, the report says what was answered, and has none.
// Errors: the server's; there is no report if the crowd could not begin, or did not end.
func (p *Plan) Run(ctx context.Context, chosen Scenario, bar *progress.Bar) (*Report, error) {
	server, err := remote.New(p.Against, p.Token)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	c, err := newCrowd(p)
	if err != nil {
		return nil, err
	}
	if err := chosen.prepare(ctx, server, c, bar); err != nil {
		return nil, err
	}
	c.forget()
	begun := time.Now()
	chosen.act(ctx, c, bar)
	took := time.Since(begun) - c.rested
	bar.Done()
	if ctx.Err() != nil {
		return nil, errors.New("interrupted before the end; nothing was proved")
	}
	report := c.report(took)
	report.About, report.Acknowledged = chosen.outcome()
	report.Rate = float64(report.Acknowledged) / report.Seconds
	report.Proof, err = chosen.prove(ctx, server)
	if err != nil {
		report.Proof = nil
	}
	return report, err
}
