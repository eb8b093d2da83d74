package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"admitone/api"
	"admitone/events"
	"admitone/projections"
)

// shown is a resource on its way to the terminal.
type shown struct {
	text func(out io.Writer) error
	json func(at *projections.Moment) []byte
	// parts are what the JSON leaves out, nil if it has everything.
	parts func() parts
}

// shows are the kinds that show knows. Each reads a resource as it was at a moment,
// nil if it did not exist then.
var shows = map[string]func(ctx context.Context, store events.Store, id string, at projections.Moment) (*shown, error){
	"product":     showing(projections.ProductAt, productText, api.AppendProduct),
	"team":        showing(projections.TeamAt, teamText, api.AppendTeam),
	"tournament":  showTournament,
	"booking":     showBooking,
	"wallet":      showing(projections.WalletAt, walletText, api.AppendWallet),
	"performance": showPerformance,
	"seat":        showing(projections.SeatAt, seatText, appendSeat),
	"allowance":   showing(projections.AllowanceAt, allowanceText, appendAllowance),

	"waiting-room": showing(projections.WaitingRoomAt, waitingRoomText, api.AppendWaitingRoom),
}

// showing makes an entry of shows of the functions that a kind has.
func showing[R any](read func(context.Context, events.Store, string, events.Position) (*R, error), text func(io.Writer, *R) error,
	write func([]byte, *R, *projections.Moment) []byte) func(context.Context, events.Store, string, projections.Moment) (*shown, error) {
	return func(ctx context.Context, store events.Store, id string, at projections.Moment) (*shown, error) {
		row, err := read(ctx, store, id, at.Position)
		if err != nil || row == nil {
			return nil, err
		}
		return &shown{
			text: func(out io.Writer) error { return text(out, row) },
			json: func(asOf *projections.Moment) []byte { return write(nil, row, asOf) },
		}, nil
	}
}

func newShow() *cobra.Command {
	var from source
	var at string
	var asJSON bool
	kinds := slices.Sorted(maps.Keys(shows))
	cmd := &cobra.Command{
		Use:     "show KIND/ID",
		Short:   "Show one resource, as it is or as it was",
		Example: "  admitone show product/1\n  admitone show tournament/cup --at 2031-05-01T20:00:03Z\n  admitone show product/1 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, id, err := entity(args[0])
			if err != nil {
				return err
			}
			read, ok := shows[kind]
			if !ok {
				return usagef("show knows the kinds %s, not %q", strings.Join(kinds, ", "), kind)
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			moment, when := projections.Moment{Position: events.EndPosition, Time: time.Now()}, ""
			if at != "" {
				if moment, err = projections.MomentOf(cmd.Context(), store, at); errors.Is(err, projections.ErrBadMoment) {
					return usagef("--at: %w", err)
				} else if err != nil {
					return err
				}
				when = " at " + at
			}
			s, err := read(cmd.Context(), store, id, moment)
			if err != nil {
				return err
			}
			if s == nil {
				return notThere(cmd.ErrOrStderr(), "there is no %s in %s%s", args[0], from.name(), when)
			}
			return s.print(cmd.OutOrStdout(), moment, at != "", asJSON)
		},
	}
	from.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was then: a log position or an RFC 3339 time")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, like the HTTP resource")
	return cmd
}

func (s *shown) print(out io.Writer, at projections.Moment, past, asJSON bool) error {
	if asJSON {
		var asOf *projections.Moment
		if past {
			asOf = &at
		}
		_, err := out.Write(append(s.json(asOf), '\n'))
		return err
	}
	err := s.text(out)
	if err == nil && past {
		_, err = fmt.Fprintf(out, "  as of      position %d, %s\n", at.Position, stamp(at.Time))
	}
	return err
}

func productText(out io.Writer, p *projections.Product) error {
	limit := "none"
	if p.LimitPerHolder > 0 {
		limit = fmt.Sprint(p.LimitPerHolder)
	}
	_, err := fmt.Fprintf(out, `product/%s  %s
  stock      %d = %d remaining + %d held + %d sold
  price      %d
  limit      %s per holder
  holds      %d s
  revision   %d, position %d
  created    %s
  changed    %s
`, p.ID, p.Name, p.Stock, p.Remaining(), p.Held, p.Sold, p.Price, limit, p.HoldSeconds, p.Revision, p.Position, stamp(p.Created), stamp(p.Updated))
	return err
}

func teamText(out io.Writer, t *projections.Team) error {
	_, err := fmt.Fprintf(out, "team/%s  %s\n  revision   %d, position %d\n  created    %s\n", t.ID, t.Name, t.Revision, t.Position, stamp(t.Created))
	return err
}

// showTournament shows a tournament with everybody who takes part, in order.
func showTournament(ctx context.Context, store events.Store, id string, at projections.Moment) (*shown, error) {
	roster, err := projections.RosterAt(ctx, store, id, at.Position)
	if err != nil || roster == nil {
		return nil, err
	}
	roster.Status = roster.StatusAt(at.Time)
	return &shown{
		text:  func(out io.Writer) error { return tournamentText(out, roster) },
		json:  func(asOf *projections.Moment) []byte { return api.AppendTournament(nil, &roster.Tournament, asOf) },
		parts: func() parts { return rosterParts(roster) },
	}, nil
}

func tournamentText(out io.Writer, t *projections.Roster) error {
	waitlist := "none"
	if t.Waitlist {
		waitlist = fmt.Sprintf("%d waiting, %s", t.Waitlisted, t.WaitlistRule)
	}
	if _, err := fmt.Fprintf(out, `tournament/%s  %s
  slots      %d = %d remaining + %d entered
  waitlist   %s
  sign-up    %s, until %s
  revision   %d, position %d
  created    %s
  changed    %s
`, t.ID, t.Name, t.TeamLimit, t.Remaining(), t.Entered, waitlist, t.Status, stamp(t.RegisterDeadline),
		t.Revision, t.Position, stamp(t.Created), stamp(t.Updated)); err != nil {
		return err
	}
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		entries, _ := t.Entries(status, 0, max(int(t.Entered), int(t.Waitlisted)))
		for i := range entries {
			if _, err := fmt.Fprintf(out, "  %-10s %d  %s  since %s\n", status, i+1, entries[i].TeamID, stamp(entries[i].Since)); err != nil {
				return err
			}
		}
	}
	return nil
}
