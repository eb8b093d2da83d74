package events

func init() { addGolden(goldenRefusal) }

var goldenRefusal = map[string]Fact{
	"refusal.recorded.v1": &RefusalRecorded{
		Method: "POST", Path: "/v1/performances/gala-2031/bookings", Stream: "performance-gala-2031", Holder: "ada \"<&>\"",
		Quantity: 2, Hold: true, Section: "A", Seats: []SeatName{"A-1-1", "A-1-2"}, TeamIDs: []TeamID{"team-7"},
		Code: "seat_taken", Detail: "somebody else has A-1-1", BeatenStream: "seat-gala-2031~A-1-1",
		BeatenRevision: 3, BeatenPosition: 4711,
	},
	"refusals.dropped.v1": &RefusalsDropped{Count: 99, Since: moment},
}
