package load

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"

	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections/row"
	"admitone/projections/verify"
)

// SeatsProof compares the log with the answers.
type SeatsProof struct {
	Events uint64 `json:"events"`
	// Acknowledged counts the acknowledged bookings, InLog those in the log, and Unheard those in the
	// log without an answer. There may be at most Unknown of the latter.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unheard      int64 `json:"unheard"`
	Unknown      int64 `json:"unknown"`
	// Counts of bookings by their final status. PaidLate is a part of Booked.
	Booked   int64 `json:"booked"`
	Released int64 `json:"released"`
	Expired  int64 `json:"expired"`
	PaidLate int64 `json:"paid_late"`
	Seats    int   `json:"seats_booked"`
	// Amounts in minor units. Balance = Charged - Debited + Refunded.
	Charged  int64 `json:"charged"`
	Debited  int64 `json:"debited"`
	Refunded int64 `json:"refunded"`
	Kept     int64 `json:"kept"`
	Balance  int64 `json:"balance"`
	violations
}

// prove implements [Scenario] with the events since the performance was created. Errors: the server's.
func (c *seatsScenario) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &SeatsProof{violations: noViolations(), Acknowledged: int64(len(c.acknowledged)), Unknown: c.unknown,
		PaidLate: c.paidLate.Load()}
	recorded := newRecordedSeats(events.PerformanceID(c.performance))
	verifier := verify.New(false)
	for e, err := range events.All(ctx, server, c.since) {
		if err != nil {
			return p, err
		}
		if !recorded.includes(&e) {
			continue
		}
		err := verifier.Check(&e)
		if err == nil {
			err = recorded.apply(&e)
		}
		if err != nil {
			p.add("%v", err)
			return p, nil
		}
	}
	p.Events, p.InLog = verifier.Events(), int64(len(recorded.bookings))
	for _, open := range verifier.Open() {
		p.add("%s", open)
	}
	if c.unreadable > 0 {
		p.add("%d acknowledgements name no booking", c.unreadable)
	}
	p.compare(c.acknowledged, recorded)
	p.count(verifier.Money(), c.charged.Load(), recorded)
	return p, p.checkSeats(ctx, server, c.path(), recorded)
}

// compare checks the log against the answers.
func (p *SeatsProof) compare(acknowledged []*booked, recorded *recordedSeats) {
	seen := map[events.BookingID]bool{}
	for _, t := range acknowledged {
		row, ok := recorded.bookings[t.ID]
		if seen[t.ID] {
			p.add("%s was acknowledged twice", t.ID)
		}
		seen[t.ID] = true
		switch {
		case !ok:
			p.add("%s was acknowledged but is not in the log", t.ID)
		case row.Holder != t.Holder || row.Amount != t.Amount || !slices.Equal(seatNames(row), t.Seats):
			p.add("%s is for %s, %v, %d according to its answer, and for %s, %v, %d in the log",
				t.ID, t.Holder, t.Seats, t.Amount, row.Holder, seatNames(row), row.Amount)
		case t.Status != "" && t.Status != row.Status &&
			!(t.Status == events.BookingIsHeld && row.Status == events.BookingIsExpired):
			p.add("%s is %s according to its answers, and %s in the log", t.ID, t.Status, row.Status)
		}
	}
	if p.Unheard = int64(len(recorded.bookings) - len(seen)); p.Unheard > p.Unknown {
		p.add("%d bookings in the log were not acknowledged, and only %d outcomes are unknown", p.Unheard, p.Unknown)
	}
}

func seatNames(b *row.Booking) []events.SeatName {
	names := make([]events.SeatName, len(b.Seats))
	for i := range b.Seats {
		names[i] = b.Seats[i].Seat
	}
	return names
}

// count counts the bookings by status, and checks that every booked seat is in one booking and that the amounts
// match.
func (p *SeatsProof) count(money verify.Money, charged int64, recorded *recordedSeats) {
	spent, owner := int64(0), map[events.SeatName]events.BookingID{}
	for _, id := range slices.Sorted(maps.Keys(recorded.bookings)) {
		b := recorded.bookings[id]
		switch b.Status {
		case events.BookingIsBooked:
			p.Booked++
		case events.BookingIsReleased:
			p.Released++
		case events.BookingIsExpired:
			p.Expired++
		default:
			p.add("the booking %s is still %s", id, b.Status)
		}
		p.Kept += b.Kept
		if b.Status != events.BookingIsBooked {
			continue
		}
		spent += b.Price()
		for _, s := range b.Seats {
			if other, twice := owner[s.Seat]; twice {
				p.add("the seat %s is booked by %s and by %s", s.Seat, other, id)
			}
			owner[s.Seat] = id
		}
	}
	p.Seats = len(owner)
	if got := recorded.taken(events.SeatIsBooked); !slices.Equal(got, slices.Sorted(maps.Keys(owner))) {
		p.add("%d seats are booked, and the bookings have %d; they have to be the same", len(got), len(owner))
	}
	for _, name := range recorded.taken(events.SeatIsHeld) {
		p.add("the seat %s is still held under %s", name, recorded.seats[name].hold)
	}
	p.Charged, p.Debited, p.Refunded, p.Balance = money.Charged, money.Debited, money.Refunded, money.Balance
	if spent += p.Kept; p.Charged != charged || p.Debited-p.Refunded != spent || p.Balance != charged-spent {
		p.add("%d were charged and %d are booked or kept; the wallets have %d = %d charged - %d debited + %d refunded",
			charged, spent, p.Balance, p.Charged, p.Debited, p.Refunded)
	}
}

// checkSeats checks the seats that the server shows against the log.
func (p *SeatsProof) checkSeats(ctx context.Context, server *remote.Log, path string, recorded *recordedSeats) error {
	for _, status := range []events.SeatStatus{events.SeatIsHeld, events.SeatIsBooked} {
		var got []events.SeatName
		for next := ""; ; {
			var page struct {
				Items []struct{ Seat events.SeatName }
				Next  *string
			}
			query := url.Values{"limit": {"500"}, "status": {string(status)}, "cursor": {next},
				"min_position": {fmt.Sprint(recorded.position)}}
			if err := readRetrying(ctx, server, path+"/seats?"+query.Encode(), &page); err != nil {
				return err
			}
			for _, item := range page.Items {
				got = append(got, item.Seat)
			}
			if page.Next == nil {
				break
			}
			next = *page.Next
		}
		slices.Sort(got)
		if want := recorded.taken(status); !slices.Equal(got, want) {
			p.add("the server shows %d seats as %s, and the log has %d; they have to be the same", len(got), status, len(want))
		}
	}
	return nil
}

func (p *SeatsProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d bookings; acknowledged: %d; unknown outcomes: %d, of which %d are in "+
		"the log\n",
		p.Events, p.InLog, p.Acknowledged, p.Unknown, p.Unheard)
	fmt.Fprintf(out, "  %d booked (%d paid late) with %d seats, %d given back, %d expired\n", p.Booked, p.PaidLate,
		p.Seats, p.Released, p.Expired)
	fmt.Fprintf(out, "  money: %d = %d charged - %d debited + %d refunded\n", p.Balance, p.Charged, p.Debited, p.Refunded)
	return p.verdict(out, "every acknowledged booking is in the log, no seat was sold twice or held beyond its deadline, "+
		"and no money was lost or made")
}
