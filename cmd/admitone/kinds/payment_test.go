package kinds

func init() {
	noTopic["payment"], noTopic["settlement"] = "a service asks for it", "only refunds ask for it"
}
