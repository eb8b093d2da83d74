package projections

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"admitone/events"
)

// Block is the seats of a performance that are blocked under one label.
type Block struct {
	// Label is "" for seats that no command can hold.
	Label events.BlockLabel
	// Seats in canonical order.
	Seats []events.SeatName
}

// labelKey orders the seats of a performance as its layout does.
func labelKey(performance events.PerformanceID, seat events.SeatIndex) string {
	return ownedKey(string(performance), fmt.Sprintf("%06d", seat))
}

// foldLabel updates the label of a blocked seat.
func (k *boxOffice) foldLabel(performance events.PerformanceID, seat events.SeatIndex, fact events.Fact) {
	label, labelled := events.BlockLabel(""), false // labelled means blocked again
	switch f := fact.(type) {
	case *events.SeatHeld:
		if f.Label != "" {
			k.labels.delete(labelKey(performance, seat))
		}
	case *events.SeatUnblocked:
		k.labels.delete(labelKey(performance, seat))
	case *events.SeatBlocked:
		label, labelled = f.Label, true
	case *events.SeatReleased:
		label, labelled = f.Label, f.Label != ""
	case *events.SeatExpired:
		label, labelled = f.Label, f.Label != ""
	}
	if labelled {
		text := strings.Clone(string(label))
		k.labels.set(labelKey(performance, seat), &text)
	}
}

// foldChange records whether a change of blocks is in progress. ok is false for a fact that is not about one.
func (k *boxOffice) foldChange(e *events.Recorded, fact events.Fact) (ok bool) {
	switch fact.(type) {
	case *events.BlocksBegun, *events.BlocksWithdrawn:
		k.changing.settleID(e.Stream.Entity(), true, e)
	case *events.BlocksChanged, *events.BlocksUndone:
		k.changing.settleID(e.Stream.Entity(), false, e)
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
