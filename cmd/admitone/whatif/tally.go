package whatif

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// Figures are what came of a sale, from the first moment of the range to its end.
type Figures struct {
	// UnitsSold of products, SeatsBooked and TeamsEntered, less what was given back.
	UnitsSold    int64 `json:"units_sold"`
	SeatsBooked  int64 `json:"seats_booked"`
	TeamsEntered int64 `json:"teams_entered"`
	// TeamsWaiting joined the waitlist and have not come in or left.
	TeamsWaiting int64 `json:"teams_waiting"`
	// Takings are debits less refunds, in minor units.
	Takings int64 `json:"takings"`
	// HoldsExpired are reservations and BookingsExpired bookings whose time ran out,
	// GivenBack both that were released.
	HoldsExpired    int64 `json:"holds_expired"`
	BookingsExpired int64 `json:"bookings_expired"`
	GivenBack       int64 `json:"given_back"`
	// Buyers are the holders that have something, TopTenShare and TopPercentShare what
	// the ten, and the hundredth part, of them with the most have of it all.
	Buyers          int64   `json:"buyers"`
	TopTenShare     float64 `json:"top_ten_share"`
	TopPercentShare float64 `json:"top_percent_share"`
	// Admitted by waiting rooms, after Wait; PlacesLost gave up or were silent.
	Admitted   int64 `json:"admitted"`
	PlacesLost int64 `json:"places_lost"`
	Wait       Wait  `json:"wait_seconds"`
	// LastSale is when the last one happened that was not given back since.
	LastSale *time.Time `json:"last_sale"`
	// Refused wishes by code, as far as the log knows of them.
	Refused map[string]int64 `json:"refused"`
}

// Wait has percentiles of the time between joining a waiting room and being admitted,
// in seconds.
type Wait struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// tally makes figures of facts.
type tally struct {
	// on is false before the range.
	on      bool
	figures Figures
	owned   map[string]int64 // units and seats by holder
	joined  map[ticket]time.Time
	begun   map[string]time.Time // payments by bookings: their time is the sale's
	waits   []time.Duration
	sales   series
}

func newTally() *tally {
	return &tally{figures: Figures{Refused: map[string]int64{}}, owned: map[string]int64{}, joined: map[ticket]time.Time{}, begun: map[string]time.Time{}}
}

// told takes a fact in.
func (t *tally) told(stream events.StreamID, fact events.Fact, at time.Time) {
	if f, ok := fact.(*events.WaitingRoomJoined); ok { // the wait may end in the range
		t.joined[ticket{stream, f.Ticket}] = at
	}
	if _, ok := fact.(*events.BookingPaymentStarted); ok {
		t.begun[stream.Entity()] = at
	}
	if !t.on {
		return
	}
	if !t.toldOfProduct(fact, at) && !t.toldOfSeat(fact, at) && !t.toldOfTeams(fact, at) {
		t.toldOfRoom(stream, fact, at)
	}
}

// sold notes a change of what is sold.
func (t *tally) sold(which *int64, holder string, change int64, at time.Time) {
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

func (t *tally) toldOfProduct(fact events.Fact, at time.Time) bool {
	n := &t.figures
	switch f := fact.(type) {
	case *events.ProductReserved:
		t.sold(&n.UnitsSold, f.Holder, f.Quantity, at)
	case *events.ProductConfirmed:
		t.sold(&n.UnitsSold, f.Holder, f.Quantity, at)
	case *events.ProductReleased:
		n.GivenBack++
		if f.Was == events.ReservationConfirmed {
			t.sold(&n.UnitsSold, f.Holder, -f.Quantity, at)
		}
	case *events.ProductExpired:
		n.HoldsExpired += int64(len(f.Expired))
	default:
		return false
	}
	return true
}

func (t *tally) toldOfSeat(fact events.Fact, at time.Time) bool {
	n := &t.figures
	switch f := fact.(type) {
	case *events.SeatBooked:
		// How long the house took to book it is no part of the sale.
		last, begun := n.LastSale, t.begun[f.BookingID]
		if t.sold(&n.SeatsBooked, f.Holder, 1, at); !begun.IsZero() {
			n.LastSale = &begun
		}
		if last != nil && last.After(*n.LastSale) {
			n.LastSale = last
		}
	case *events.SeatReleased:
		if f.Was == events.SeatIsBooked {
			t.sold(&n.SeatsBooked, f.Holder, -1, at)
		}
	case *events.BookingExpired:
		n.BookingsExpired++
	case *events.BookingReleased:
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

func (t *tally) toldOfTeams(fact events.Fact, at time.Time) bool {
	n := &t.figures
	switch f := fact.(type) {
	case *events.TournamentEntered:
		t.sold(&n.TeamsEntered, "", int64(len(f.TeamIDs)), at)
	case *events.TournamentWaitlisted:
		n.TeamsWaiting += int64(len(f.TeamIDs))
	case *events.TournamentPromoted:
		teams := int64(0)
		for _, row := range f.Rows {
			teams += int64(len(row))
		}
		n.TeamsWaiting -= teams
		t.sold(&n.TeamsEntered, "", teams, at)
	case *events.TournamentWithdrawn:
		if f.Was == events.EntryWaitlisted {
			n.TeamsWaiting--
		} else {
			t.sold(&n.TeamsEntered, "", -1, at)
		}
	default:
		return false
	}
	return true
}

func (t *tally) toldOfRoom(stream events.StreamID, fact events.Fact, at time.Time) {
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

// refused notes a wish that came to nothing. One about something that never came about
// is a consequence of another.
func (t *tally) refused(code string) {
	if code != "" && code != neverCame {
		t.figures.Refused[code]++
	}
}

// result makes the figures complete.
func (t *tally) result() Figures {
	n := t.figures
	n.Refused = maps.Clone(n.Refused)
	most := slices.SortedFunc(maps.Values(t.owned), func(a, b int64) int { return cmp.Compare(b, a) })
	all := int64(0)
	for _, units := range most {
		all += units
	}
	n.Buyers = int64(len(most))
	n.TopTenShare = share(most, 10, all)
	n.TopPercentShare = share(most, max(1, len(most)/100), all)
	slices.Sort(t.waits)
	n.Wait = Wait{t.wait(0.5), t.wait(0.9), t.wait(0.99), t.wait(1)}
	return n
}

func share(most []int64, holders int, all int64) float64 {
	if all == 0 {
		return 0
	}
	some := int64(0)
	for _, units := range most[:min(holders, len(most))] {
		some += units
	}
	return float64(some) / float64(all)
}

func (t *tally) wait(part float64) float64 {
	if len(t.waits) == 0 {
		return 0
	}
	return t.waits[min(len(t.waits)-1, int(part*float64(len(t.waits))))].Seconds()
}

// point of a series: how much was sold at a time.
type point struct {
	at    time.Time
	total int64
}

// mostPoints bounds a series.
const mostPoints = 8192

// series is how much was sold when, thinned out as it grows.
type series struct {
	points []point
	every  int // keep one change of so many
	passed int
}

func (s *series) add(at time.Time, total int64) {
	if s.passed++; s.passed < s.every {
		s.last(at, total)
		return
	}
	s.passed = 0
	if len(s.points) == mostPoints {
		kept := s.points[:0]
		for i := 0; i < len(s.points); i += 2 {
			kept = append(kept, s.points[i])
		}
		s.points, s.every = kept, max(1, s.every)*2
	}
	s.points = append(s.points, point{at, total})
}

// last lets the newest point be the present, however many changes are left out.
func (s *series) last(at time.Time, total int64) {
	if n := len(s.points); n > 0 {
		s.points[n-1] = point{at, total}
	}
}
