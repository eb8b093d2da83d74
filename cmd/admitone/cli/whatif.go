package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/whatif"
	"admitone/events"
	"admitone/projections/row"
)

func newWhatIf() *cobra.Command {
	var from source
	var begin, end, chart string
	var set []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "what-if",
		Short: "Run the recorded demand under a different policy, and compare",
		Long: "Decides the recorded requests between two moments again under other settings:\n" +
			strings.Join(whatif.Settings(), ", ") + ".\n" +
			"Without --set the outcome is the recorded one.\n\n" +
			"Assumptions: people request the same at the same time. A confirmation after a shorter hold\n" +
			"has expired is refused; a longer hold does not add confirmations. If waiting rooms admit at\n" +
			"another rate, a visitor's later requests move by as much as the admission.\n\n" +
			"The log does not contain people who made no request because nothing was left, and it has\n" +
			"refused requests only if refusals are recorded. So a larger stock shows only the sales to\n" +
			"people whose requests are in the log.",
		Example: "  admitone what-if --set hold_seconds=120 --set limit_per_holder=2\n" +
			"  admitone what-if --from 2031-05-01T20:00:00Z --to 2031-05-01T21:00:00Z " +
			"--set admit_per_second=50 --chart sale.svg",
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := whatif.ParsePolicy(set)
			if err != nil {
				return usagef("--set: %w", err)
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			question := whatif.Question{Policy: policy}
			if question.From, question.To, err = span(cmd.Context(), store, begin, end); err != nil {
				return err
			}
			bar := progress.New(cmd.ErrOrStderr())
			question.Progress = func(p events.Position) { bar.Say("reading: position %d of %d", p, question.To) }
			answer, err := whatif.Ask(cmd.Context(), store, question)
			bar.Done()
			if errors.Is(err, whatif.ErrBadPolicy) {
				return usagef("--set: %w", err)
			}
			if err != nil {
				return err
			}
			if chart != "" {
				if err := writeChart(answer, chart); err != nil {
					return err
				}
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(answer)
			}
			return answer.Table(cmd.OutOrStdout())
		},
	}
	from.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&begin, "from", "", "first moment of the demand: a log position or an RFC 3339 time (default: the "+
		"beginning)")
	f.StringVar(&end, "to", "", "last moment of it (default: the end)")
	f.StringArrayVar(&set, "set", nil, "a changed setting, NAME=NUMBER (several: repeat it)")
	f.StringVar(&chart, "chart", "", "write an SVG drawing of the sales over time to this file")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// span parses a range of the log: its first and its last position.
func span(ctx context.Context, store events.Store, from, to string) (first, last events.Position, err error) {
	first = 1
	if from != "" {
		// A range that begins at a time excludes earlier decisions.
		before := from
		if t, err := events.ParseTime(from); err == nil {
			before = t.Add(-1).Format(time.RFC3339Nano)
		}
		m, err := row.MomentOf(ctx, store, before)
		if err != nil {
			return 0, 0, momentError("--from", err)
		}
		// A position is part of the range; a time selects the events after it.
		if first = max(m.Position, 1); strings.ContainsRune(from, ':') {
			first = m.Position + 1
		}
	}
	if to == "" {
		last, err = store.Head(ctx)
		return first, last, err
	}
	m, err := row.MomentOf(ctx, store, to)
	if err == nil && m.Position < first {
		err = usagef("--to %s is before --from %s", to, from)
	}
	return first, m.Position, momentError("--to", err)
}

func momentError(flag string, err error) error {
	if errors.Is(err, row.ErrBadMoment) {
		return usagef("%s: %w", flag, err)
	}
	return err
}

func writeChart(answer *whatif.Comparison, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return usagef("--chart: %w", err)
	}
	if err := errors.Join(answer.Chart(file), file.Close()); err != nil {
		return fmt.Errorf("can't write %s: %w", name, err)
	}
	return nil
}
