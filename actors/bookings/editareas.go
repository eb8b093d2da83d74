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

// EditAreas is an edit of a performance that resizes areas.
type EditAreas struct {
	Origin
	PerformanceID events.PerformanceID
	// Edit with its Areas, each once, in any order, and its Base. It must not be changed afterwards.
	Edit *performance.Edit
}

// EditAreas makes the edit and resizes its areas, all or nothing. It takes one append where the log
// supports it. Elsewhere the performance announces the sizes; the areas that lose places are
// resized, which they may refuse; the edit states the sizes, and may also be refused; then the
// other areas are resized, which can't be refused. So no holder gets places of an area that is
// about to lose them again. A run that fails before the edit is undone; after the edit it is
// completed.
//
// Refusals: not_found, those of the edit, invalid_field (areas), limit_exceeded (with area: more of
// its places are held, booked and blocked), idempotency_key_reused.
func (b *Bookings) EditAreas(ctx context.Context, cmd EditAreas) error {
	return b.withBlocksLock(ctx, cmd.Origin, cmd.PerformanceID, func(ctx context.Context, s *performanceInfo) error {
		_, err := b.retryChange(ctx, cmd.Origin, s, cmd.ID, func() error { return b.tryAreas(ctx, s, &cmd) })
		return err
	})
}

// tryAreas makes the edit with the next change. Refusal: also performance.ErrOtherChange if another
// came first.
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
	if err := b.runner.Together(ctx, cmd.request(), p); !errors.Is(err, actors.ErrNotJoint) {
		return err
	}
	begun := process.ID("begin-blocks", fmt.Sprintf("%s/%d/%s", s.id, change.Number, cmd.ID))
	if _, err := b.askBlocks(ctx, cmd.Origin, s.id, begun, &performance.BeginBlocks{BlockChange: change}); err != nil {
		return err
	}
	edit.Begun = true
	p.Stages[0], p.Stages[1] = p.Stages[1], p.Stages[0]
	p.Stages = append(p.Stages, b.completeStage(s.id, &change))
	b.setUndo(p, cmd.Origin, s.id, change.Number)
	return b.runSteps(ctx, cmd.Origin, p)
}

// sizes returns the present sizes of the areas to be resized. Refusal: limit_exceeded.
func (b *Bookings) sizes(ctx context.Context, s *performanceInfo, to []events.AreaPlaces) (sizes []events.AreaResize,
	_ error) {
	for _, a := range to {
		var was int64
		var refusal *core.Refusal
		_, err := b.desk.View(ctx, area.Stream(s.id, a.Area), func(c core.Core) {
			counts := c.(*area.Area).Counts(s.capacity(a.Area))
			if was = counts.Capacity(); counts.Remaining < was-a.Places {
				refusal = area.TooMany(counts)
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

// ofArea adds the area to a refusal.
func ofArea(refusal *core.Refusal, id events.AreaID) *core.Refusal {
	fields := core.Fields{"area": id}
	for key, value := range refusal.Fields {
		fields[key] = value
	}
	return &core.Refusal{Code: refusal.Code, Detail: refusal.Detail, Fields: fields}
}

// stating returns the step that makes the edit.
func (b *Bookings) editStage(s *performanceInfo, cmd *EditAreas, edit *performance.Edit) process.Stage {
	step := process.Step{Name: "edit", Stream: performance.Stream(s.id), Do: edit, ID: cmd.ID}
	if _, keyed := cmd.ID.Key(); !keyed {
		step.ID = process.ID("edit", fmt.Sprintf("%s/%s", changeID(s.id, edit.Change), cmd.ID))
	}
	return process.Stage{Steps: []process.Step{step}}
}

// shrinking returns a stage with one step for each area that loses places.
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

// growing returns a stage with one step for each area that gains places. An area with more places
// in use than this node has observed keeps its size.
func growStage(id events.PerformanceID, change *events.BlockChange) (stage process.Stage) {
	for _, size := range change.Sizes {
		if size.Places > size.Was {
			stage.Steps = append(stage.Steps, process.Step{Name: "grow-area", Stream: area.Stream(id, size.Area),
				Do: &area.Resize{Capacity: size.Places, Change: change.Number, Stated: true}})
		}
	}
	return stage
}

// sized returns the step that records in the performance that the sizes are changed.
func (b *Bookings) completeStage(id events.PerformanceID, change *events.BlockChange) process.Stage {
	return process.Stage{Steps: []process.Step{{Name: "change-blocks", Stream: performance.Stream(id),
		ID: changedID(id, change.Number), Do: &performance.ChangeBlocks{BlockChange: *change}}}}
}

// finishSizes ends a change of sizes: it is completed if an edit states them, otherwise undone,
// with performance.ErrOtherChange as the answer.
func (b *Bookings) finishSizes(ctx context.Context, from Origin, s *performanceInfo,
	now *performance.BlocksState) error {
	change := &now.Open.BlockChange
	if !now.Stated {
		if err := b.withdrawBlocks(ctx, from, s.id, change.Number); err != nil {
			return err
		}
		return b.undoBlocks(ctx, from, s, change)
	}
	return b.runSteps(ctx, from, &process.Process{ID: changeID(s.id, change.Number), Announced: true,
		Stages: []process.Stage{growStage(s.id, change), b.completeStage(s.id, change)}})
}
