package bookings

import (
	"fmt"
	"reflect"
	"testing"

	"admitone/events"
)

func (w *harness) giveBackPlace(id events.BookingID, by events.Holder, of events.AreaID, n int64) (Answer, error) {
	return w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin(string(by)), BookingID: id, By: by, Area: of, Place: n})
}

// TestReturningPlaces: each place has its own number, is refunded by the cancellation policy, and
// leaves the others booked; returning a number again is a no-op, and the last part ends the
// booking.
func TestReturningPlaces(t *testing.T) {
	w := begin(t, 1, 6, 6)
	w.halfUntil(1000 * s)
	w.charge("ann", 500)
	answer, err := w.ask("ann", []areaQuantity{wantPlaces("floor", 3), wantPlaces("gallery", 1)}, "A-1-1")
	w.want(err, "ok")
	id := answer.Booking.ID
	_, err = w.giveBackPlace(id, "ann", "floor", 2)
	w.want(err, "not_held")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	for place, code := range map[int64]string{0: "not_found", 4: "not_found", 2: "ok"} {
		for range 2 {
			_, err := w.giveBackPlace(id, "ann", "floor", place)
			w.want(err, code)
		}
	}
	_, err = w.giveBackPlace(id, "bob", "floor", 1)
	w.want(err, "forbidden")
	_, err = w.giveBackPlace(id, "ann", "yard", 1)
	w.want(err, "not_found")
	h := w.checkSettled(6)
	b := h.bookings[id].State()
	want := []events.BookedPlaces{{Area: "floor", First: 1, Quantity: 1, Price: 50},
		{Area: "floor", First: 3, Quantity: 1, Price: 50},
		{Area: "gallery", First: 1, Quantity: 1, PriceType: "adult", Price: 25}}
	if !reflect.DeepEqual(b.Areas, want) || b.Kept != 25 || b.Status != events.BookingIsBooked {
		t.Errorf("booking = %+v, want Areas %v, Kept 25, Status %v", b, want, events.BookingIsBooked)
	}
	c, balance := w.counts("floor"), h.wallets["ann"].Balance()
	if c != (events.AreaCounts{Remaining: 8, Booked: 2}) || balance != 500-275+25 {
		t.Errorf("the floor has %+v, and ann %d, want %+v, %d",
			c, balance, events.AreaCounts{Remaining: 8, Booked: 2}, 500-275+25)
	}
	if first := b.WithReturned(); !reflect.DeepEqual(first.Areas, answer.Booking.Areas) {
		t.Errorf("it was booked with %+v, want %+v", first.Areas, answer.Booking.Areas)
	}
	_, err = w.ask("ann", []areaQuantity{wantPlaces("gallery", 2)}) // the allowance has room for one
	w.want(err, "ok")
	_, err = w.returnSeat(id, "ann", "A-1-1")
	w.want(err, "ok")
	_, err = w.giveBackPlace(id, "ann", "gallery", 1)
	w.want(err, "ok")
	for _, n := range []int64{3, 1} {
		answer, err = w.giveBackPlace(id, "ann", "floor", n)
		w.want(err, "ok")
	}
	if answer.Booking.Status != events.BookingIsReleased || answer.Booking.Kept != 25+50+12+25+25 {
		t.Errorf("booking = %+v, want it released with 137 kept", answer.Booking)
	}
	w.check(6)
}

// TestReturningPlacesPaidExternally: each place of an externally paid booking is refunded
// separately.
func TestReturningPlacesPaidExternally(t *testing.T) {
	w := begin(t, 1, 6, 0)
	answer, err := w.ask("ann", []areaQuantity{wantPlaces("floor", 3)})
	w.want(err, "ok")
	id := answer.Booking.ID
	if got := outcomeOf(w.report(id, "x", 150, false)); got != "booked" {
		t.Fatalf("outcome = %q, want %q", got, "booked")
	}
	for _, n := range []int64{3, 1, 3} {
		_, err := w.giveBackPlace(id, "ann", "floor", n)
		w.want(err, "ok")
	}
	_, err = w.cancel(id, "ann")
	w.want(err, "ok")
	again, err := w.report(id, "x", 150, false)
	w.want(err, "ok")
	causes := ""
	for _, r := range again.PaymentOutcome.Payment.Refunds {
		causes += fmt.Sprintf("%s %d ", r.Cause, r.Amount)
	}
	if causes != "seat_returned 50 seat_returned 50 released 50 " {
		t.Errorf("causes = %q, want %q", causes, "seat_returned 50 seat_returned 50 released 50 ")
	}
	w.checkSettled(0)
}

func init() {
	prepared := func(w *harness) events.BookingID {
		w.charge(w.ann(), 200)
		answer, err := w.ask(w.ann(), []areaQuantity{wantPlaces("floor", 2)}, "A-1-1")
		w.want(err, "ok")
		return answer.Booking.ID
	}
	crashes = append(crashes, []crash{
		{"booking a seat and two places", true, func(*harness) events.BookingID { return "" }, bookMixed,
			[]events.BookingStatus{"", events.BookingIsExpired}, []string{"ok"}},
		{"booking a seat and places that are too few", true, func(w *harness) events.BookingID {
			for _, holder := range []events.Holder{w.bob(), "cid", "dan"} {
				_, err := w.ask(holder, []areaQuantity{wantPlaces("floor", 3)})
				w.want(err, "ok")
			}
			return ""
		}, bookMixed, []events.BookingStatus{""}, []string{"sold_out"}},
		{"paying for a seat and two places", false, prepared, payKeyed,
			[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
		{"giving one place back", false, func(w *harness) events.BookingID {
			id := prepared(w)
			_, err := w.pay(id, w.ann())
			w.want(err, "ok")
			return id
		}, func(w *harness, id events.BookingID) error {
			_, err := w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.keyed(string(w.ann()), "r", ""), BookingID: id, By: w.ann(),
				Area: "floor", Place: 1})
			return err
		}, []events.BookingStatus{events.BookingIsBooked}, []string{"ok"}},
	}...)
}

func bookMixed(w *harness, _ events.BookingID) error {
	_, err := w.Book(w.ctx(), Book{Origin: w.keyed(string(w.ann()), "k", "mixed"), PerformanceID: w.gala, Holder: w.ann(),
		Seats: []events.SeatName{"A-1-1"}, Areas: []areaQuantity{wantPlaces("floor", 2)}})
	return err
}
