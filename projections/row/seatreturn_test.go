package row

import (
	"reflect"
	"testing"

	"admitone/projections/logtest"
)

// TestReturnedSeatsRecord: a booking survives encoding after the return of some seats, and of all.
func TestReturnedSeatsRecord(t *testing.T) {
	b := logtest.NewForgedLog()
	b.Open("a")
	b.Charge("ada", 20)
	b.Book("a", "ada", []string{"A-1-1", "A-1-2"})
	booking, want, done := b.Bookings["b.2"], Booking{}, 0
	b.Pay(booking)
	for i, name := range []string{"A-1-2", "A-1-1"} {
		b.Return(booking, name)
		for ; done < len(b.Log); done++ {
			if e := &b.Log[done]; e.Stream == "booking-b.2" {
				if err := want.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, err := DecodeBooking("b.2", AppendBooking(nil, &want))
		if err != nil || !reflect.DeepEqual(got, want) || len(got.Returned) != i+1 || got.Returning() {
			t.Errorf("DecodeBooking: %+v, %v; want %+v", got, err, want)
		}
	}
}
