package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"admitone/actors"
)

// Bounds of what load may be asked for.
const (
	maxLoadConnections = 4096
	maxLoadRequests    = 50_000_000
	maxLoadDuration    = 10 * time.Minute
	// loadHold is longer than any run, so that no hold runs out in one.
	loadHold = 3600
)

// loadPlan says what the crowd does.
type loadPlan struct {
	scenario    string
	server      source
	connections int
	requests    int64
	duration    time.Duration
	stock       int64
	holds       float64
	json        bool

	product string // the id of the crowd's own product
}

func newLoad() *cobra.Command {
	var plan loadPlan
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Drive a crowd, and prove that nothing was sold twice",
		Long: "Creates a product of its own and lets a crowd reserve it over keep-alive connections,\n" +
			"one request at a time on each. Then reads the product's stream and compares it with\n" +
			"every answer that came. Ends with status 1 if they differ.\n\n" +
			"Of the holds (--holds) a third is confirmed, a third given back, a third left.",
		Example: "  admitone load\n  admitone load --against http://127.0.0.1:8080 --connections 64 --duration 10s --holds 0.5 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := plan.check(cmd.Flags().Changed("requests"), cmd.Flags().Changed("stock")); err != nil {
				return err
			}
			server, err := newRemote(plan.server.url, plan.server.token)
			if err != nil {
				return err
			}
			defer server.Close()
			report, err := plan.run(cmd.Context(), server, newProgress(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			if plan.json {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = report.print(cmd.OutOrStdout())
			}
			if err == nil && len(report.Proof.Wrong) > 0 {
				err = errFoundWrong
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&plan.scenario, "scenario", "hot-product", "hot-product: everybody wants the same product")
	f.StringVar(&plan.server.url, "against", "http://127.0.0.1:8080", "the server's address")
	f.StringVar(&plan.server.token, "token", "", "an admin's token; needed when the server runs with --auth jwt")
	f.IntVar(&plan.connections, "connections", 256, "connections, each with one request at a time")
	f.Int64Var(&plan.requests, "requests", 100_000, "reservations to ask for; as many as fit with --duration")
	f.DurationVar(&plan.duration, "duration", 0, "stop asking after that long")
	f.Int64Var(&plan.stock, "stock", 50_000, "units there are; plenty with --duration")
	f.Float64Var(&plan.holds, "holds", 0, "share of the reservations that are holds first, 0 to 1")
	f.BoolVar(&plan.json, "json", false, "the result as a JSON object")
	return cmd
}

func (p *loadPlan) check(requestsGiven, stockGiven bool) error {
	switch {
	case p.scenario != "hot-product":
		return usagef("--scenario is hot-product, not %q", p.scenario)
	case p.connections < 1 || p.connections > maxLoadConnections:
		return usagef("--connections is from 1 to %d", maxLoadConnections)
	case p.requests < 1 || p.requests > maxLoadRequests:
		return usagef("--requests is from 1 to %d", maxLoadRequests)
	case p.duration < 0 || p.duration > maxLoadDuration:
		return usagef("--duration is up to %s", maxLoadDuration)
	case p.stock < 0 || p.stock > 1_000_000_000:
		return usagef("--stock is from 0 to 1000000000")
	case !(p.holds >= 0 && p.holds <= 1):
		return usagef("--holds is a share, from 0 to 1")
	}
	if p.duration > 0 && !requestsGiven {
		p.requests = maxLoadRequests
	}
	if p.duration > 0 && !stockGiven {
		p.stock = maxLoadRequests // so that it lasts
	}
	return nil
}

// run makes the product, lets the crowd loose and proves what came of it.
func (p *loadPlan) run(ctx context.Context, server *remote, bar *progress) (*loadReport, error) {
	p.product = "load-" + actors.NewID().String()
	body := fmt.Sprintf(`{"id":%q,"name":"Load: hot product","stock":%d,"hold_seconds":%d}`, p.product, p.stock, loadHold)
	var created struct{ ID string }
	err := server.call(ctx, http.MethodPost, "/v1/products", body, &created)
	if err != nil {
		return nil, err
	}
	crowd, err := newRush(p)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	crowd.run(ctx, bar)
	took := time.Since(begun)
	bar.done()
	if ctx.Err() != nil {
		return nil, errors.New("interrupted before the end; nothing was proved")
	}
	report := crowd.report(p, took)
	report.Proof, err = crowd.prove(ctx, server, p)
	return report, err
}
