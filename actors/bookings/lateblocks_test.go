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

// blockOnlyDesk is the desk of a process that can block seats and places, and crashes at any other command.
type blockOnlyDesk struct{ actors.Dispatcher }

// Ask implements actors.Dispatcher.
func (d blockOnlyDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	switch request.Command.(type) {
	case *seat.Block, *area.Block:
		return d.Dispatcher.Ask(ctx, request)
	}
	return actors.Answer{}, errCrashed
}

// TestDelayedBlockOfUndoneChange checks that a node which blocks seats and places after another node has
// undone the change has no effect.
func TestDelayedBlockOfUndoneChange(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{"before a seat": is[*seat.Block],
		"before an area": is[*area.Block]} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 3, 0)
			both := func() error {
				_, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
					Seats: frontRow, Areas: []events.AreaPlaces{areaPlaces("yard", 50), areaPlaces("floor", 4)}})
				return err
			}
			err := w.interleave(keeps, func() error {
				w.Bookings.runner.Entities = blockOnlyDesk{w.Bookings.runner.Entities}
				return both()
			}, func() {
				w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.WithdrawBlocks{Number: 1}))
				w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
			})
			if !errors.Is(err, errCrashed) {
				t.Errorf("crashing node: got %v, want %v", err, errCrashed)
			}
			if state := w.frontRowState(); state != "free , free , free " {
				t.Errorf("after the delayed commands: got seats %q, want %q", state, "free , free , free ")
			}
			w.want(both(), "ok")
			if state := w.frontRowState(); state != "blocked press, blocked press, blocked press, floor 6 0 0 4, "+
				"yard 150 0 0 50" {
				t.Errorf("after the next change: got seats %s, want all blocked", state)
			}
			w.checkBlocksIdle()
		})
	}
}
