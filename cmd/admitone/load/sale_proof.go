package load

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections/row"
	"admitone/projections/verify"
)

// SaleProof compares the log with the answers and with the provider's ledger.
type SaleProof struct {
	Events uint64 `json:"events"`
	// Acknowledged counts the acknowledged bookings, InLog those in the log, and Unknown the requests
	// whose outcome is unknown.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unknown      int64 `json:"unknown"`
	// Cancelled and Expired count the bookings by their final status.
	Cancelled int64 `json:"cancelled"`
	Expired   int64 `json:"expired"`
	// Paid counts the payments that booked something. All others were owed as refunds immediately.
	Payments int64 `json:"payments"`
	Paid     int64 `json:"paid"`
	// Received and Refunded are the amounts in the log, Taken and PaidBack those in the provider's ledger.
	Received int64 `json:"received"`
	Refunded int64 `json:"refunded"`
	Taken    int64 `json:"provider_took"`
	PaidBack int64 `json:"provider_paid_back"`
	violations
}

// saleLog is the state of the sale, folded from the log.
type saleLog struct {
	*recordedSeats
	payments map[string]*row.Payment // by the stream's entity
	paid     map[string]bool         // payments that have booked something
}

// includes reports whether an event belongs to the sale or to its payments.
func (s *saleLog) includes(e *events.Recorded, provider events.Provider) bool {
	switch e.Stream.Category() {
	case events.PaymentCategory, events.SettlementCategory:
		return strings.HasPrefix(e.Stream.Entity(), string(provider)+"~")
	case events.CallOffCategory:
		return events.CallOffID(e.Stream.Entity()) ==
			events.NewCallOffID(events.PerformanceCategory, string(s.performance))
	}
	return e.Stream == events.SettingsStream || s.recordedSeats.includes(e)
}

func (s *saleLog) apply(e *events.Recorded) error {
	if e.Stream.Category() != events.PaymentCategory {
		return s.recordedSeats.apply(e)
	}
	s.position = e.Position
	id := strings.Clone(e.Stream.Entity())
	if s.payments[id] == nil {
		s.payments[id] = &row.Payment{}
	}
	if e.Type == (&events.PaymentBooked{}).Name() {
		s.paid[id] = true
	}
	return s.payments[id].Apply(e)
}

// prove implements [Scenario] with the log's currency and the events since the performance was created. Errors:
// the server's.
func (c *saleScenario) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &SaleProof{violations: noViolations(), Acknowledged: int64(len(c.booked)), Unknown: c.unknown}
	recorded := &saleLog{
		newRecordedSeats(events.PerformanceID(c.performance)),
		map[string]*row.Payment{},
		map[string]bool{},
	}
	verifier := verify.New(false)
	check := func(e *events.Recorded) bool {
		if !recorded.includes(e, c.provider.name) {
			return true
		}
		err := verifier.Check(e)
		if err == nil {
			err = recorded.apply(e)
		}
		if err != nil {
			p.add("%v", err)
		}
		return err == nil
	}
	settings, err := server.Read(ctx, events.SettingsStream, 0, events.Forward, 1000)
	if err != nil {
		return p, err
	}
	for i := range settings {
		if settings[i].Position <= c.since && !check(&settings[i]) {
			return p, nil
		}
	}
	for e, err := range events.All(ctx, server, c.since) {
		if err != nil {
			return p, err
		}
		if !check(&e) {
			return p, nil
		}
	}
	p.Events, p.InLog = verifier.Events(), int64(len(recorded.bookings))
	for _, open := range verifier.Open() {
		p.add("%s", open)
	}
	for _, wrong := range c.provider.wrong {
		p.add("%s", wrong)
	}
	if c.callOff.Status != "done" || c.callOff.Left != 0 {
		p.add("the cancellation is %q, and %d bookings are not ended", c.callOff.Status, c.callOff.Left)
	}
	p.bookings(c.booked, recorded)
	p.money(c.provider, recorded)
	return p, nil
}

// bookings checks the acknowledged bookings, and that all bookings in the log have ended.
func (p *SaleProof) bookings(made []*booked, recorded *saleLog) {
	for _, b := range made {
		if row := recorded.bookings[b.ID]; row == nil || row.Holder != b.Holder || row.Amount != b.Amount {
			p.add("%s was acknowledged for %s at %d, and the log has %+v", b.ID, b.Holder, b.Amount, row)
		}
	}
	if unacknowledged := p.InLog - p.Acknowledged; unacknowledged > p.Unknown {
		p.add("%d bookings in the log were not acknowledged, and only %d outcomes are unknown", unacknowledged, p.Unknown)
	}
	for _, id := range slices.Sorted(maps.Keys(recorded.bookings)) {
		switch b := recorded.bookings[id]; b.Status {
		case events.BookingIsCancelled:
			p.Cancelled++
		case events.BookingIsExpired:
			p.Expired++
		default:
			p.add("the booking %s is still %s", id, b.Status)
		}
	}
	for _, status := range []events.SeatStatus{events.SeatIsHeld, events.SeatIsBooked} {
		for _, name := range recorded.taken(status) {
			p.add("the seat %s is still %s under %s", name, status, recorded.seats[name].hold)
		}
	}
}

// money compares the log with the provider's ledger, payment by payment.
func (p *SaleProof) money(of *provider, recorded *saleLog) {
	for _, reference := range slices.Sorted(maps.Keys(of.ledger)) {
		c := of.ledger[reference]
		p.Payments++
		p.Taken, p.PaidBack = p.Taken+c.amount, p.PaidBack+c.refunded
		id := events.PaymentStream(of.name, reference).Entity()
		payment := recorded.payments[id]
		switch {
		case payment == nil:
			p.add("the provider took %d under %s, which is not in the log", c.amount, reference)
			continue
		case payment.Received != c.amount || payment.Refunded != c.refunded || c.refunded != c.amount:
			p.add("under %s the provider took %d and paid %d back; by the log %d were received and %d refunded", reference,
				c.amount, c.refunded, payment.Received, payment.Refunded)
		case (c.outcome == "booked") != recorded.paid[id]:
			p.add("%s was answered with %q, and has booked something: %t", reference, c.outcome, recorded.paid[id])
		}
		if recorded.paid[id] {
			p.Paid++
		}
	}
	for _, payment := range recorded.payments {
		p.Received, p.Refunded = p.Received+payment.Received, p.Refunded+payment.Refunded
		if of.ledger[payment.Reference] == nil {
			p.add("the log has %d under %s, which the provider never took", payment.Received, payment.Reference)
		}
	}
	if p.Received != p.Taken || p.Refunded != p.PaidBack || p.Received != p.Refunded {
		p.add("the provider took %d and paid %d back; by the log %d were received and %d refunded", p.Taken, p.PaidBack,
			p.Received, p.Refunded)
	}
}

func (p *SaleProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d bookings; acknowledged: %d; unknown outcomes: %d\n", p.Events, p.InLog,
		p.Acknowledged, p.Unknown)
	fmt.Fprintf(out, "  %d cancelled, %d expired; %d payments, of which %d had booked a seat\n", p.Cancelled, p.Expired,
		p.Payments, p.Paid)
	fmt.Fprintf(out, "  money: %d received and %d refunded by the log; %d taken and %d paid back by the provider\n",
		p.Received, p.Refunded, p.Taken, p.PaidBack)
	return p.verdict(out, "every booking has ended, no seat is still taken, and the log and the provider's "+
		"ledger agree to the unit")
}
