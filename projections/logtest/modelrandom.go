package logtest

import (
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

// RandomAction performs a random action, possibly interrupted.
func (c *BookingModel) RandomAction(t *rapid.T) {
	performance := rapid.SampledFrom([]events.PerformanceID{"a", "a-b"}).Draw(t, "performance")
	holder := rapid.SampledFrom([]events.Holder{"ada", "ada-b"}).Draw(t, "holder")
	steps := rapid.SampledFrom([]int{-1, -1, -1, 0, 1, 2, 3, 4, 5}).Draw(t, "facts")
	seats := rapid.SliceOfNDistinct(rapid.SampledFrom(ModelSeats), 1, 3, rapid.ID).Draw(t, "seats")
	action := rapid.IntRange(0, 12).Draw(t, "action")
	order := &ModelBooking{performance: performance, Holder: holder, Seats: seats, childPrice: rapid.Bool().Draw(t, "child"),
		label: rapid.SampledFrom([]events.BlockLabel{"", "", modelLabel}).Draw(t, "label")}
	places := rapid.Int64Range(0, 3).Draw(t, "places")
	if c.Floors[performance] != nil {
		order.Seats, order.places = seats[min(len(seats), int(places)):], places
	}
	off := rapid.IntRange(0, 60).Draw(t, "call off") == 0
	edit := drawEdit(t)
	c.RunInterrupted(-1, func() { c.Advance(0) }) // expire due holds first
	c.RunInterrupted(steps, func() {
		var b *ModelBooking
		if len(c.Order) > 0 {
			b = c.Bookings[rapid.SampledFrom(c.Order).Draw(t, "booking")]
		}
		switch {
		case c.Shows[performance] == nil:
			c.Open(performance)
		case off:
			c.factsLeft = -1 // no view lists the remaining steps of an interrupted cancellation
			c.CallOff(performance)
		case action == 0:
			c.Advance(time.Duration(rapid.SampledFrom([]int{1, 40, 101, 200}).Draw(t, "seconds")) * time.Second)
		case action == 1:
			c.Charge(holder, rapid.Int64Range(1, 20).Draw(t, "amount"))
		case action == 2:
			c.Block(performance, seats[0])
		case action == 10:
			c.edit(performance, edit)
		case action == 11 && c.Floors[performance] != nil:
			c.blockPlaces(performance, max(1, places))
		case action == 11:
			c.blockRow(performance)
		case action == 12 && c.Floors[performance] != nil:
			edit.floor = 2 + places
			c.edit(performance, edit)
		case action < 5 || b == nil:
			c.order(order)
		case action == 8:
			c.Annotate(b, rapid.SampledFrom([]string{"", "R-1", "R-2"}).Draw(t, "reference"))
		case action == 9 && b.Status == events.BookingIsBooked:
			c.returnFirst(b)
		case b.Status == events.BookingIsPaying || b.Refunding || len(b.Returning) > 0 || action == 5:
			c.Settle(b)
		case action == 6 && (b.Status == events.BookingIsHeld || b.Status == events.BookingIsBooked):
			c.Release(b)
		case action == 7 && b.Status == events.BookingIsHeld && !b.Extended && !c.Now.After(b.Until):
			c.extend(b)
		case b.Status == events.BookingIsHeld || b.Status == events.BookingIsExpired:
			c.Pay(b)
		}
	})
}
