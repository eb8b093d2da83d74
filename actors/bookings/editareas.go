package bookings

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/events"
)

// EditAreas requests an edit of a performance that resizes areas.
type EditAreas struct {
	Origin
	PerformanceID events.PerformanceID
	// Edit has the new sizes in Areas, each area once, in any order, and must have a Base. It must not be
	// changed afterwards.
	Edit *performance.Edit
}

// EditAreas makes the edit and resizes its areas, all of it or nothing. It is a single append if the log
// can append to several streams. Otherwise the performance announces the sizes; the areas that lose
// places are resized, which they may refuse; the edit is made, which may also be refused; finally the
// other areas are resized, which can't be refused. So nobody gets places of an area that are then taken
// away again. A run that fails before the edit is undone, and after the edit it is completed.
//
// Refusals: not_found, those of the edit, invalid_field (areas), limit_exceeded (area has the area in
// which more places are held, booked or blocked), idempotency_key_reused.
func (b *Bookings) EditAreas(ctx context.Context, cmd EditAreas) error {
	return b.withBlocksLock(ctx, cmd.Origin, cmd.PerformanceID, func(ctx context.Context, s *performanceInfo) error {
		_, err := b.retryChange(ctx, cmd.Origin, s, cmd.ID, func() error { return b.tryAreas(ctx, s, &cmd) })
		return err
	})
}

// tryAreas tries to make the edit as the performance's next change. Its refusals include
// performance.ErrOtherChange, if another change came first.
func (b *Bookings) tryAreas(ctx context.Context, s *performanceInfo, cmd *EditAreas) error {
	now, err := b.blocksOf(ctx, s.id)
	if err != nil {
		return err
	}
	if now.Open != nil {
		return performance.ErrOtherChange
	}
	edit := *cmd.Edit
	if refusal, err := b.dryRun(ctx, performance.Stream(s.id), &edit); err != nil || refusal != nil {
		return either(refusal, err)
	}
	var refusal *core.Refusal
	if edit.Areas, refusal = areasToChange(s.layout, edit.Areas); refusal != nil {
		return refusal
	}
	edit.Change = now.Last + 1
	change := events.BlockChange{Number: edit.Change}
	if change.Sizes, err = b.sizes(ctx, s, edit.Areas); err != nil {
		return err
	}
	p := &process.Process{ID: changeID(s.id, change.Number)}
	p.Stages = []process.Stage{b.editStage(s, cmd, &edit), shrinkStage(s.id, &change), growStage(s.id, &change)}
	if err := b.runner.RunJoint(ctx, cmd.request(), p); !errors.Is(err, actors.ErrNotJoint) {
		return err
	}
	begun := process.ID("begin-blocks", fmt.Sprintf("%s/%d/%s", s.id, change.Number, cmd.ID))
	if _, err := b.askBlocks(ctx, cmd.Origin, s.id, begun, &performance.BeginBlocks{BlockChange: change}); err != nil {
		return err
	}
	edit.Announced = true
	p.Stages[0], p.Stages[1] = p.Stages[1], p.Stages[0]
	p.Stages = append(p.Stages, b.completeStage(s.id, &change))
	b.setUndo(p, cmd.Origin, s.id, change.Number)
	return b.runSteps(ctx, cmd.Origin, p)
}

// sizes returns the new sizes of areas with their current sizes. Refusal: limit_exceeded.
func (b *Bookings) sizes(ctx context.Context, s *performanceInfo, to []events.AreaPlaces) (sizes []events.AreaResize,
	_ error) {
	for _, a := range to {
		var was int64
		var refusal *core.Refusal
		_, err := b.desk.View(ctx, area.Stream(s.id, a.Area), func(c core.Core) {
			counts := c.(*area.Area).Counts(s.capacity(a.Area))
			if was = counts.Capacity(); counts.Remaining < was-a.Places {
				refusal = area.CapacityTooLow(counts)
			}
		})
		switch {
		case err != nil:
			return nil, err
		case refusal != nil:
			return nil, ofArea(refusal, a.Area)
		}
		sizes = append(sizes, events.AreaResize{AreaPlaces: a, Was: was})
	}
	return sizes, nil
}

// ofArea returns the refusal with the name of its area.
func ofArea(refusal *core.Refusal, id events.AreaID) *core.Refusal {
	fields := core.Fields{"area": id}
	for key, value := range refusal.Fields {
		fields[key] = value
	}
	return &core.Refusal{Code: refusal.Code, Detail: refusal.Detail, Fields: fields}
}

// editStage returns a stage with the step that makes the edit.
func (b *Bookings) editStage(s *performanceInfo, cmd *EditAreas, edit *performance.Edit) process.Stage {
	step := process.Step{Name: "edit", Stream: performance.Stream(s.id), Do: edit, ID: cmd.ID}
	if _, keyed := cmd.ID.Key(); !keyed {
		step.ID = process.ID("edit", fmt.Sprintf("%s/%s", changeID(s.id, edit.Change), cmd.ID))
	}
	return process.Stage{Steps: []process.Step{step}}
}

// shrinkStage returns a stage with one step for each area that loses places.
func shrinkStage(id events.PerformanceID, change *events.BlockChange) (stage process.Stage) {
	for _, size := range change.Sizes {
		if size.Places >= size.Was {
			continue
		}
		stage.Steps = append(stage.Steps, process.Step{Name: "shrink-area", Stream: area.Stream(id, size.Area),
			Do:   &area.Resize{Capacity: size.Places, Change: change.Number},
			Undo: &area.Resize{Capacity: size.Was, Change: change.Number, Undo: true},
			Refused: func(_ context.Context, err error) (error, bool) {
				return ofArea(refused(err), size.Area), false
			}})
	}
	return stage
}

// growStage returns a stage with one step for each area that gains places.
func growStage(id events.PerformanceID, change *events.BlockChange) (stage process.Stage) {
	for _, size := range change.Sizes {
		if size.Places > size.Was {
			stage.Steps = append(stage.Steps, process.Step{Name: "grow-area", Stream: area.Stream(id, size.Area),
				Do: &area.Resize{Capacity: size.Places, Change: change.Number, Committed: true}})
		}
	}
	return stage
}

// completeStage returns a stage with the step that records in the performance that the sizes have been
// changed.
func (b *Bookings) completeStage(id events.PerformanceID, change *events.BlockChange) process.Stage {
	return process.Stage{Steps: []process.Step{{Name: "change-blocks", Stream: performance.Stream(id),
		ID: changedID(id, change.Number), Do: &performance.ChangeBlocks{BlockChange: *change}}}}
}

// finishSizes ends a change of sizes: it is completed if the edit has been made. Otherwise it is undone,
// and the error is performance.ErrOtherChange.
func (b *Bookings) finishSizes(ctx context.Context, from Origin, s *performanceInfo,
	now *performance.BlocksState) error {
	change := &now.Open.BlockChange
	if !now.Committed {
		if err := b.withdrawBlocks(ctx, from, s.id, change.Number); err != nil {
			return err
		}
		return b.undoBlocks(ctx, from, s, change)
	}
	return b.runSteps(ctx, from, &process.Process{ID: changeID(s.id, change.Number), Announced: true,
		Stages: []process.Stage{growStage(s.id, change), b.completeStage(s.id, change)}})
}
