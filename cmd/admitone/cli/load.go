package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/kinds"
	"admitone/cmd/admitone/load"
	"admitone/cmd/admitone/progress"
)

// scenarioHelp describes the command and all scenarios.
const scenarioHelp = "Creates resources and puts them under load over keep-alive connections, one\n" +
	"request at a time on each. Then reads the log and compares it with every answer. Ends with\n" +
	"status 1 if they differ. If not, releases its holds, closes its resources or\n" +
	"takes them off sale, and lists those that remain.\n\n" +
	"hot-product: all members reserve the same product. Of the holds (--holds) a third is\n" +
	"confirmed, a third released, a third left.\n" +
	"tournament: all teams enter at the same time; then some withdraw, and enter again.\n" +
	"seats: all members book seats of one performance, most of them near the front. Most pay,\n" +
	"some extend, cancel, pay too late, or do nothing until the hold expires.\n" +
	"sale: a sale opens at a given second; its buyers pay at a simulated provider, some late, twice, a\n" +
	"wrong amount or never; then the performance is cancelled, and the provider's ledger is compared\n" +
	"with the log. The server needs --currency.\n" +
	"waiting-room: all visitors join at the same time and poll as instructed; some poll too often,\n" +
	"stop polling until their place is lost, or leave. Admitted visitors buy with the pass,\n" +
	"return it, give it to another, or let it expire."

func newLoad() *cobra.Command {
	var plan load.Plan
	var asJSON bool
	scenarios := kinds.Scenarios()
	names := slices.Sorted(maps.Keys(scenarios))
	owner := map[string]string{} // by flag
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Simulate a crowd, and prove that nothing was sold twice",
		Long:  scenarioHelp,
		Example: "  admitone load\n" +
			"  admitone load --against http://127.0.0.1:8080 --connections 64 --duration 10s --holds 0.5 --json\n" +
			"  admitone load --scenario tournament --teams 3000 --slots 64\n" +
			"  admitone load --scenario seats --people 2000\n" +
			"  admitone load --scenario sale --buyers 2000 --sale-seats 1000\n" +
			"  admitone load --scenario waiting-room --visitors 2000 --admit-per-second 200",
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, ok := scenarios[plan.Scenario]
			if !ok {
				return usagef("--scenario is one of %s, not %q", strings.Join(names, ", "), plan.Scenario)
			}
			if plan.Connections < 1 || plan.Connections > load.MaxConnections {
				return usagef("--connections is from 1 to %d", load.MaxConnections)
			}
			if plan.Rate != 0 && !(plan.Rate >= 1 && plan.Rate <= load.MaxRate) {
				return usagef("--rate is from 1 to %d requests per second", load.MaxRate)
			}
			if plan.Rate != 0 && !load.Paced(chosen) {
				return usagef("--rate is not for --scenario %s: its members wait for instructions from the server", plan.Scenario)
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
				return errCheckFailed
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&plan.Scenario, "scenario", "hot-product", "one of "+strings.Join(names, ", "))
	f.StringVar(&plan.Against, "against", "http://127.0.0.1:8080", "the server's address")
	f.StringVar(&plan.Token, "token", "", "an admin's token; needed when the server runs with --auth jwt")
	f.IntVar(&plan.Connections, "connections", 256, "connections, each with one request at a time")
	f.Float64Var(&plan.Rate, "rate", 0, "requests that begin per second, at even intervals; latency counts from then; "+
		"0 sends one whenever a connection is free")
	f.BoolVar(&asJSON, "json", false, "the result as a JSON object")
	for _, name := range names {
		flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
		scenarios[name].Flags(flags)
		flags.VisitAll(func(flag *pflag.Flag) { owner[flag.Name] = name })
		f.AddFlagSet(flags)
	}
	return cmd
}
