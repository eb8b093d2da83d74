package bookings

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// A change of blocks is a single append if the log can append to several streams. Otherwise the
// performance announces the change (blocks_begun), the seats and areas are changed, and the performance
// completes the change (blocks_changed). If a seat or place is unavailable, the performance withdraws the
// change (blocks_withdrawn), after which no run can complete it. Then its seats and places are unblocked,
// and the performance records that (blocks_undone). A performance has one change at a time, and every
// change has a number, so that a delayed command never affects a later change.
//
// The sizes of areas are changed in the same way; see [Bookings.EditAreas].

const (
	// blockConcurrency is the number of seats read or changed concurrently.
	blockConcurrency = 100
	// maxBlockTries bounds how often a change is tried because another node has made a change first.
	maxBlockTries = 8
)

// blockRequest is a request to change blocks.
type blockRequest struct {
	from   Origin
	id     actors.CommandID // of the change; a retry under the same key finds it
	change events.BlockChange
	more   bool // as in events.BlocksChanged
	// check returns the seats to change, or the refusal if they can't be changed.
	check func() ([]events.SeatName, *core.Refusal)
}

// withBlocksLock calls do while no other request on this node changes the blocks of the performance, and
// after the change in progress has ended.
func (b *Bookings) withBlocksLock(ctx context.Context, from Origin, id events.PerformanceID,
	do func(context.Context, *performanceInfo) error) error {
	_, err := b.run(ctx, func(ctx context.Context) (Answer, error) {
		end, ok := b.blocking.Lock(id)
		if !ok {
			return Answer{}, actors.ErrOverloaded
		}
		defer end()
		s, err := b.performanceInfo(ctx, id)
		if err == nil {
			err = b.endBlocks(ctx, from, s)
		}
		if err == nil {
			err = do(ctx, s)
		}
		return Answer{}, err
	})
	return err
}

// ResumeBlocks completes or undoes the change of a performance's blocks that is in progress. No-op if
// there is none. It returns only failures.
func (b *Bookings) ResumeBlocks(ctx context.Context, from Origin, id events.PerformanceID) error {
	return b.withBlocksLock(ctx, from, id, func(context.Context, *performanceInfo) error { return nil })
}

// endBlocks completes or undoes the change in progress.
func (b *Bookings) endBlocks(ctx context.Context, from Origin, s *performanceInfo) error {
	now, err := b.blocksOf(ctx, s.id)
	if err != nil || now.Open == nil {
		return err
	}
	if _, err = b.finishBlocks(ctx, from, s, now.Open.Number); refused(err) != nil {
		return nil
	}
	return err
}

func (b *Bookings) blocksOf(ctx context.Context, id events.PerformanceID) (now performance.BlocksState, err error) {
	_, err = b.desk.View(ctx, performance.Stream(id), func(c core.Core) { now = c.(*performance.Performance).Blocks() })
	return now, err
}

// recall returns the first fact of the change that an earlier run of the request has made, nil if there
// is none. Refusal: idempotency_key_reused.
func (b *Bookings) recall(ctx context.Context, from Origin, performanceID events.PerformanceID,
	id actors.CommandID) (events.Fact, error) {
	if _, keyed := id.Key(); !keyed {
		return nil, nil
	}
	answer, err := b.askBlocks(ctx, from, performanceID, id, &performance.RecallBlocks{})
	if refusal := refused(err); refusal != nil && refusal.Code == core.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return answer.Facts[0], nil
}

// recallChange is like recall, for a change of blocks.
func (b *Bookings) recallChange(ctx context.Context, from Origin, performanceID events.PerformanceID,
	id actors.CommandID) (*events.BlocksChanged, error) {
	fact, err := b.recall(ctx, from, performanceID, id)
	made, _ := fact.(*events.BlocksChanged)
	return made, err
}

// askBlocks sends a command to the performance.
func (b *Bookings) askBlocks(ctx context.Context, from Origin, performanceID events.PerformanceID,
	id actors.CommandID, command core.Command) (actors.Answer, error) {
	request := from.request()
	request.Stream, request.Command, request.ID = performance.Stream(performanceID), command, id
	if id != from.ID {
		request.CausationID = string(from.ID)
	}
	answer, err := b.desk.Ask(ctx, request)
	if err == nil && !answer.Replayed {
		b.seen(answer.Facts)
	}
	return answer, err
}

// changeBlocks makes a change, all of it or nothing. Refusals: those of the request's check, seat_taken,
// sold_out, idempotency_key_reused.
func (b *Bookings) changeBlocks(ctx context.Context, s *performanceInfo, r *blockRequest) (*events.BlockChange, error) {
	var change *events.BlockChange
	made, err := b.retryChange(ctx, r.from, s, r.id, func() (err error) {
		change, err = b.tryBlocks(ctx, s, r)
		return err
	})
	if made, ok := made.(*events.BlocksChanged); ok && err == nil {
		change = &made.BlockChange
	}
	return change, err
}

// retryChange retries a change until no other change is in progress. If another run of the request has made the
// change, it returns the first fact of that run.
func (b *Bookings) retryChange(ctx context.Context, from Origin, s *performanceInfo, id actors.CommandID,
	try func() error) (events.Fact, error) {
	for range maxBlockTries {
		made, err := b.recall(ctx, from, s.id, id) // another node may have made this change
		if made != nil || err != nil {
			return made, err
		}
		if err = try(); !errors.Is(err, performance.ErrOtherChange) {
			return nil, err
		}
		if err = b.endBlocks(ctx, from, s); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the blocks of performance %s keep changing; try again", actors.ErrOverloaded, s.id)
}

// tryBlocks tries to make a change as the performance's next one. Its refusals include
// performance.ErrOtherChange, if another change came first.
func (b *Bookings) tryBlocks(ctx context.Context, s *performanceInfo, r *blockRequest) (*events.BlockChange, error) {
	now, err := b.blocksOf(ctx, s.id)
	if err != nil {
		return nil, err
	}
	if now.Open != nil {
		return nil, performance.ErrOtherChange
	}
	seats, refusal := r.check()
	if refusal != nil {
		return nil, refusal
	}
	change := r.change
	change.Number = now.Last + 1
	command := string(r.id)
	id := r.id
	if _, keyed := id.Key(); !keyed {
		command, id = "", changedID(s.id, change.Number)
	}
	made := &performance.ChangeBlocks{BlockChange: change, More: r.more}
	p := s.blockSteps(&change, seats)
	p.Stages = append([]process.Stage{{Steps: []process.Step{{Name: "change-blocks", Stream: performance.Stream(s.id),
		Do: made, ID: id}}}}, p.Stages...)
	switch err := b.runner.RunJoint(ctx, r.from.request(), p); {
	case err == nil:
		return &change, nil
	case !errors.Is(err, actors.ErrNotJoint):
		return nil, err
	}
	begin := &performance.BeginBlocks{BlockChange: change, Command: command, More: r.more}
	begun := process.ID("begin-blocks", fmt.Sprintf("%s/%d/%s", s.id, change.Number, r.id))
	if _, err := b.askBlocks(ctx, r.from, s.id, begun, begin); err != nil {
		return nil, err
	}
	finished, err := b.finishBlocks(ctx, r.from, s, change.Number)
	if refusal := refused(err); refusal != nil && refusal != performance.ErrOtherChange {
		if _, all := r.check(); all != nil {
			return nil, all
		}
	}
	return finished, err
}

// changedID returns the id of the command that completes a change whose request has no key.
func changedID(id events.PerformanceID, number int64) actors.CommandID {
	return process.ID("change-blocks", changeID(id, number))
}

func changeID(id events.PerformanceID, number int64) string {
	return fmt.Sprintf("blocks %s/%d", id, number)
}

// blockSteps returns the steps of a change. They have the same ids in every run, so each seat and area is
// changed only once.
func (s *performanceInfo) blockSteps(change *events.BlockChange, seats []events.SeatName) *process.Process {
	p := &process.Process{ID: changeID(s.id, change.Number)}
	for names := range slices.Chunk(seats, blockConcurrency) {
		stage := process.Stage{Steps: make([]process.Step, len(names))}
		for i, name := range names {
			step := process.Step{Name: "block-seat", Do: &seat.Block{Label: change.Label, Change: change.Number},
				Undo: &seat.Unblock{Label: change.Label, Change: change.Number},
				Refused: func(_ context.Context, err error) (error, bool) {
					return blockRefusal(refused(err).Detail, []events.SeatName{name}), false
				}}
			if change.Unblocks {
				step = process.Step{Name: "unblock-seat", Do: &seat.Unblock{Label: change.Label}}
			}
			step.Stream = seat.Stream(s.id, name)
			step.ID = process.ID(step.Name, p.ID)
			stage.Steps[i] = step
		}
		p.Stages = append(p.Stages, stage)
	}
	if len(change.Areas) > 0 {
		p.Stages = append(p.Stages, s.blockAreas(change))
	}
	if len(change.Sizes) > 0 {
		p.Stages = append(p.Stages, shrinkStage(s.id, change))
	}
	return p
}

// blockAreas returns a stage with one step for each area of the change.
func (s *performanceInfo) blockAreas(change *events.BlockChange) process.Stage {
	stage := process.Stage{Steps: make([]process.Step, len(change.Areas))}
	for i, a := range change.Areas {
		step := process.Step{Name: "unblock-area", Do: &area.Unblock{Label: change.Label, Change: change.Number}}
		if !change.Unblocks {
			step = process.Step{Name: "block-area",
				Do:   &area.Block{Label: change.Label, Places: a.Places, Capacity: s.capacity(a.Area), Change: change.Number},
				Undo: &area.Unblock{Label: change.Label, Capacity: s.capacity(a.Area), Change: change.Number, Undo: true},
				Refused: func(_ context.Context, err error) (error, bool) {
					remaining, _ := refused(err).Fields["remaining"].(int64)
					return tooFewLeft([]AreaLeft{{a.Area, remaining}}), false
				}}
		}
		step.Stream = area.Stream(s.id, a.Area)
		stage.Steps[i] = step
	}
	return stage
}

// finishBlocks completes or undoes an announced change. Refusals: seat_taken or sold_out if it is undone;
// performance.ErrOtherChange if another run has ended it, or if it is a change of sizes without an edit:
// only its request has that edit, and starts again.
func (b *Bookings) finishBlocks(ctx context.Context, from Origin, s *performanceInfo,
	number int64) (*events.BlockChange, error) {
	now, err := b.blocksOf(ctx, s.id)
	switch {
	case err != nil:
		return nil, err
	case now.Open == nil || now.Open.Number != number:
		return nil, performance.ErrOtherChange
	case now.Withdrawn:
		return nil, b.undoBlocks(ctx, from, s, &now.Open.BlockChange)
	case len(now.Open.Sizes) > 0:
		return nil, b.finishSizes(ctx, from, s, &now)
	}
	change := now.Open.BlockChange
	p := s.blockSteps(&change, change.Seats)
	b.setUndo(p, from, s.id, number)
	done := b.recordUnblocked(s.id, p, &change)
	if err := b.runSteps(ctx, from, p); err != nil && !errors.Is(err, performance.ErrChanged) {
		return nil, err
	}
	done()
	return b.completeChange(ctx, from, s, now.Open, change)
}

// setUndo makes p undo the announced change if a step is refused.
func (b *Bookings) setUndo(p *process.Process, from Origin, id events.PerformanceID, number int64) {
	p.Announced = true
	p.Close = func(ctx context.Context) error { return b.withdrawBlocks(ctx, from, id, number) }
	p.Withdraw = &process.Step{
		Name:   "blocks",
		Stream: performance.Stream(id),
		Undo:   &performance.UndoBlocks{Number: number},
	}
}

// withdrawBlocks withdraws the change in progress. Refusal: performance.ErrChanged.
func (b *Bookings) withdrawBlocks(ctx context.Context, from Origin, id events.PerformanceID, number int64) error {
	_, err := b.askBlocks(ctx, from, id, process.ID("withdraw-blocks", changeID(id, number)),
		&performance.WithdrawBlocks{Number: number})
	return err
}

// recordUnblocked makes the steps of a change record what they unblock. done stores that in the change.
func (b *Bookings) recordUnblocked(id events.PerformanceID, p *process.Process,
	change *events.BlockChange) (done func()) {
	if !change.Unblocks {
		return func() {}
	}
	seats, areas := make([]bool, len(change.Seats)), slices.Clone(change.Areas)
	for i := range change.Seats {
		step := &p.Stages[i/blockConcurrency].Steps[i%blockConcurrency]
		step.Took = func(ctx context.Context, answer actors.Answer) (err error) {
			if seats[i] = len(answer.Facts) > 0; !seats[i] { // unblocked by an earlier run, or not blocked
				_, err = b.desk.View(ctx, seat.Stream(id, change.Seats[i]), func(c core.Core) {
					seats[i] = c.(*seat.Seat).Label() != change.Label
				})
			}
			return err
		}
	}
	for i := range areas {
		p.Stages[len(p.Stages)-1].Steps[i].Took = func(ctx context.Context, _ actors.Answer) error {
			_, err := b.desk.View(ctx, area.Stream(id, areas[i].Area), func(c core.Core) {
				areas[i].Places = c.(*area.Area).Unblocked(change.Number)
			})
			return err
		}
	}
	return func() {
		change.Seats = selected(change.Seats, seats)
		change.Areas = slices.DeleteFunc(areas, func(a events.AreaPlaces) bool { return a.Places == 0 })
	}
}

// selected returns the seats whose element in keep is true.
func selected(seats []events.SeatName, keep []bool) (kept []events.SeatName) {
	for i, ok := range keep {
		if ok {
			kept = append(kept, seats[i])
		}
	}
	return kept
}

// completeChange completes the change in progress. If another run has withdrawn it, the seats and places
// that this run has blocked are unblocked.
func (b *Bookings) completeChange(ctx context.Context, from Origin, s *performanceInfo,
	begun *events.BlocksBegun, change events.BlockChange) (*events.BlockChange, error) {
	step := process.Step{Name: "change-blocks", Stream: performance.Stream(s.id), ID: actors.CommandID(begun.Command),
		Do: &performance.ChangeBlocks{BlockChange: change, More: begun.More}}
	if step.ID == "" {
		step.ID = changedID(s.id, change.Number)
	}
	answer, err := b.runner.Take(ctx, from.request(), &process.Process{ID: string(step.ID), Announced: true}, &step)
	switch {
	case errors.Is(err, performance.ErrOtherChange):
		return nil, b.undoBlocks(ctx, from, s, &begun.BlockChange)
	case err != nil:
		return nil, process.UnknownIfOverloaded(err)
	case len(answer.Facts) > 0: // otherwise an earlier run has completed it
		change = answer.Facts[0].(*events.BlocksChanged).BlockChange
	}
	return &change, nil
}

// undoBlocks unblocks the seats and places of a withdrawn change, and restores the sizes of areas. It
// always returns an error: performance.ErrOtherChange, or a failure.
func (b *Bookings) undoBlocks(ctx context.Context, from Origin, s *performanceInfo, change *events.BlockChange) error {
	p := s.blockSteps(change, change.Seats)
	p.Announced = true
	for _, stage := range p.Stages {
		for i := range stage.Steps {
			step := &stage.Steps[i]
			*step = process.Step{Name: "undo " + step.Name, Stream: step.Stream, Do: step.Undo}
		}
	}
	p.Stages = append(p.Stages, process.Stage{Steps: []process.Step{{Name: "undo blocks",
		Stream: performance.Stream(s.id), Do: &performance.UndoBlocks{Number: change.Number}}}})
	if err := b.runSteps(ctx, from, p); err != nil {
		return err
	}
	return performance.ErrOtherChange
}
