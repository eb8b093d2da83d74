package kinds

import (
	"fmt"
	"io"

	"admitone/actors/allowance"
	"admitone/events"
	"admitone/projections/row"
)

// allowanceKind counts the seats of a holder in a performance. Only bookings send it commands.
var allowanceKind = register(&Kind{
	Name:  "allowance",
	Rules: allowance.Kind,
	Show:  showing(row.AllowanceAt, allowanceText, appendAllowance),
})

func allowanceText(out io.Writer, a *row.Allowance) error {
	_, err := fmt.Fprintf(out, `allowance/%s
  taken      %d of performance/%s by %s
  revision   %d, position %d
  changed    %s
`, events.OfPerformance(a.PerformanceID, a.Holder), a.Taken, a.PerformanceID, a.Holder, a.Revision, a.Position,
		events.FormatTime(a.Updated))
	return err
}

func appendAllowance(dst []byte, a *row.Allowance, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("performance_id", string(a.PerformanceID))
	o.String("holder", a.Holder)
	o.Int("taken", a.Taken)
	return closeShown(&o, int64(a.Revision), int64(a.Position), at)
}
