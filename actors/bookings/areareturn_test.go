package bookings

import (
	"fmt"
	"reflect"
	"testing"

	"admitone/events"
)

func (w *harness) returnPlace(id events.BookingID, by events.Holder, of events.AreaID, n int64) (Answer, error) {
	return w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin(string(by)), BookingID: id, By: by, Area: of, Place: n})
}

// TestReturnPlaces checks that each place can be returned by its number, once, and is refunded according to
// the cancellation policy. The return of the last part releases the booking.
func TestReturnPlaces(t *testing.T) {
	w := newHarness(t, 1, 6, 6)
	w.halfUntil(1000 * s)
	w.charge("ann", 500)
	answer, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 3), wantPlaces("gallery", 1)}, "A-1-1")
	w.want(err, "ok")
	id := answer.Booking.ID
	_, err = w.returnPlace(id, "ann", "floor", 2)
	w.want(err, "not_held")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	for place, code := range map[int64]string{0: "not_found", 4: "not_found", 2: "ok"} {
		for range 2 {
			_, err := w.returnPlace(id, "ann", "floor", place)
			w.want(err, code)
		}
	}
	_, err = w.returnPlace(id, "bob", "floor", 1)
	w.want(err, "forbidden")
	_, err = w.returnPlace(id, "ann", "yard", 1)
	w.want(err, "not_found")
	h := w.checkSettled(6)
	b := h.bookings[id].State()
	want := []events.BookedPlaces{{Area: "floor", First: 1, Quantity: 1, Price: 50},
		{Area: "floor", First: 3, Quantity: 1, Price: 50},
		{Area: "gallery", First: 1, Quantity: 1, PriceType: "adult", Price: 25}}
	if !reflect.DeepEqual(b.Areas, want) || b.Kept != 25 || b.Status != events.BookingIsBooked {
		t.Errorf("got booking %+v, want Areas %v, Kept 25, Status %v", b, want, events.BookingIsBooked)
	}
	c, balance := w.counts("floor"), h.wallets["ann"].Balance()
	if c != (events.AreaCounts{Remaining: 8, Booked: 2}) || balance != 500-275+25 {
		t.Errorf("got floor %+v, balance %d; want %+v, %d",
			c, balance, events.AreaCounts{Remaining: 8, Booked: 2}, 500-275+25)
	}
	if first := b.WithReturned(); !reflect.DeepEqual(first.Areas, answer.Booking.Areas) {
		t.Errorf("got initial areas %+v, want %+v", first.Areas, answer.Booking.Areas)
	}
	_, err = w.bookWithPlaces("ann", []areaQuantity{wantPlaces("gallery", 2)}) // without the returned place there would be room for one only
	w.want(err, "ok")
	_, err = w.returnSeat(id, "ann", "A-1-1")
	w.want(err, "ok")
	_, err = w.returnPlace(id, "ann", "gallery", 1)
	w.want(err, "ok")
	for _, n := range []int64{3, 1} {
		answer, err = w.returnPlace(id, "ann", "floor", n)
		w.want(err, "ok")
	}
	if answer.Booking.Status != events.BookingIsReleased || answer.Booking.Kept != 25+50+12+25+25 {
		t.Errorf("got booking %+v, want it released with 137 kept", answer.Booking)
	}
	w.check(6)
}

// TestReturnPlacesPaidExternally checks that each place of an externally paid booking is refunded
// separately.
func TestReturnPlacesPaidExternally(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	answer, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 3)})
	w.want(err, "ok")
	id := answer.Booking.ID
	if got := outcomeOf(w.report(id, "x", 150, false)); got != "booked" {
		t.Fatalf("got outcome %q, want %q", got, "booked")
	}
	for _, n := range []int64{3, 1, 3} {
		_, err := w.returnPlace(id, "ann", "floor", n)
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
		t.Errorf("got refunds %q, want %q", causes, "seat_returned 50 seat_returned 50 released 50 ")
	}
	w.checkSettled(0)
}

func init() {
	prepared := func(w *harness) events.BookingID {
		w.charge(w.ann(), 200)
		answer, err := w.bookWithPlaces(w.ann(), []areaQuantity{wantPlaces("floor", 2)}, "A-1-1")
		w.want(err, "ok")
		return answer.Booking.ID
	}
	crashes = append(crashes, []crash{
		{"booking a seat and two places", true, func(*harness) events.BookingID { return "" }, bookMixed,
			[]events.BookingStatus{"", events.BookingIsExpired}, []string{"ok"}},
		{"booking a seat and more places than remain", true, func(w *harness) events.BookingID {
			for _, holder := range []events.Holder{w.bob(), "cid", "dan"} {
				_, err := w.bookWithPlaces(holder, []areaQuantity{wantPlaces("floor", 3)})
				w.want(err, "ok")
			}
			return ""
		}, bookMixed, []events.BookingStatus{""}, []string{"sold_out"}},
		{"paying for a seat and two places", false, prepared, payKeyed,
			[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
		{"returning one place", false, func(w *harness) events.BookingID {
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
