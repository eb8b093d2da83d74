package kinds

import (
	"fmt"
	"io"

	"admitone/actors/payment"
	"admitone/actors/settlement"
	"admitone/api"
	"admitone/events"
	"admitone/projections/row"
)

// A payment is an external payment for a purchase. Its commands are steps of that purchase, so
// packages whatif and replay create them.
var _ = register(&Kind{
	Name:  "payment",
	Rules: payment.Kind,
	Show:  showing(row.PaymentAt, paymentText, api.AppendPayment),
})

// A settlement is a reference under which a refund was settled.
var _ = register(&Kind{
	Name:  "settlement",
	Rules: settlement.Kind,
	Show:  showing(row.SettlementAt, settlementText, appendSettlement),
})

func paymentText(out io.Writer, p *row.Payment) error {
	c, known := events.CurrencyOf(p.Currency)
	if !known {
		c = events.Currency{Code: p.Currency} // as reported, without decimals
	}
	stream := events.PaymentStream(p.Provider, p.Reference)
	if _, err := fmt.Fprintf(out, `payment/%s
  received   %s from %s under %q
  for        %s
  it is      %s open + %s booked + %s kept + %s refunded + %s owed
`, stream.Entity(), c.Text(p.Received), p.Provider, p.Reference, p.For.Path(), c.Text(p.Open), c.Text(p.Booked),
		c.Text(p.Kept), c.Text(p.Refunded), c.Text(p.Owed)); err != nil {
		return err
	}
	for i := range p.Refunds {
		f := &p.Refunds[i]
		settled := ""
		if f.Settlement != "" {
			settled = fmt.Sprintf(" under %q", f.Settlement)
		}
		if _, err := fmt.Fprintf(out, "  refund     %s: %s %s%s (%s)\n", f.ID, c.Text(f.Amount), f.Status, settled,
			f.Cause); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "  revision   %d, position %d\n  created    %s\n  changed    %s\n", p.Revision, p.Position,
		events.FormatTime(p.Created), events.FormatTime(p.Updated))
	return err
}

func settlementText(out io.Writer, s *row.Settlement) error {
	_, err := fmt.Fprintf(out, "settlement/%s\n  reference  %q of %s\n  refund     %s\n  created    %s, position %d\n",
		events.SettlementStream(s.Provider, s.Reference).Entity(), s.Reference, s.Provider, s.RefundID,
		events.FormatTime(s.Created), s.Position)
	return err
}

func appendSettlement(dst []byte, s *row.Settlement, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("provider", string(s.Provider))
	o.String("reference", s.Reference)
	o.String("refund_id", string(s.RefundID))
	return closeShown(&o, int64(s.Revision), int64(s.Position), at)
}
