package process_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// This process takes two seats from a holder's allowance and holds them. The second seat belongs to
// another holder, so the steps taken are undone in reverse order before the refusal is returned.
func ExampleRunner_Run() {
	desk, closeAll := exampleDesk()
	defer closeAll()

	hold := events.NewHoldID("booking", 1)
	step := func(name events.SeatName) process.Step {
		return process.Step{
			Name:   "hold-seat",
			Stream: seat.Stream("gala", name),
			Do:     &seat.Hold{HoldID: hold, Holder: "ann", HoldFor: time.Minute},
			Undo:   &seat.Release{HoldID: hold, Reason: events.ReleasedIncomplete},
		}
	}
	p := &process.Process{ID: string(hold), Stages: []process.Stage{
		{Steps: []process.Step{{
			Name:   "take-allowance",
			Stream: allowance.Stream("gala", "ann"),
			Do:     &allowance.Take{HoldID: hold, Seats: 2, Limit: 4, For: 2 * time.Minute},
			Undo:   &allowance.Release{HoldID: hold},
		}}},
		{Ordered: true, Steps: []process.Step{step("A-1-1"), step("A-1-2")}},
	}}
	runner := process.Runner{Entities: desk, Observe: func(facts []events.Fact) {
		for _, fact := range facts {
			fmt.Println(fact.Name())
		}
	}}
	fmt.Println(runner.Run(context.Background(), actors.Request{ID: actors.NewCommandID(), Actor: "ann"}, p))
	// Output:
	// allowance.taken.v1
	// seat.held.v1
	// seat.released.v1
	// allowance.released.v1
	// seat_taken: the seat is taken; choose another
}

// exampleDesk returns a desk on a log in which bob holds the seat A-1-2.
func exampleDesk() (desk *actors.Desk, closeAll func()) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	dir, err := os.MkdirTemp("", "example")
	must(err)
	store, err := openStore(dir)
	must(err)
	desk, err = openDesk(store)
	must(err)
	_, err = desk.Ask(context.Background(), actors.Request{
		Stream: seat.Stream("gala", "A-1-2"), ID: actors.NewCommandID(),
		Command: &seat.Hold{HoldID: events.NewHoldID("other", 1), Holder: "bob", HoldFor: time.Minute}})
	must(err)
	return desk, func() {
		must(desk.Close(context.Background()))
		must(store.Close())
		must(os.RemoveAll(dir))
	}
}
