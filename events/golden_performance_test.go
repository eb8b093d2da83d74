package events

var goldenPerformance = map[string]Fact{
	"performance.created.v1": &PerformanceCreated{
		PerformanceID: "gala-2031", Title: "Winter \"gala\" \\ größe\n\t\u0001 <b>&</b> \u2028🎻", Venue: "예술의전당",
		StartsAt: moment, HoldSeconds: 300, LimitPerHolder: 6, WaitingRoom: "gala-room",
		Sections: []Section{
			{ID: "A", DisplayName: "Stalls \"left\"", Rows: 20, SeatsPerRow: 30, Price: 9900},
			{ID: "B-2", DisplayName: "Balcony", Rows: 4, SeatsPerRow: 11, Price: 4500},
		},
	},
}
