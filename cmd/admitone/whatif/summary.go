package whatif

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Figures are the outcome of a sale over the range.
type Figures struct {
	// UnitsSold, SeatsBooked and TeamsEntered count those that were not released afterwards.
	UnitsSold    int64 `json:"units_sold"`
	SeatsBooked  int64 `json:"seats_booked"`
	TeamsEntered int64 `json:"teams_entered"`
	// TeamsWaiting joined the waitlist and were neither promoted nor withdrawn.
	TeamsWaiting int64 `json:"teams_waiting"`
	// Takings are debits minus refunds, in minor units.
	Takings int64 `json:"takings"`
	// HoldsExpired counts expired reservations, BookingsExpired expired bookings, and GivenBack the
	// released ones of both.
	HoldsExpired    int64 `json:"holds_expired"`
	BookingsExpired int64 `json:"bookings_expired"`
	GivenBack       int64 `json:"given_back"`
	// Buyers counts the holders of units or seats. TopTenShare and TopPercentShare are the shares
	// of all units that belong to the ten, and to the one percent, with the most.
	Buyers          int64   `json:"buyers"`
	TopTenShare     float64 `json:"top_ten_share"`
	TopPercentShare float64 `json:"top_percent_share"`
	// Admitted counts the visitors admitted by waiting rooms, and PlacesLost those who left, or were
	// dropped because they stopped polling. Wait is the time until admission.
	Admitted   int64 `json:"admitted"`
	PlacesLost int64 `json:"places_lost"`
	Wait       Wait  `json:"wait_seconds"`
	// LastSale is the time of the last sale.
	LastSale *time.Time `json:"last_sale"`
	// Refused counts the recorded refusals by code.
	Refused map[core.Code]int64 `json:"refused"`
}

// Wait has percentiles of the time between joining a waiting room and being admitted,
// in seconds.
type Wait struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// summary computes the figures from facts.
type summary struct {
	// on is false before the range.
	active  bool
	figures Figures
	owned   map[events.Holder]int64 // units and seats by holder
	joined  map[ticket]time.Time
	paid    map[events.BookingID]time.Time // of payments, by booking: they count as the times of the sales
	waits   []time.Duration
	sales   series
}

func newSummary() *summary {
	return &summary{figures: Figures{Refused: map[core.Code]int64{}}, owned: map[events.Holder]int64{},
		joined: map[ticket]time.Time{}, paid: map[events.BookingID]time.Time{}}
}

// add adds a fact.
func (t *summary) add(stream events.StreamID, fact events.Fact, at time.Time) {
	if f, ok := fact.(*events.WaitingRoomJoined); ok { // the wait may end in the range
		t.joined[ticket{stream, f.Ticket}] = at
	}
	if _, ok := fact.(*events.BookingPaymentStarted); ok {
		t.paid[events.BookingID(stream.Entity())] = at
	}
	if !t.active {
		return
	}
	if !t.addProduct(fact, at) && !t.addSeat(fact, at) && !t.addTeams(fact, at) {
		t.addRoom(stream, fact, at)
	}
}

// addSale adds a change to one of the figures of sales.
func (t *summary) addSale(which *int64, holder events.Holder, change int64, at time.Time) {
	*which += change
	if holder != "" {
		if t.owned[holder] += change; t.owned[holder] == 0 {
			delete(t.owned, holder)
		}
	}
	if change > 0 {
		t.figures.LastSale = &at
	}
	t.sales.add(at, t.figures.UnitsSold+t.figures.SeatsBooked+t.figures.TeamsEntered)
}

func (t *summary) addProduct(fact events.Fact, at time.Time) bool {
	n := &t.figures
	switch f := fact.(type) {
	case *events.ProductReserved:
		t.addSale(&n.UnitsSold, f.Holder, f.Quantity, at)
	case *events.ProductConfirmed:
		t.addSale(&n.UnitsSold, f.Holder, f.Quantity, at)
	case *events.ProductReleased:
		n.GivenBack++
		if f.Was == events.ReservationConfirmed {
			t.addSale(&n.UnitsSold, f.Holder, -f.Quantity, at)
		}
	case *events.ProductReservationCancelled:
		if f.Was == events.ReservationConfirmed {
			t.addSale(&n.UnitsSold, f.Holder, -f.Quantity, at)
		}
	case *events.ProductExpired:
		n.HoldsExpired += int64(len(f.Expired))
	default:
		return false
	}
	return true
}

func (t *summary) addSeat(fact events.Fact, at time.Time) bool {
	n := &t.figures
	switch f := fact.(type) {
	case *events.SeatBooked:
		// The time between payment and booking differs between log and simulation.
		last, begun := n.LastSale, t.paid[f.BookingID]
		if t.addSale(&n.SeatsBooked, f.Holder, 1, at); !begun.IsZero() {
			n.LastSale = &begun
		}
		if last != nil && last.After(*n.LastSale) {
			n.LastSale = last
		}
	case *events.SeatReleased:
		if f.Was == events.SeatIsBooked {
			t.addSale(&n.SeatsBooked, f.Holder, -1, at)
		}
	case *events.BookingExpired:
		n.BookingsExpired++
	case *events.BookingReleased, *events.BookingSeatReturned:
		n.GivenBack++
	case *events.WalletDebited:
		n.Takings += f.Amount
	case *events.WalletRefunded:
		n.Takings -= f.Amount
	default:
		return false
	}
	return true
}

func (t *summary) addTeams(fact events.Fact, at time.Time) bool {
	n := &t.figures
	switch f := fact.(type) {
	case *events.TournamentEntered:
		t.addSale(&n.TeamsEntered, "", int64(len(f.TeamIDs)), at)
	case *events.TournamentWaitlisted:
		n.TeamsWaiting += int64(len(f.TeamIDs))
	case *events.TournamentPromoted:
		teams := int64(0)
		for _, row := range f.Rows {
			teams += int64(len(row))
		}
		n.TeamsWaiting -= teams
		t.addSale(&n.TeamsEntered, "", teams, at)
	case *events.TournamentWithdrawn:
		if f.Was == events.EntryWaitlisted {
			n.TeamsWaiting--
		} else {
			t.addSale(&n.TeamsEntered, "", -1, at)
		}
	default:
		return false
	}
	return true
}

func (t *summary) addRoom(stream events.StreamID, fact events.Fact, at time.Time) {
	switch f := fact.(type) {
	case *events.WaitingRoomAdmitted:
		t.figures.Admitted += f.Count
		for one := range events.Tickets(f.Tickets) {
			t.waits = append(t.waits, at.Sub(t.joined[ticket{stream, one}]))
		}
	case *events.WaitingRoomDropped:
		t.figures.PlacesLost += f.Count
	case *events.WaitingRoomLeft:
		if f.Was == events.VisitorWaiting {
			t.figures.PlacesLost++
		}
	}
}

// refused counts a refusal. not_found is ignored, because it is the consequence of another refusal.
func (t *summary) refused(code core.Code) {
	if code != "" && code != core.CodeNotFound {
		t.figures.Refused[code]++
	}
}

// result completes the figures.
func (t *summary) result() Figures {
	n := t.figures
	n.Refused = maps.Clone(n.Refused)
	owned := slices.SortedFunc(maps.Values(t.owned), func(a, b int64) int { return cmp.Compare(b, a) })
	all := int64(0)
	for _, units := range owned {
		all += units
	}
	n.Buyers = int64(len(owned))
	n.TopTenShare = share(owned, 10, all)
	n.TopPercentShare = share(owned, max(1, len(owned)/100), all)
	slices.Sort(t.waits)
	n.Wait = Wait{t.wait(0.5), t.wait(0.9), t.wait(0.99), t.wait(1)}
	return n
}

func share(owned []int64, holders int, all int64) float64 {
	if all == 0 {
		return 0
	}
	some := int64(0)
	for _, units := range owned[:min(holders, len(owned))] {
		some += units
	}
	return float64(some) / float64(all)
}

func (t *summary) wait(part float64) float64 {
	if len(t.waits) == 0 {
		return 0
	}
	return t.waits[min(len(t.waits)-1, int(part*float64(len(t.waits))))].Seconds()
}

// point is the total sold by a time.
type point struct {
	at    time.Time
	total int64
}

// maxPoints bounds a series.
const maxPoints = 8192

// series is the total sold over time. It keeps fewer points per change as it grows.
type series struct {
	points  []point
	every   int // one of so many changes is kept
	skipped int // changes since the last one that was kept
}

func (s *series) add(at time.Time, total int64) {
	if s.skipped++; s.skipped < s.every {
		s.updateLast(at, total)
		return
	}
	s.skipped = 0
	if len(s.points) == maxPoints {
		kept := s.points[:0]
		for i := 0; i < len(s.points); i += 2 {
			kept = append(kept, s.points[i])
		}
		s.points, s.every = kept, max(1, s.every)*2
	}
	s.points = append(s.points, point{at, total})
}

// updateLast updates the newest point, so that it is correct even if changes are skipped.
func (s *series) updateLast(at time.Time, total int64) {
	if n := len(s.points); n > 0 {
		s.points[n-1] = point{at, total}
	}
}
