package kinds

func init() { noTopic["plan"] = "it never changes" }
