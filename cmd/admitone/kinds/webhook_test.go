package kinds

func init() { noTopic["webhook"] = "an admin asks for it, and it moves with every delivery" }
