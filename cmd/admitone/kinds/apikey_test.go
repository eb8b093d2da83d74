package kinds

func init() { noTopic["apikey"] = "only admins ask for it" }
