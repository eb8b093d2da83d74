package events

func init() { addGolden(goldenCallOff) }

var goldenCallOff = map[string]Fact{
	"calloff.begun.v1":         &CallOffBegun{Of: "performance", ID: "gala", Reason: "Größe <b>&</b> \u2028🏆"},
	"calloff.swept.v1":         &CallOffSwept{Ended: 123_456_789_012_345_678},
	"performance.cancelled.v1": &PerformanceCancelled{Reason: "Größe <b>&</b> \u2028🏆"},
	"booking.cancelled.v1": &BookingCancelled{Was: BookingIsBooked, PaymentID: "b.1", Amount: 123_456_789_012_345_678,
		MadeUp: 7},
	"product.cancelled.v1": &ProductCancelled{Reason: "Größe <b>&</b> \u2028🏆", Remaining: 123_456_789_012_345_678},
	"product.reservation_cancelled.v1": &ProductReservationCancelled{ReservationID: "r-1", Holder: "ada <b>",
		Quantity: 3, Was: ReservationConfirmed, Remaining: 123_456_789_012_345_678, OrderRevision: 7},
	"tournament.cancelled.v1": &TournamentCancelled{Reason: "Größe <b>&</b> \u2028🏆",
		TournamentCounts: TournamentCounts{Entered: 123_456, Remaining: 7, Waitlisted: 12}},
	"payment.made_up.v1": &PaymentMadeUp{RefundID: "r", Cause: OwedCancelled, Amount: 123_456_789_012_345_678},
}
