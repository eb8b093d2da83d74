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

// Scenario is a kind of load. It is registered with its kind in cmd/admitone/kinds.
type Scenario interface {
	// Flags declares the scenario's flags. Check returns a usage error for invalid values; given reports
	// whether a flag was set.
	Flags(*pflag.FlagSet)
	Check(given func(flag string) bool) error
	// prepare creates the resources that the crowd requests.
	prepare(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) error
	// act runs the crowd until it has finished.
	act(ctx context.Context, c *crowd, bar *progress.Bar)
	// prove checks the log against the answers. Differences are in the proof, and are not an error.
	prove(ctx context.Context, server *remote.Log) (Proof, error)
	// tidy ends the created resources as far as the server allows, so that nothing stays on sale.
	// It returns a description of the remaining resources.
	tidy(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) (remaining string, err error)
	// outcome returns the main resource, for example "product load-1", and the number of acknowledged
	// requests.
	outcome() (about string, acknowledged int64)
}

// Proof is the result of checking the log against the answers.
type Proof interface {
	// faults returns the differences. The proof holds if there are none.
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
	// Scenario is the scenario's name, Against the server's URL, and Token an admin's token, "" if the
	// server needs none.
	Scenario, Against, Token string
	// Connections is the number of connections. Each has one request at a time.
	Connections int
	// Rate is the number of requests that begin per second, at even intervals, for a [Paced] scenario. 0 means
	// that each connection sends its next request after a response.
	Rate float64
}

// MaxRate bounds Rate. The minimum is one.
const MaxRate = 1_000_000

// paced is implemented by scenarios whose members can send a request at any time.
type paced interface{ paced() }

// Paced reports whether a scenario can be run at a fixed rate. In other scenarios, the server tells
// the members when to act.
func Paced(s Scenario) bool {
	_, ok := s.(paced)
	return ok
}

func (*productScenario) paced()    {}
func (*tournamentScenario) paced() {}
func (*seatsScenario) paced()      {}

// Run runs a scenario and verifies its outcome. Errors: the server's. If the crowd could not start
// or finish there is no report; if the log could not be read the report has no proof.
func (p *Plan) Run(ctx context.Context, scenario Scenario, bar *progress.Bar) (*Report, error) {
	server, err := remote.New(p.Against, p.Token)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	c, err := newCrowd(p)
	if err != nil {
		return nil, err
	}
	if err := scenario.prepare(ctx, server, c, bar); err != nil {
		return nil, err
	}
	c.reset()
	began := time.Now()
	c.pace.start(ctx, p.Rate)
	scenario.act(ctx, c, bar)
	c.pace.start(ctx, 0)
	took := time.Since(began) - c.paused
	bar.Done()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted before the end; nothing was proved; %s", tidyUp(ctx, scenario, server, c, bar))
	}
	report := c.report(took)
	report.About, report.Acknowledged = scenario.outcome()
	report.Rate = float64(report.Acknowledged) / report.Seconds
	report.Proof, err = scenario.prove(ctx, server)
	switch {
	case err != nil:
		report.Proof = nil
		report.After = "nothing was changed, because the log could not be read"
	case report.FoundWrong():
		report.After = "nothing was changed, for inspection"
	default:
		report.After = tidyUp(ctx, scenario, server, c, bar)
	}
	return report, err
}

// tidyTimeout bounds a call of tidyUp.
const tidyTimeout = time.Minute

// tidyUp tidies up, even after ctx has ended, and describes the remaining resources.
func tidyUp(ctx context.Context, scenario Scenario, server *remote.Log, c *crowd, bar *progress.Bar) string {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	c.reset() // members that have stopped continue
	remaining, err := scenario.tidy(limited, server, c, bar)
	bar.Done()
	if err != nil {
		return "not tidied up: " + err.Error()
	}
	return "tidied up: " + remaining
}

// sellOut reduces a product's stock to the number of sold and held units.
func sellOut(ctx context.Context, server *remote.Log, productID events.ProductID) error {
	var now struct{ Sold, Held int64 }
	stock := func() string { return fmt.Sprintf(`{"stock":%d}`, now.Sold+now.Held) }
	return server.Edit(ctx, http.MethodPatch, "/v1/products/"+string(productID), &now, stock)
}
