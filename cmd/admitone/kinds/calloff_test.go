package kinds

func init() {
	partOf["calloff"] = "/v1/performances/{id}/cancellation"
	noTopic["calloff"] = "the topics of what is cancelled show it"
}
