package logtest

import (
	"time"

	"admitone/events"
)

// ForgedLog is a log written by a [BookingModel], to which any fact can be added.
type ForgedLog struct {
	*Forgery
	*BookingModel
}

// NewForgedLog returns an empty log.
func NewForgedLog() *ForgedLog {
	b := &ForgedLog{Forgery: NewForgery()}
	b.BookingModel = NewBookingModel(func(stream events.StreamID, fact events.Fact) {
		b.Forgery.Now = b.BookingModel.Now
		b.Add(stream, fact)
	})
	return b
}

// CompletePerformance returns a log that contains every fact of a performance and breaks no rule. ada has paid for b.2
// (A-1-1, A-1-2) and holds b.3 (A-2-1); bob has paid late for b.4 (A-2-2). Another performance is cancelled.
func CompletePerformance() *ForgedLog {
	b := NewForgedLog()
	b.Open("a")
	b.Charge("ada", 20)
	b.Book("a", "ada", []string{"A-1-1", "A-1-2"})
	b.Pay(b.Bookings["b.2"])
	b.Advance(time.Second)
	b.Book("a", "ada", []string{"A-2-1"})
	b.Book("a", "bob", []string{"A-2-2"})
	b.Advance(ModelHold / 2)
	b.extend(b.Bookings["b.3"])
	b.Advance(ModelHold / 2)
	b.Advance(ModelGrace + 1)
	b.Charge("bob", 5)
	b.Pay(b.Bookings["b.4"])
	b.Block("a", "A-1-3")
	b.Block("a", "A-1-3")
	b.Book("a", "bob", []string{"B-x-1-1"})
	b.Pay(b.Bookings["b.6"]) // free of charge
	b.Release(b.Bookings["b.6"])
	b.Book("a", "cy", []string{"B-x-1-1", "A-1-3"})
	b.Release(b.Bookings["b.7"])
	b.Book("a", "cy", []string{"A-1-1", "A-2-3"}) // ada holds one of them
	b.Annotate(b.Bookings["b.7"], "R-7")
	b.Book("a", "dan", []string{"B-x-1-1", "B-x-1-2"})
	b.Pay(b.Bookings["b.9"]) // free of charge
	b.Return(b.Bookings["b.9"], "B-x-1-1")
	b.edit("a", modelEdit{priceA: 6, starts: 2, opened: true, opens: -2 * time.Second, closed: true,
		closes: -time.Second})
	b.edit("a", modelEdit{priceA: 5, starts: 1, opened: true, opens: -2 * time.Second})
	b.callOff()
	return b
}
