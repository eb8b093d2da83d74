package logtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// ModelHold is the duration of a booking's hold, ModelGrace the extra time of its seats.
const (
	ModelHold  = 100 * time.Second
	ModelGrace = 30 * time.Second
	modelLimit = 4
	// maxAttemptTime bounds the duration of an attempt.
	maxAttemptTime = 30 * time.Second
)

// ModelSections are the sections of every performance of a model.
var ModelSections = []events.Section{
	{ID: "A", DisplayName: "Stalls", Rows: 2, SeatsPerRow: 3, Price: 5},
	{ID: "B-x", DisplayName: "Balcony", Rows: 1, SeatsPerRow: 2, Price: 0},
}

// ModelSeats are the seats of every performance of a model.
var ModelSeats = []string{"A-1-1", "A-1-2", "A-1-3", "A-2-1", "A-2-2", "A-2-3", "B-x-1-1", "B-x-1-2"}

// BookingModel sells the seats of performances by simple rules, one fact after another, and can be interrupted after
// any fact.
type BookingModel struct {
	Now        time.Time
	put        func(events.StreamID, events.Fact)
	Shows      map[events.PerformanceID]map[string]*ModelSeat
	Floors     map[events.PerformanceID]*ModelFloor // of performances with a plan
	planStored bool                                 // the plan is in the log
	changes    map[events.PerformanceID]int64       // numbers of changes of blocks
	blocks     int
	Sales      map[events.PerformanceID]*ModelSale
	Bookings   map[string]*ModelBooking
	Order      []string
	Wallets    map[events.Holder]int64
	Money      []string                // every movement, in words
	payments   map[events.HoldID]int64 // the amount debited; 0 for a closed payment
	Parts      map[events.HoldID]*modelPart
	Attempts   map[events.BookingID]*ModelBooking // attempts that are not bookings yet
	factsLeft  int                                // facts until the interruption, -1 for none
	LastNumber int                                // the last number of a booking or charge
}

// ModelSeat is the state of a seat.
type ModelSeat struct {
	Status       events.SeatStatus
	Label        events.BlockLabel // under which it is blocked, now or once it is released
	hold         events.HoldID
	holder       events.Holder
	Until, first time.Time
	freed        time.Time
}

// ModelBooking is the state of a booking.
type ModelBooking struct {
	id                 events.BookingID
	performance        events.PerformanceID
	Holder             events.Holder
	Seats              []string
	Status             events.BookingStatus
	Until              time.Time
	Extended           bool
	prices             map[string]int64 // as of the first hold
	Attempt            int64
	late, retaken      bool
	Refunding          bool
	Amount             int64
	since              time.Time // of the attempt
	closed             bool      // closed, with money or seats to return
	repaid             map[events.Part]bool
	label              events.BlockLabel
	childPrice         bool          // its seats are at the price for children, if there is one
	places, firstPlace int64         // number of places on the floor, and the first of them
	Returning          []events.Part // seats and places whose return is in progress
	refunded           int64         // refunded because the performance was cancelled
}

type modelPart struct {
	stream events.StreamID
	seats  int64
	Until  time.Time // zero once permanent
}

// NewBookingModel returns a box office without performances, which passes its facts to put.
func NewBookingModel(put func(events.StreamID, events.Fact)) *BookingModel {
	return &BookingModel{Now: time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC), put: put,
		Shows:   map[events.PerformanceID]map[string]*ModelSeat{},
		Floors:  map[events.PerformanceID]*ModelFloor{},
		changes: map[events.PerformanceID]int64{}, Sales: map[events.PerformanceID]*ModelSale{}, factsLeft: -1,
		Bookings: map[string]*ModelBooking{}, Wallets: map[events.Holder]int64{}, payments: map[events.HoldID]int64{},
		Parts: map[events.HoldID]*modelPart{}, Attempts: map[events.BookingID]*ModelBooking{}}
}

// interrupted is the value of the panic that interrupts the model within a command.
type interrupted struct{}

func (c *BookingModel) append(stream events.StreamID, fact events.Fact) {
	if c.factsLeft == 0 {
		panic(interrupted{})
	}
	c.factsLeft--
	c.put(stream, fact)
}

// RunInterrupted runs do until the model has appended n facts. For -1 it runs do to the end.
func (c *BookingModel) RunInterrupted(n int, do func()) {
	c.factsLeft = n
	defer func() {
		c.factsLeft = -1
		if r := recover(); r != nil && r != (interrupted{}) {
			panic(r)
		}
	}()
	do()
}

// PerformanceStream returns the stream of a performance.
func PerformanceStream(id string) events.StreamID {
	return events.NewStreamID(events.PerformanceCategory, id)
}

// SeatStream returns the stream of a seat.
func SeatStream(performance events.PerformanceID, name string) events.StreamID {
	return events.NewStreamID(events.SeatCategory, events.OfPerformance(performance, name))
}

// Open puts a performance on sale.
func (c *BookingModel) Open(id events.PerformanceID) {
	fact := &events.PerformanceCreated{PerformanceID: id, Title: "T " + string(id), Venue: "V",
		StartsAt:    time.Date(2031, 6, len(id), 20, 0, 0, 0, time.UTC),
		HoldSeconds: int64(ModelHold / time.Second), LimitPerHolder: modelLimit, Sections: ModelSections}
	if id == modelHall {
		c.useHall(fact)
	}
	c.append(PerformanceStream(string(id)), fact)
	c.Shows[id], c.Sales[id] = map[string]*ModelSeat{}, &ModelSale{PriceA: 5}
	for _, name := range ModelSeats {
		c.Shows[id][name] = &ModelSeat{Status: events.SeatIsFree}
	}
}

func (c *BookingModel) wallet(holder events.Holder) events.StreamID {
	return events.NewStreamID(events.WalletCategory, string(holder))
}

// Charge charges a wallet.
func (c *BookingModel) Charge(holder events.Holder, amount int64) {
	c.LastNumber++
	id := events.ChargeID(fmt.Sprint("charge", c.LastNumber))
	c.append(c.wallet(holder), &events.WalletCharged{ChargeID: id, Amount: amount, Balance: c.Wallets[holder] + amount})
	c.Wallets[holder] += amount
	c.Money = append(c.Money, fmt.Sprintf("%s charged %s: %d, balance %d", holder, id, amount, c.Wallets[holder]))
}

// acquire takes the allowance, seats and places for an attempt, and reports whether all were available.
func (c *BookingModel) acquire(b *ModelBooking) bool {
	hold := events.NewHoldID(b.id, b.Attempt)
	stream, taken := c.allowance(b), int64(0)
	for id, part := range c.Parts {
		if other, _, _ := events.CutHoldID(id); part.stream == stream && other != b.id {
			taken += part.seats
		}
	}
	if taken+b.parts() > modelLimit {
		return false
	}
	if before := events.NewHoldID(b.id, b.Attempt-1); c.Parts[before] != nil {
		c.releaseAllowance(b, b.Attempt-1)
	}
	if c.Parts[hold] == nil {
		part := &modelPart{stream, b.parts(), c.Now.Add(ModelHold + 2*ModelGrace)}
		c.append(stream, &events.AllowanceTaken{HoldID: hold, Seats: part.seats, Taken: c.taken(stream) + part.seats,
			ExpiresAt: part.Until, Terms: c.Sales[b.performance].Terms})
		c.Parts[hold] = part
	}
	for _, name := range b.Seats {
		s := c.Shows[b.performance][name]
		if s.hold == hold {
			continue
		}
		if other, _, _ := events.CutHoldID(s.hold); s.Status == events.SeatIsHeld && other == b.id {
			c.release(b, name, events.ReleasedRetaken)
		}
		first := c.Now
		if s.holder == b.Holder && c.Now.Sub(s.freed) < ModelHold {
			first = s.first
		}
		until := c.Now.Add(ModelHold)
		if end := first.Add(2 * ModelHold); end.Before(until) {
			until = end
		}
		if b.late {
			until = c.Now
		}
		if !s.available(b.label) || !until.After(c.Now) && !b.late {
			return false
		}
		_, price := c.price(b, name)
		fact := &events.SeatHeld{HoldID: hold, BookingID: b.id, Holder: b.Holder, Price: price, Label: s.Label,
			ExpiresAt: until.Add(ModelGrace), FirstHeldAt: first, Attempt: b.Attempt, Terms: c.Sales[b.performance].Terms}
		c.append(SeatStream(b.performance, name), fact)
		*s = ModelSeat{Status: events.SeatIsHeld, Label: s.Label, hold: hold, holder: b.Holder, Until: fact.ExpiresAt,
			first: first}
		if !b.late && (b.Until.IsZero() || until.Before(b.Until)) {
			b.Until = until
		}
	}
	return c.acquirePlaces(b)
}

func (c *BookingModel) allowance(b *ModelBooking) events.StreamID {
	return events.NewStreamID(events.AllowanceCategory, events.OfPerformance(b.performance, string(b.Holder)))
}

func (c *BookingModel) taken(stream events.StreamID) (n int64) {
	for _, part := range c.Parts {
		if part.stream == stream {
			n += part.seats
		}
	}
	return n
}

func (c *BookingModel) release(b *ModelBooking, name string, reason events.ReleaseReason) {
	s := c.Shows[b.performance][name]
	c.append(SeatStream(b.performance, name), &events.SeatReleased{HoldID: s.hold, Holder: s.holder, Was: s.Status,
		Reason: reason, ReleasedAt: c.Now, Label: s.Label})
	if s.Status == events.SeatIsBooked {
		s.holder = ""
	}
	s.free(c.Now)
}

// releaseAll releases all holds of a booking.
func (c *BookingModel) releaseAll(b *ModelBooking, reason events.ReleaseReason) {
	for _, name := range b.Seats {
		if other, _, _ := events.CutHoldID(c.Shows[b.performance][name].hold); other == b.id {
			c.release(b, name, reason)
		}
	}
	c.releasePlacesOf(b, reason)
	for attempt := int64(1); attempt <= b.Attempt; attempt++ {
		c.releaseAllowance(b, attempt)
	}
}

// Book holds seats. If some are not free, it holds the free ones under another attempt.
func (c *BookingModel) Book(performance events.PerformanceID, holder events.Holder, seats []string) {
	c.order(&ModelBooking{performance: performance, Holder: holder, Seats: seats})
}

// order holds the seats and places of a new booking, or fewer under another attempt.
func (c *BookingModel) order(b *ModelBooking) {
	performance := b.performance
	if c.LastNumber++; !c.Sales[performance].Times.Within(c.Now) {
		return
	}
	b.id, b.Seats = events.BookingID(fmt.Sprint("b.", c.LastNumber)), slices.Sorted(slices.Values(b.Seats))
	b.Status, b.Attempt, b.since, b.firstPlace = events.BookingIsHeld, 1, c.Now, 1
	c.Attempts[b.id] = b
	for !c.acquire(b) {
		if !c.abandon(b) {
			return
		}
		b.Attempt, b.Until = b.Attempt+1, time.Time{}
		b.Seats = slices.DeleteFunc(b.Seats, func(name string) bool { return !c.Shows[performance][name].available(b.label) })
		b.places = min(b.places, c.placesFor(b))
		if b.parts() == 0 || b.Attempt > 2 {
			return
		}
		b.since, c.Attempts[b.id] = c.Now, b
	}
	fact := &events.BookingHeld{BookingID: b.id, PerformanceID: performance, Holder: b.Holder, ExpiresAt: b.Until,
		ExtendableUntil: c.Now.Add(2 * ModelHold), Attempt: b.Attempt, SaleTerms: c.Sales[performance].terms(),
		Cancellation: events.DefaultCancellation, Label: b.label, Areas: b.bookedPlaces(),
		Amount: b.places * modelPlacePrice}
	prices := map[string]int64{}
	for _, name := range b.Seats {
		priceType, price := c.price(b, name)
		prices[name] = price
		fact.Seats = append(fact.Seats, events.BookedSeat{Seat: events.SeatName(name), Price: price, PriceType: priceType})
		fact.Amount += price
	}
	c.append(c.stream(b), fact)
	b.prices = prices
	delete(c.Attempts, b.id)
	b.Amount = fact.Amount
	c.Bookings[string(b.id)] = b
	c.Order = append(c.Order, string(b.id))
}

// extend extends the deadlines of a booking, its seats, places and allowance.
func (c *BookingModel) extend(b *ModelBooking) {
	to := b.since.Add(2 * ModelHold)
	for _, name := range b.Seats {
		if s := c.Shows[b.performance][name]; s.first.Add(2 * ModelHold).Before(to) {
			to = s.first.Add(2 * ModelHold)
		}
	}
	hold := events.NewHoldID(b.id, b.Attempt)
	if part := c.Parts[hold]; !to.After(b.Until) || part == nil {
		return
	}
	for _, name := range b.Seats {
		if !to.Add(ModelGrace).After(c.Shows[b.performance][name].Until) {
			continue // an interrupted run has extended it
		}
		c.append(SeatStream(b.performance, name), &events.SeatExtended{HoldID: hold, ExpiresAt: to.Add(ModelGrace)})
		c.Shows[b.performance][name].Until = to.Add(ModelGrace)
	}
	c.extendPlaces(b, to.Add(ModelGrace))
	if part, until := c.Parts[hold], to.Add(2*ModelGrace); until.After(part.Until) {
		c.append(part.stream, &events.AllowanceExtended{HoldID: hold, ExpiresAt: until})
		part.Until = until
	}
	c.append(c.stream(b), &events.BookingExtended{ExpiresAt: to})
	b.Until, b.Extended = to, true
}

// Advance advances the clock, and expires all due holds and attempts.
func (c *BookingModel) Advance(d time.Duration) {
	c.Now = c.Now.Add(d)
	c.recordReached()
	for _, id := range c.Order {
		if b := c.Bookings[id]; b.Status == events.BookingIsHeld && c.Now.After(b.Until) {
			c.append(c.stream(b), &events.BookingExpired{ExpiresAt: b.Until})
			b.Status = events.BookingIsExpired
		}
	}
	for _, performance := range slices.Sorted(maps.Keys(c.Shows)) {
		for _, name := range ModelSeats {
			if s := c.Shows[performance][name]; s.Status == events.SeatIsHeld && c.Now.After(s.Until) {
				c.append(SeatStream(performance, name), &events.SeatExpired{HoldID: s.hold, Holder: s.holder, ExpiresAt: s.Until,
					Label: s.Label})
				s.free(s.Until)
			}
		}
	}
	c.expirePlaces()
	for _, hold := range slices.Sorted(maps.Keys(c.Parts)) {
		if part := c.Parts[hold]; !part.Until.IsZero() && c.Now.After(part.Until) {
			c.append(part.stream, &events.AllowanceExpired{HoldID: hold, Seats: part.seats,
				Taken: c.taken(part.stream) - part.seats, ExpiresAt: part.Until})
			delete(c.Parts, hold)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Attempts)) {
		if b := c.Attempts[id]; c.Now.Sub(b.since) > maxAttemptTime {
			c.abandon(b)
		}
	}
}
