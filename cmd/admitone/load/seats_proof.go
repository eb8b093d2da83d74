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
	"admitone/projections"
)

// ConcertProof compares the log with what the crowd was told.
type ConcertProof struct {
	Events uint64 `json:"events"`
	// Acknowledged bookings, those in the log, and those that are there though nobody
	// heard: at most Unknown.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unheard      int64 `json:"unheard"`
	Unknown      int64 `json:"unknown"`
	// How the bookings ended; PaidLate are among those Booked.
	Booked   int64 `json:"booked"`
	Released int64 `json:"released"`
	Expired  int64 `json:"expired"`
	PaidLate int64 `json:"paid_late"`
	Seats    int   `json:"seats_booked"`
	// Money: Balance = Charged - Debited + Refunded.
	Charged  int64 `json:"charged"`
	Debited  int64 `json:"debited"`
	Refunded int64 `json:"refunded"`
	Balance  int64 `json:"balance"`
	wrongs
}

// prove reads the log back from where the performance begins. Errors: the server's;
// what is wrong is in the proof.
func (c *concert) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &ConcertProof{wrongs: noWrongs(), Acknowledged: int64(len(c.told)), Unknown: c.unknown, PaidLate: c.paidLate.Load()}
	house := newRecordedHouse(c.performance)
	verifier := projections.NewVerifier(false)
	for e, err := range events.All(ctx, server, c.since) {
		if err != nil {
			return p, err
		}
		if !house.knows(&e) {
			continue
		}
		err := verifier.Take(&e)
		if err == nil {
			err = house.take(&e)
		}
		if err != nil {
			p.wrong("%v", err)
			return p, nil
		}
	}
	p.Events, p.InLog = verifier.Events(), int64(len(house.bookings))
	for _, open := range verifier.Open() {
		p.wrong("%s", open)
	}
	if c.unreadable > 0 {
		p.wrong("%d acknowledgements name no booking", c.unreadable)
	}
	p.compare(c.told, house)
	p.count(verifier.Money(), c.charged.Load(), house)
	return p, p.askSeats(ctx, server, c.path(), house)
}

// compare holds the log to what the crowd was told.
func (p *ConcertProof) compare(told []*booked, house *recordedHouse) {
	heard := map[string]bool{}
	for _, t := range told {
		row, ok := house.bookings[t.ID]
		if heard[t.ID] {
			p.wrong("%s was acknowledged twice", t.ID)
		}
		heard[t.ID] = true
		switch {
		case !ok:
			p.wrong("%s was acknowledged and is not in the log", t.ID)
		case row.Holder != t.Holder || row.Amount != t.Amount || !slices.Equal(seatNames(row), t.Seats):
			p.wrong("%s is for %s, %v, %d according to its answer, and for %s, %v, %d in the log",
				t.ID, t.Holder, t.Seats, t.Amount, row.Holder, seatNames(row), row.Amount)
		case t.Status != "" && t.Status != row.Status && !(t.Status == events.BookingIsHeld && row.Status == events.BookingIsExpired):
			p.wrong("%s is %s according to its answers, and %s in the log", t.ID, t.Status, row.Status)
		}
	}
	if p.Unheard = int64(len(house.bookings) - len(heard)); p.Unheard > p.Unknown {
		p.wrong("%d bookings in the log were not acknowledged, and only %d outcomes are unknown", p.Unheard, p.Unknown)
	}
}

func seatNames(b *projections.Booking) []string {
	names := make([]string, len(b.Seats))
	for i := range b.Seats {
		names[i] = b.Seats[i].Seat
	}
	return names
}

// count counts how the bookings ended: every seat is in one booking, and the money
// is where they are.
func (p *ConcertProof) count(money projections.Wallet, charged int64, house *recordedHouse) {
	spent, owner := int64(0), map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(house.bookings)) {
		b := house.bookings[id]
		switch b.Status {
		case events.BookingIsBooked:
			p.Booked++
		case events.BookingIsReleased:
			p.Released++
		case events.BookingIsExpired:
			p.Expired++
		default:
			p.wrong("the booking %s is still %s", id, b.Status)
		}
		if b.Status != events.BookingIsBooked {
			continue
		}
		spent += b.Amount
		for _, s := range b.Seats {
			if other, twice := owner[s.Seat]; twice {
				p.wrong("the seat %s is booked by %s and by %s", s.Seat, other, id)
			}
			owner[s.Seat] = id
		}
	}
	p.Seats = len(owner)
	if got := house.standing(events.SeatIsBooked); !slices.Equal(got, slices.Sorted(maps.Keys(owner))) {
		p.wrong("%d seats are booked, and the bookings have %d; or not the same", len(got), len(owner))
	}
	for _, name := range house.standing(events.SeatIsHeld) {
		p.wrong("the seat %s is still held under %s", name, house.seats[name].hold)
	}
	p.Charged, p.Debited, p.Refunded, p.Balance = money.Charged, money.Debited, money.Refunded, money.Balance
	if p.Charged != charged || p.Debited-p.Refunded != spent || p.Balance != charged-spent {
		p.wrong("%d were charged and %d are booked; the wallets have %d = %d charged - %d debited + %d refunded",
			charged, spent, p.Balance, p.Charged, p.Debited, p.Refunded)
	}
}

// askSeats holds the seats that the server shows to the log.
func (p *ConcertProof) askSeats(ctx context.Context, server *remote.Log, path string, house *recordedHouse) error {
	for _, status := range []events.SeatStatus{events.SeatIsHeld, events.SeatIsBooked} {
		var got []string
		for next := ""; ; {
			var page struct {
				Items []struct{ Seat string }
				Next  *string
			}
			query := url.Values{"limit": {"500"}, "status": {string(status)}, "cursor": {next}, "min_position": {fmt.Sprint(house.position)}}
			if err := ask(ctx, server, path+"/seats?"+query.Encode(), &page); err != nil {
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
		if want := house.standing(status); !slices.Equal(got, want) {
			p.wrong("the server shows %d seats as %s, the log %d; or not the same", len(got), status, len(want))
		}
	}
	return nil
}

func (p *ConcertProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d bookings; acknowledged: %d; unknown outcomes: %d, of which %d are in the log\n",
		p.Events, p.InLog, p.Acknowledged, p.Unknown, p.Unheard)
	fmt.Fprintf(out, "  %d booked (%d paid late) with %d seats, %d given back, %d expired\n", p.Booked, p.PaidLate, p.Seats, p.Released, p.Expired)
	fmt.Fprintf(out, "  money: %d = %d charged - %d debited + %d refunded\n", p.Balance, p.Charged, p.Debited, p.Refunded)
	return p.verdict(out, "every acknowledged booking is in the log, no seat was given out twice or kept past its time, and no money was lost or made")
}
