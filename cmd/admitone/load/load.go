package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/pflag"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/events"
)

// Scenario is a kind of load. A new one is a file with these methods, and is registered with its
// kind (cmd/admitone/kinds).
type Scenario interface {
	// Flags declares the scenario's flags. Check returns an error of usage for values that can't
	// be; given reports which flags were given.
	Flags(*pflag.FlagSet)
	Check(given func(flag string) bool) error
	// prepare creates what the crowd will request.
	prepare(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) error
	// act runs the crowd and returns when it is done.
	act(ctx context.Context, c *crowd, bar *progress.Bar)
	// prove reads the log back and checks it against the answers. Faults are in the proof.
	prove(ctx context.Context, server *remote.Log) (Proof, error)
	// tidy ends what was created, as far as the server allows, so that nothing is on offer any
	// more. It describes what stays.
	tidy(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) (stays string, err error)
	// outcome returns what was requested, for example "product load-1", and how many requests were
	// acknowledged.
	outcome() (about string, acknowledged int64)
}

// Proof is the result of checking the log against the answers.
type Proof interface {
	// faults are the differences; without any the proof holds.
	faults() []string
	print(out io.Writer) error
}

// HotProduct is a crowd that reserves one product.
func HotProduct() Scenario { return &productScenario{} }

// Tournament is a crowd of teams that enter one tournament.
func Tournament() Scenario { return &tournamentScenario{} }

// Seats is a crowd that books seats of one performance.
func Seats() Scenario { return &seatsScenario{} }

// WaitingRoom is a crowd in a waiting room before a sale.
func WaitingRoom() Scenario { return &waitingRoomScenario{} }

// MaxConnections bounds the connections of a crowd, and maxDuration the time of a run.
const (
	MaxConnections = 4096
	maxDuration    = 10 * time.Minute
)

// Plan is the target and the size of a run.
type Plan struct {
	// Scenario is its name, Against the server's address, and Token an admin's where one is needed.
	Scenario, Against, Token string
	// Connections, each with one request at a time.
	Connections int
}

// Run runs the scenario and proves its outcome. If the proof could not be made because the server
// is gone, the report has the answers and no proof. Errors: the server's; there is no report if the
// crowd could not begin or did not end.
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
		return nil, fmt.Errorf("interrupted before the end; nothing was proved; %s", tidied(ctx, chosen, server, c, bar))
	}
	report := c.report(took)
	report.About, report.Acknowledged = chosen.outcome()
	report.Rate = float64(report.Acknowledged) / report.Seconds
	report.Proof, err = chosen.prove(ctx, server)
	switch {
	case err != nil:
		report.Proof = nil
		report.After = "everything stays as it was, for the log could not be read"
	case report.FoundWrong():
		report.After = "everything stays as it was, to be looked into"
	default:
		report.After = tidied(ctx, chosen, server, c, bar)
	}
	return report, err
}

// tidyLimit bounds the tidying.
const tidyLimit = time.Minute

// tidied tidies up, also after an interruption, and describes what stays.
func tidied(ctx context.Context, chosen Scenario, server *remote.Log, c *crowd, bar *progress.Bar) string {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyLimit)
	defer cancel()
	c.forget() // members that have stopped help too
	stays, err := chosen.tidy(limited, server, c, bar)
	bar.Done()
	if err != nil {
		return "not tidied up: " + err.Error()
	}
	return "tidied up: " + stays
}

// sellOut takes the rest of a product off sale.
func sellOut(ctx context.Context, server *remote.Log, productID events.ProductID) error {
	var now struct{ Sold, Held int64 }
	stock := func() string { return fmt.Sprintf(`{"stock":%d}`, now.Sold+now.Held) }
	return server.Edit(ctx, http.MethodPatch, "/v1/products/"+string(productID), &now, stock)
}
