package kinds

func init() {
	partOf["area"] = "/v1/performances/{id}/bookings"
	ownCommands["area"] = "events.BookingHeld"
	ownRequests["area"] = "events.BookingCategory"
	noTopic["area"] = "performance:<performance> shows them"
}
