package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"admitone/api"
	"admitone/events"
	"admitone/projections"
)

func newShow() *cobra.Command {
	var from source
	var at string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show KIND/ID",
		Short:   "Show one resource, as it is or as it was",
		Example: "  admitone show product/1\n  admitone show product/1 --at 2031-05-01T20:00:03Z --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, id, err := entity(args[0])
			if err != nil {
				return err
			}
			if kind != "product" {
				return usagef("show knows the kind product, not %q", kind)
			}
			store, err := from.open(cmd, args)
			if err != nil {
				return err
			}
			defer store.Close()
			moment, when := projections.Moment{Position: events.EndPosition}, ""
			if at != "" {
				if moment, err = projections.MomentOf(cmd.Context(), store, at); errors.Is(err, projections.ErrBadMoment) {
					return usagef("--at: %w", err)
				} else if err != nil {
					return err
				}
				when = " at " + at
			}
			p, err := projections.ProductAt(cmd.Context(), store, id, moment.Position)
			if err != nil {
				return err
			}
			if p == nil {
				return notThere(cmd.ErrOrStderr(), "there is no %s in %s%s", args[0], from.name(), when)
			}
			return showProduct(cmd.OutOrStdout(), p, moment, at != "", asJSON)
		},
	}
	from.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was then: a log position or an RFC 3339 time")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, like the HTTP resource")
	return cmd
}

func showProduct(out io.Writer, p *projections.Product, at projections.Moment, past, asJSON bool) error {
	if asJSON {
		var asOf *projections.Moment
		if past {
			asOf = &at
		}
		_, err := out.Write(append(api.AppendProduct(nil, p, asOf), '\n'))
		return err
	}
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
	if err == nil && past {
		_, err = fmt.Fprintf(out, "  as of      position %d, %s\n", at.Position, stamp(at.Time))
	}
	return err
}
