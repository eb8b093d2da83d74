package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/load"
	"admitone/cmd/admitone/progress"
)

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
	var plan load.Plan
	var asJSON bool
	all := load.Scenarios()
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
			chosen, ok := all[plan.Scenario]
			if !ok {
				return usagef("--scenario is one of %s, not %q", strings.Join(names, ", "), plan.Scenario)
			}
			if plan.Connections < 1 || plan.Connections > load.MaxConnections {
				return usagef("--connections is from 1 to %d", load.MaxConnections)
			}
			for flag, name := range owner {
				if name != plan.Scenario && cmd.Flags().Changed(flag) {
					return usagef("--%s is for --scenario %s", flag, name)
				}
			}
			if err := chosen.Check(cmd.Flags().Changed); err != nil {
				return err
			}
			report, unproved := plan.Run(cmd.Context(), chosen, progress.New(cmd.ErrOrStderr()))
			if report == nil {
				return unproved
			}
			var err error
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = report.Print(cmd.OutOrStdout())
			}
			switch {
			case unproved != nil:
				return fmt.Errorf("nothing was proved: %w", unproved)
			case err == nil && report.FoundWrong():
				return errFoundWrong
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&plan.Scenario, "scenario", "hot-product", "one of "+strings.Join(names, ", "))
	f.StringVar(&plan.Against, "against", "http://127.0.0.1:8080", "the server's address")
	f.StringVar(&plan.Token, "token", "", "an admin's token; needed when the server runs with --auth jwt")
	f.IntVar(&plan.Connections, "connections", 256, "connections, each with one request at a time")
	f.BoolVar(&asJSON, "json", false, "the result as a JSON object")
	for _, name := range names {
		own := pflag.NewFlagSet(name, pflag.ContinueOnError)
		all[name].Flags(own)
		own.VisitAll(func(flag *pflag.Flag) { owner[flag.Name] = name })
		f.AddFlagSet(own)
	}
	return cmd
}
