package projections

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"admitone/events"
)

// Block has the seats of a performance that are blocked under one label.
type Block struct {
	// Label is "" for seats that no command can hold.
	Label events.BlockLabel
	// Seats in canonical order.
	Seats []events.SeatName
}

// labelKey returns the key of a seat's label. Keys sort by performance, then in the order of its layout.
func labelKey(performance events.PerformanceID, seat events.SeatIndex) string {
	return ownedKey(string(performance), fmt.Sprintf("%06d", seat))
}

// foldLabel updates the label of a blocked seat.
func (k *boxOffice) foldLabel(performance events.PerformanceID, seat events.SeatIndex, fact events.Fact) {
	label, blocked := events.BlockLabel(""), false
	switch f := fact.(type) {
	case *events.SeatHeld:
		if f.Label != "" {
			k.labels.delete(labelKey(performance, seat))
		}
	case *events.SeatUnblocked:
		k.labels.delete(labelKey(performance, seat))
	case *events.SeatBlocked:
		label, blocked = f.Label, true
	case *events.SeatReleased:
		label, blocked = f.Label, f.Label != "" // a labelled seat returns to its block
	case *events.SeatExpired:
		label, blocked = f.Label, f.Label != ""
	}
	if blocked {
		text := strings.Clone(string(label))
		k.labels.set(labelKey(performance, seat), &text)
	}
}

// foldBlockChange records whether a change of blocks is in progress. ok is false for a fact that neither begins nor
// ends a change.
func (k *boxOffice) foldBlockChange(e *events.Recorded, fact events.Fact) (ok bool) {
	switch fact.(type) {
	case *events.BlocksBegun, *events.BlocksWithdrawn:
		k.changing.updateID(e.Stream.Entity(), true, e)
	case *events.BlocksChanged, *events.BlocksUndone:
		k.changing.updateID(e.Stream.Entity(), false, e)
	default:
		return false
	}
	return true
}

// RunUnfinishedBlocks is [Projections.RunUnfinished] for the performances with a change of blocks in progress.
func (p *Projections) RunUnfinishedBlocks(ctx context.Context,
	resume func(ctx context.Context, id events.PerformanceID) error) error {
	k := viewOf[*boxOffice](p)
	if err := p.awaitResuming(ctx, k.changing, nil); err != nil {
		return err
	}
	return k.changing.run(ctx, func(ctx context.Context, id string) error { return resume(ctx, events.PerformanceID(id)) })
}

// Blocks returns the blocked seats of a performance, by label, and the position of the view. ok is false if there is no
// such performance. Errors: the disk's.
func (p *Projections) Blocks(id events.PerformanceID) (blocks []Block, at events.Position, ok bool, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, false, err
	}
	defer p.leave()
	k := viewOf[*boxOffice](p)
	p.mu.RLock()
	performance, ok, err := k.performance(string(id))
	at = p.at.position
	var found *scan[string]
	if ok && err == nil {
		found, err = k.labels.scan(ownedKey(string(id), ""), ownedKey(string(id), "\xff"))
	}
	p.mu.RUnlock()
	if err != nil || !ok {
		return nil, 0, ok, err
	}
	byLabel := map[events.BlockLabel]int{}
	err = found.each(func(key string, label *string) bool {
		seat, err := strconv.Atoi(strings.TrimPrefix(key, ownedKey(string(id), "")))
		if err != nil || seat >= performance.Layout.Seats() {
			return true // not a key of this view
		}
		i, ok := byLabel[events.BlockLabel(*label)]
		if !ok {
			i = len(blocks)
			byLabel[events.BlockLabel(*label)] = i
			blocks = append(blocks, Block{Label: events.BlockLabel(*label)})
		}
		blocks[i].Seats = append(blocks[i].Seats, performance.Layout.Name(events.SeatIndex(seat)))
		return true
	})
	slices.SortFunc(blocks, func(a, b Block) int { return strings.Compare(string(a.Label), string(b.Label)) })
	return blocks, at, true, err
}
