package events

func init() { addGolden(goldenAllowance) }

var goldenAllowance = map[string]Fact{
	"allowance.taken.v1":    &AllowanceTaken{HoldID: "b-3.1", Seats: 2, Taken: 5, ExpiresAt: moment},
	"allowance.extended.v1": &AllowanceExtended{HoldID: "b-3.1", ExpiresAt: moment},
	"allowance.kept.v1":     &AllowanceKept{HoldID: "b-3.1", Seats: 2, Taken: 5},
	"allowance.released.v1": &AllowanceReleased{HoldID: "b-3.1", Was: AllowanceIsKept, Seats: 2, Taken: 3},
	"allowance.expired.v1":  &AllowanceExpired{HoldID: "b-3.1", Seats: 2, Taken: 3, ExpiresAt: moment},
}
