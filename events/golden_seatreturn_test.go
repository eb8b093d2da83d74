package events

func init() { addGolden(goldenSeatReturn) }

var goldenSeatReturn = map[string]Fact{
	"booking.seat_returned.v1": &BookingSeatReturned{Seat: "A-1-1", Price: 9900, Kept: 4950, Left: 1,
		PaymentID: "b-3.1~2", Terms: 7, Reason: "the lift was out of order"},
	"booking.seat_refunded.v1": &BookingSeatRefunded{Seat: "A-1-1", Amount: 4950},
	"allowance.reduced.v1":     &AllowanceReduced{HoldID: "b-3.1", Seats: 1, Taken: 4},
}
