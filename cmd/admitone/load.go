package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// scenario is what a crowd is there for. A new one is a file with these methods,
// and a line in scenarios.
type scenario interface {
	// flags declares what it can be told, and check says what of it can't be.
	flags(*pflag.FlagSet)
	check(given func(flag string) bool) error
	// prepare makes what the crowd will want.
	prepare(ctx context.Context, server *remote, c *crowd, bar *progress) error
	// act lets the crowd loose, and returns when it is done.
	act(ctx context.Context, c *crowd, bar *progress)
	// prove reads the log back and holds it to what the crowd was told. What is
	// wrong is in the proof.
	prove(ctx context.Context, server *remote) (proof, error)
	// outcome is what was wanted, for example "product load-1", and how many of the
	// wishes were acknowledged.
	outcome() (about string, acknowledged int64)
}

// proof is what came of holding the log to the answers.
type proof interface {
	// faults are what does not fit; none is the proof.
	faults() []string
	print(out io.Writer) error
}

// scenarios by name, each a new one.
func scenarios() map[string]scenario {
	return map[string]scenario{"hot-product": &rush{}, "tournament": &signUp{}, "seats": &concert{}, "waiting-room": &lineUp{}}
}

const (
	maxLoadConnections = 4096
	maxLoadDuration    = 10 * time.Minute
)

// loadPlan says who comes to which scenario.
type loadPlan struct {
	scenario    string
	server      source
	connections int
	json        bool
}

// loadTells says what each crowd does.
const loadTells = "Makes something of its own and lets a crowd want it over keep-alive connections, one\n" +
	"request at a time on each. Then reads what happened from the log and compares it with\n" +
	"every answer that came. Ends with status 1 if they differ.\n\n" +
	"hot-product: everybody reserves the same product. Of the holds (--holds) a third is\n" +
	"confirmed, a third given back, a third left.\n" +
	"tournament: all teams sign up at once; then some withdraw, and come back.\n" +
	"seats: everybody wants seats of one performance, most of them the front ones. Most pay,\n" +
	"some ask for more time, give back, pay too late, or never come back; the end of their\n" +
	"holds is waited for.\n" +
	"waiting-room: all visitors join at once and ask how it goes when they are told to; some ask\n" +
	"too often, sleep until their place is lost, or leave. Who comes in buys with the pass,\n" +
	"gives it back, lends it to another, or lets it run out."

func newLoad() *cobra.Command {
	var plan loadPlan
	all := scenarios()
	names := slices.Sorted(maps.Keys(all))
	owner := map[string]string{} // of a flag
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Drive a crowd, and prove that nothing was given out twice",
		Long:  loadTells,
		Example: "  admitone load\n" +
			"  admitone load --against http://127.0.0.1:8080 --connections 64 --duration 10s --holds 0.5 --json\n" +
			"  admitone load --scenario tournament --teams 3000 --slots 64\n" +
			"  admitone load --scenario seats --people 2000\n" +
			"  admitone load --scenario waiting-room --visitors 2000 --admit-per-second 200",
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, ok := all[plan.scenario]
			if !ok {
				return usagef("--scenario is one of %s, not %q", strings.Join(names, ", "), plan.scenario)
			}
			if plan.connections < 1 || plan.connections > maxLoadConnections {
				return usagef("--connections is from 1 to %d", maxLoadConnections)
			}
			for flag, name := range owner {
				if name != plan.scenario && cmd.Flags().Changed(flag) {
					return usagef("--%s is for --scenario %s", flag, name)
				}
			}
			if err := chosen.check(cmd.Flags().Changed); err != nil {
				return err
			}
			report, unproved := plan.run(cmd.Context(), chosen, newProgress(cmd.ErrOrStderr()))
			if report == nil {
				return unproved
			}
			var err error
			if plan.json {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = report.print(cmd.OutOrStdout())
			}
			switch {
			case unproved != nil:
				return fmt.Errorf("nothing was proved: %w", unproved)
			case err == nil && len(report.Proof.faults()) > 0:
				return errFoundWrong
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&plan.scenario, "scenario", "hot-product", "one of "+strings.Join(names, ", "))
	f.StringVar(&plan.server.url, "against", "http://127.0.0.1:8080", "the server's address")
	f.StringVar(&plan.server.token, "token", "", "an admin's token; needed when the server runs with --auth jwt")
	f.IntVar(&plan.connections, "connections", 256, "connections, each with one request at a time")
	f.BoolVar(&plan.json, "json", false, "the result as a JSON object")
	for _, name := range names {
		own := pflag.NewFlagSet(name, pflag.ContinueOnError)
		all[name].flags(own)
		own.VisitAll(func(flag *pflag.Flag) { owner[flag.Name] = name })
		f.AddFlagSet(own)
	}
	return cmd
}

// run lets the crowd act and proves what came of it. If the proof could not be
// made, because the server has gone, the report says what was answered, and has none.
func (p *loadPlan) run(ctx context.Context, chosen scenario, bar *progress) (*loadReport, error) {
	server, err := newRemote(p.server.url, p.server.token)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	c, err := newCrowd(p.server, p.connections)
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
	bar.done()
	if ctx.Err() != nil {
		return nil, errors.New("interrupted before the end; nothing was proved")
	}
	report := c.report(p, took)
	report.About, report.Acknowledged = chosen.outcome()
	report.Rate = float64(report.Acknowledged) / report.Seconds
	report.Proof, err = chosen.prove(ctx, server)
	if err != nil {
		report.Proof = nil
	}
	return report, err
}
