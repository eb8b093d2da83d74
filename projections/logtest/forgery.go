package logtest

import (
	"time"

	"admitone/events"
)

// Forgery is a log with valid hashes for any content of the facts. Tests set its fields to write invalid events.
type Forgery struct {
	Log   []events.Recorded
	Heads map[events.StreamID]events.Hash
	Next  map[events.StreamID]events.Revision
	Now   time.Time
}

// NewForgery returns an empty log that begins at a fixed time.
func NewForgery() *Forgery {
	return &Forgery{Heads: map[events.StreamID]events.Hash{}, Next: map[events.StreamID]events.Revision{},
		Now: time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)}
}

// Add appends facts to a stream.
func (f *Forgery) Add(stream events.StreamID, facts ...events.Fact) {
	for _, fact := range facts {
		f.Put(stream, fact.Name(), events.AppendFact(nil, fact))
	}
}

// Put appends an event of any type and with any data to a stream.
func (f *Forgery) Put(stream events.StreamID, name string, data []byte) {
	e := events.Recorded{
		Event:  events.Event{ID: events.EventID("forged", len(f.Log)), Type: name, Data: data},
		Stream: stream, Revision: f.Next[stream], Position: events.Position(len(f.Log) + 1), Created: f.Now,
	}
	e.Metadata, f.Heads[stream] = events.Seal(nil, f.Heads[stream], stream, e.Revision, &e.Event,
		&events.Metadata{CommandID: "forged", Actor: "ada", At: f.Now})
	f.Next[stream]++
	f.Log = append(f.Log, e)
}

// Wait advances the clock.
func (f *Forgery) Wait(d time.Duration) { f.Now = f.Now.Add(d) }

// ReservationID returns the id of the nth reservation.
func ReservationID(n int) events.ReservationID {
	return events.ReservationID(events.EventID("reservation", n).String())
}

// HoldFor is the duration of the product's holds.
const HoldFor = 300 * time.Second

// Created returns the creation of product a.
func Created(stock, limit int64) *events.ProductCreated {
	return &events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: stock, Price: 5, LimitPerHolder: limit,
		HoldSeconds: 300}
}

// Reserved returns a sale under the nth reservation.
func Reserved(n int, holder events.Holder, quantity, remaining int64) *events.ProductReserved {
	return &events.ProductReserved{ReservationID: ReservationID(n), Holder: holder, Quantity: quantity,
		Remaining: remaining}
}

// Held returns a hold under the nth reservation, from the log's current time on.
func (f *Forgery) Held(n int, holder events.Holder, quantity, remaining int64) *events.ProductHeld {
	return &events.ProductHeld{ReservationID: ReservationID(n), Holder: holder, Quantity: quantity,
		ExpiresAt: f.Now.Add(HoldFor), Remaining: remaining}
}

// Confirmed returns the confirmation of the nth reservation.
func Confirmed(n int, holder events.Holder, quantity, remaining int64) *events.ProductConfirmed {
	return &events.ProductConfirmed{ReservationID: ReservationID(n), Holder: holder, Quantity: quantity,
		Remaining: remaining}
}

// Released returns the release of the nth reservation.
func Released(n int, holder events.Holder, quantity int64, was events.ReservationStatus,
	remaining int64) *events.ProductReleased {
	return &events.ProductReleased{ReservationID: ReservationID(n), Holder: holder, Quantity: quantity, Was: was,
		Remaining: remaining}
}

// Expired returns the expiry of the nth reservation, which was held until a time.
func Expired(until time.Time, n int, holder events.Holder, quantity, remaining int64) *events.ProductExpired {
	return &events.ProductExpired{Quantity: quantity, Remaining: remaining,
		Expired: []events.ExpiredHold{{ReservationID: ReservationID(n), Holder: holder, Quantity: quantity,
			ExpiresAt: until}}}
}

// CompleteSale returns a log of products in which every basic fact occurs and no rule is broken.
func CompleteSale() *Forgery { return NewForgery().CompleteSale() }

// CompleteSale appends the log returned by the function of that name.
func (f *Forgery) CompleteSale() *Forgery {
	f.Add("product-a", Created(10, 4), Reserved(1, "ada", 2, 8), f.Held(2, "bob", 3, 5), f.Held(3, "cy", 1, 4),
		f.Held(4, "dee", 1, 3))
	until := f.Now.Add(HoldFor)
	f.Wait(HoldFor) // a hold is valid up to its deadline
	f.Add("product-a", Confirmed(2, "bob", 3, 3), Released(1, "ada", 2, events.ReservationConfirmed, 5),
		Released(3, "cy", 1, events.ReservationHeld, 6))
	f.Wait(time.Nanosecond)
	f.Add("product-a", Expired(until, 4, "dee", 1, 7),
		&events.ProductEdited{DisplayName: "B", Stock: 20, LimitPerHolder: 1, Remaining: 17},
		Reserved(5, "eve", 1, 16)) // bob may keep his three units despite the new limit of one
	b := Created(3, 0)
	b.ProductID = "b"
	f.Add("product-b", b, Reserved(6, "ada", 3, 0))
	return f
}
