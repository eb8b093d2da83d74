package kinds

func init() {
	noTopic["payment"], noTopic["settlement"] = "services poll it", "only the refund process reads it"
}
