package bookings

import (
	"context"
	"errors"
	"testing"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// blockOnlyDesk is the desk of a process that crashes after it has blocked what a change names.
type blockOnlyDesk struct{ actors.Dispatcher }

// Ask executes a command that blocks a seat or places.
func (d blockOnlyDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	switch request.Command.(type) {
	case *seat.Block, *area.Block:
		return d.Dispatcher.Ask(ctx, request)
	}
	return actors.Answer{}, errGone
}

// TestALateBlockOfAnUndoneChange: a node that blocks seats and places after another one has undone the
// change, and then crashes, blocks nothing. The next change does.
func TestALateBlockOfAnUndoneChange(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{"before a seat": is[*seat.Block],
		"before an area": is[*area.Block]} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 3, 0)
			both := func() error {
				_, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
					Seats: frontRow, Areas: []events.AreaPlaces{areaPlaces("yard", 50), areaPlaces("floor", 4)}})
				return err
			}
			err := w.later(keeps, func() error {
				w.Bookings.runner.Entities = blockOnlyDesk{w.Bookings.runner.Entities}
				return both()
			}, func() {
				w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.WithdrawBlocks{Number: 1}))
				w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
			})
			if !errors.Is(err, errGone) {
				t.Errorf("the node that crashes says %v, want %v", err, errGone)
			}
			if stands := w.frontRowState(); stands != "free , free , free " {
				t.Errorf("the late node has left %s, want free , free , free ", stands)
			}
			w.want(both(), "ok")
			if stands := w.frontRowState(); stands != "blocked press, blocked press, blocked press, floor 6 0 0 4, "+
				"yard 150 0 0 50" {
				t.Errorf("after the next change the seats are %s, want all blocked", stands)
			}
			w.atRest()
		})
	}
}
