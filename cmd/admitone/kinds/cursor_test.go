package kinds

func init() {
	partOf["cursor"] = "/v1/bookings/{id}/checkout"
	noTopic["cursor"] = "the organiser asks for it"
}
