package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/plandraft"
	"admitone/cmd/admitone/planfile"
	"admitone/events"
)

func newPlanGenerate() *cobra.Command {
	var example bool
	cmd := &cobra.Command{
		Use:   "generate FILE",
		Short: "Generate a hall from a short description",
		Long: "Generates a seating plan from a short description in JSON: blocks of rows, straight or curved around\n" +
			"the stage, with letters or numbers, aisles and wheelchair places, and floors for standing. Prints\n" +
			"the plan, for plan import, or the faults, with status 1. - is standard input.\n" +
			"Distances are in seats, and the middle of the stage's front edge is at 0,0.",
		Example: "  admitone plan generate hall.json > plan.json, where hall.json is\n\n" +
			`    {"name":"Parlour","categories":[{"name":"Stalls","color":"#0072b2"}],"stage":{"width":12,"depth":3},` + "\n" +
			`     "blocks":[{"zone":"Stalls","category":"Stalls","y":5,"radius":16,"rows":8,"first_row":"A",` + "\n" +
			`       "seats":[14,15,16],"numbers":"odd_left_even_right","aisles":[0.5],"wheelchairs":{"H":2}}]}` + "\n\n" +
			"  admitone plan generate --example > hall.json, the description of the hall of serve --demo",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case example && len(args) == 0:
				_, err := cmd.OutOrStdout().Write(plandraft.Example)
				return err
			case example || len(args) == 0:
				return usagef("give a file with a description, or --example alone")
			}
			text, err := readFile(cmd, args[0], planfile.MaxBytes+1)
			if err != nil {
				return err
			}
			return generate(cmd.OutOrStdout(), text)
		},
	}
	cmd.Flags().BoolVar(&example, "example", false, "print the description of the demo's hall")
	return cmd
}

// generate prints the plan of a description. The error is errCheckFailed if the description is
// invalid.
func generate(out io.Writer, text []byte) error {
	draft, err := plandraft.Parse(text)
	if err == nil {
		var plan *events.SeatingPlan
		if plan, _, err = draft.Plan(); err == nil {
			_, err = fmt.Fprintf(out, "%s\n", events.AppendPlan(nil, plan, events.PlanComplete))
			return err
		}
	}
	if _, err := fmt.Fprintln(out, "bad:", planfile.Fault{Detail: err.Error()}); err != nil {
		return err
	}
	return errCheckFailed
}
