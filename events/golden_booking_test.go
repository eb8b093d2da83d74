package events

import "time"

func init() { addGolden(goldenBooking) }

var goldenBooking = map[string]Fact{
	"booking.held.v1": &BookingHeld{
		BookingID: "0198c0de-0000-7000-8000-000000000003", PerformanceID: "gala-2031", Holder: "ada \"<&>\"",
		Seats:  []BookedSeat{{Seat: "A-1-1", Price: 9900}, {Seat: "B-2-4-11", Price: 4500}},
		Amount: 14400, ExpiresAt: moment, ExtendableUntil: moment.Add(5 * time.Minute), Attempt: 1,
	},
	"booking.abandoned.v1": &BookingAbandoned{
		BookingID: "0198c0de-0000-7000-8000-000000000003", PerformanceID: "gala-2031", Holder: "ada \"<&>\"", Attempt: 3,
	},
	"booking.extended.v1": &BookingExtended{ExpiresAt: moment},
	"booking.expired.v1":  &BookingExpired{ExpiresAt: moment},
	"booking.payment_started.v1": &BookingPaymentStarted{PaymentID: "b-3.2", Amount: 14400, Attempt: 2,
		Was: BookingIsExpired},
	"booking.retaken.v1": &BookingRetaken{Attempt: 2, ExpiresAt: moment},
	"booking.booked.v1":  &BookingBooked{PaymentID: "b-3.2", Amount: 14400},
	"booking.payment_failed.v1": &BookingPaymentFailed{
		PaymentID: "b-3.2", Reason: FailedBalance, Status: BookingIsHeld, ExpiresAt: moment,
	},
	"booking.released.v1":        &BookingReleased{Was: BookingIsBooked, RefundID: "b-3.2"},
	"booking.payment_delayed.v1": &BookingPaymentDelayed{PaymentID: "b-3.1~2", Attempt: 2},
	"booking.refunded.v1":        &BookingRefunded{PaymentID: "b-3.2", Amount: 14400},
}
