package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"admitone/api"
	"admitone/events"
	"admitone/projections/history"
)

// historyPage is the number of lines of a page. It is large, because finding the start of a page takes a
// dozen reads.
const historyPage = 10_000

// historyIDs shows an id of each kind that has a history.
func historyIDs() string { return "  " + strings.Join(history.Examples(), "\n  ") }

func newHistory() *cobra.Command {
	var from source
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history KIND/ID",
		Short: "Print the history of one seat, product, tournament, booking or holder",
		Long: "Prints the history of one entity or holder. Each line has the position in the log, the time,\n" +
			"the event, its actor, its cause and its request. A position\n" +
			"can be given to admitone show --at. KIND/ID is one of\n\n" + historyIDs(),
		Example: "  admitone history product/1\n  admitone history seat/gala/A-1-1\n  admitone history holder/ada --url " +
			"http://127.0.0.1:8080",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, id, err := entity(args[0])
			if err != nil {
				return err
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			printed, err := printHistory(cmd.Context(), store, kind, id, asJSON, cmd.OutOrStdout())
			switch {
			case errors.Is(err, history.ErrNoKind):
				return usagef("%w", err)
			case errors.Is(err, history.ErrEmpty), err == nil && printed == 0:
				return notThere(cmd.ErrOrStderr(), "nothing has happened to %s in %s", args[0], from.name())
			}
			return err
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "a JSON object per line")
	return cmd
}

// printHistory returns the number of printed lines.
func printHistory(ctx context.Context, store events.Store, kind, id string, asJSON bool,
	to io.Writer) (printed int, err error) {
	out := bufio.NewWriter(to)
	defer out.Flush()
	for place, more := events.Position(0), true; more; {
		var page []history.Line
		if page, place, more, err = history.ReadRelated(ctx, store, kind, id, place, historyPage); err != nil {
			return printed, err
		}
		for i := range page {
			line := &page[i]
			if asJSON {
				_, err = out.Write(append(api.AppendLine(nil, line), '\n'))
			} else {
				_, err = fmt.Fprintf(out, "%6d  %s  %s@%d  %s  (by %s%s, request %s)\n",
					line.Position, events.FormatTime(line.Time), line.Stream, line.Revision, line.Text, line.Actor, cause(line),
					line.RequestID)
			}
			if err != nil {
				return printed, err
			}
			printed++
		}
	}
	return printed, nil
}

// cause returns the cause of a line without a request: another line, or the clock.
func cause(line *history.Line) string {
	switch {
	case line.Because > 0:
		return fmt.Sprintf(", because of position %d", line.Because)
	case line.CausationID == "deadline":
		return ", because the time was up"
	case line.CausationID == "round":
		return ", because its turn had come"
	}
	return ""
}
