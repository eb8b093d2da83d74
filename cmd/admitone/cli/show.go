package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/kinds"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/projections/row"
)

// helpWidth is the width of a line of help.
const helpWidth = 100

// shownKindsInHelp lists the kinds of shownKinds in lines of at most helpWidth characters.
func shownKindsInHelp() string {
	lines, width := "", 0
	for i, name := range kinds.Names() {
		if i > 0 {
			lines, width = lines+",", width+1
			if width+len(name) >= helpWidth {
				lines, width = lines+"\n", 0
			} else {
				lines, width = lines+" ", width+1
			}
		}
		lines, width = lines+name, width+len(name)
	}
	return lines
}

// shownKinds lists the kinds that show and diff support.
func shownKinds() string { return strings.Join(kinds.Names(), ", ") }

func newShow() *cobra.Command {
	var from source
	var at string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show KIND/ID",
		Short: "Show one resource, as it is or as it was",
		Long: "Shows one resource, as it is or as it was at a moment. KIND is one of\n" + shownKindsInHelp() + ",\n" +
			"with ids as in admitone history --help.",
		Example: "  admitone show product/1\n  admitone show tournament/cup --at 2031-05-01T20:00:03Z\n  admitone show " +
			"product/1 --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, id, err := entity(args[0])
			if err != nil {
				return err
			}
			k := kinds.Find(kind)
			if k == nil {
				return usagef("show supports the kinds %s, not %q", shownKinds(), kind)
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			moment, when := row.Moment{Position: events.EndPosition, Time: time.Now()}, ""
			if at != "" {
				if moment, err = row.MomentOf(cmd.Context(), store, at); errors.Is(err, row.ErrBadMoment) {
					return usagef("--at: %w", err)
				} else if err != nil {
					return err
				}
				when = " at " + at
				if err := server.NoteEnd(cmd.Context(), cmd.ErrOrStderr(), store, "--at", at); err != nil {
					return err
				}
			}
			s, err := k.Show(cmd.Context(), store, id, moment)
			if err != nil {
				return err
			}
			if s == nil {
				return notThere(cmd.ErrOrStderr(), "there is no %s in %s%s", args[0], from.name(), when)
			}
			return printShown(cmd.OutOrStdout(), s, moment, at != "", asJSON)
		},
	}
	from.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as of a moment: a log position or an RFC 3339 time")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, like the HTTP resource")
	return cmd
}

// printShown prints a resource, and its moment if that is in the past.
func printShown(out io.Writer, s *kinds.Shown, at row.Moment, past, asJSON bool) error {
	if asJSON {
		var asOf *row.Moment
		if past {
			asOf = &at
		}
		_, err := out.Write(append(s.JSON(asOf), '\n'))
		return err
	}
	err := s.Text(out)
	if err == nil && past {
		_, err = fmt.Fprintf(out, "  as of      position %d, %s\n", at.Position, events.FormatTime(at.Time))
	}
	return err
}
