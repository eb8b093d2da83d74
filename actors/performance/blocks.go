package performance

import (
	"slices"

	"admitone/actors/core"
	"admitone/events"
)

// BeginBlocks announces a change of blocks. Refusals: not_found, [ErrOtherChange] (it is not the next change, or
// another change is in progress).
type BeginBlocks struct {
	events.BlockChange
	// Command is the id of the request if it has a key, otherwise "".
	Command string
	// More is as in [ChangeBlocks].
	More bool
}

// ChangeBlocks completes the change in progress, or makes a change whose seats are changed by the same append.
// Idempotent. Refusals: not_found, [ErrOtherChange] (it is withdrawn, or not the next change, or its edit has not
// been made).
type ChangeBlocks struct {
	events.BlockChange
	// More means that another change of the same request follows.
	More bool
}

// WithdrawBlocks decides that the change in progress is undone. Idempotent. Refusals: not_found, [ErrChanged].
type WithdrawBlocks struct{ Number int64 }

// UndoBlocks records that a withdrawn change has been undone. No-op for any other change.
type UndoBlocks struct{ Number int64 }

// RecallBlocks asks for the change that a request has made. It is sent under the key of that request, so that the
// answer is the earlier one. Refusal: not_found (the request has made no change).
type RecallBlocks struct{}

// ErrOtherChange refuses a change of blocks because of another change.
var ErrOtherChange = &core.Refusal{Code: core.CodeStaleRevision,
	Detail: "other blocks of the performance are being changed; try again"}

// ErrChanged refuses to withdraw a change of blocks that is complete, or whose edit has been made.
var ErrChanged = &core.Refusal{Code: core.CodeAlreadyConfirmed, Detail: "the change of blocks is already made"}

var errNoChange = &core.Refusal{Code: core.CodeNotFound, Detail: "the request has not changed any blocks",
	Fields: core.Fields{"resource": "change"}}

// maxUndone is the number of undone changes that are remembered, because runs may still be working on them.
const maxUndone = 64

// blocks are the changes of a performance's blocks and of the sizes of its areas.
type blocks struct {
	// Last is the number of the last change.
	Last int64
	// Open is the change in progress, nil for none. Withdrawn means that it is being undone, Committed that it
	// changes sizes and its edit has been made.
	Open      *events.BlocksBegun `json:",omitempty"`
	Withdrawn bool                `json:",omitempty"`
	Committed bool                `json:"Stated,omitempty"`
	// Undone are the latest undone changes, by number.
	Undone []int64 `json:",omitempty"`
}

// BlocksState is the progress of the changes of a performance's blocks.
type BlocksState struct {
	// Last is the number of the last change.
	Last int64
	// Open is the change in progress, nil for none. It must not be modified.
	Open *events.BlocksBegun
	// Withdrawn means that it is being undone, Committed that it changes sizes and its edit has been made.
	Withdrawn, Committed bool
}

// Blocks returns the progress of the changes of blocks.
func (p *Performance) Blocks() BlocksState {
	return BlocksState{p.blocks.Last, p.blocks.Open, p.blocks.Withdrawn, p.blocks.Committed}
}

// canCommit reports whether an edit can be made for a change: the change in progress, or the next one if there is
// none.
func (b *blocks) canCommit(number int64) bool {
	if b.Open == nil {
		return number == b.Last+1
	}
	return b.Open.Number == number && len(b.Open.Sizes) > 0 && !b.Withdrawn && !b.Committed
}

// committed reports whether the edit of an announced change has been made.
func (b *blocks) committed(number int64) bool {
	switch {
	case number > b.Last || slices.Contains(b.Undone, number):
		return false
	case b.Open != nil && b.Open.Number == number:
		return b.Committed
	}
	return true
}

// commit records that the edit of a change has been made. It returns false if that is not possible.
func (b *blocks) commit(number int64) bool {
	if !b.canCommit(number) {
		return false
	}
	b.Last, b.Committed = number, b.Open != nil
	return true
}

func (p *Performance) beginBlocks(cmd *BeginBlocks) ([]events.Fact, error) {
	switch {
	case !p.Exists():
		return nil, errNoPerformance
	case p.blocks.Open != nil || cmd.Number != p.blocks.Last+1:
		return nil, ErrOtherChange
	}
	return []events.Fact{&events.BlocksBegun{BlockChange: cmd.BlockChange, Command: cmd.Command, More: cmd.More}}, nil
}

func (p *Performance) changeBlocks(cmd *ChangeBlocks) ([]events.Fact, error) {
	b := &p.blocks
	switch {
	case !p.Exists():
		return nil, errNoPerformance
	case b.Open != nil && (b.Withdrawn || b.Open.Number != cmd.Number || len(b.Open.Sizes) > 0 && !b.Committed),
		slices.Contains(b.Undone, cmd.Number), cmd.Number > b.Last+1:
		return nil, ErrOtherChange
	case b.Open == nil && cmd.Number <= b.Last:
		return nil, nil
	}
	return []events.Fact{&events.BlocksChanged{BlockChange: cmd.BlockChange, More: cmd.More}}, nil
}

func (p *Performance) withdrawBlocks(cmd *WithdrawBlocks) ([]events.Fact, error) {
	b := &p.blocks
	open := b.Open != nil && b.Open.Number == cmd.Number
	switch {
	case !p.Exists():
		return nil, errNoPerformance
	case open && b.Withdrawn, slices.Contains(b.Undone, cmd.Number):
		return nil, nil
	case !open, b.Committed:
		return nil, ErrChanged
	}
	return []events.Fact{&events.BlocksWithdrawn{Number: cmd.Number}}, nil
}

func (p *Performance) undoBlocks(cmd *UndoBlocks) []events.Fact {
	if b := &p.blocks; b.Open == nil || !b.Withdrawn || b.Open.Number != cmd.Number {
		return nil
	}
	return []events.Fact{&events.BlocksUndone{Number: cmd.Number}}
}

// evolve applies a fact and reports whether it is a valid next fact about blocks.
func (b *blocks) evolve(fact events.Fact) (valid bool) {
	switch f := fact.(type) {
	case *events.BlocksBegun:
		valid = b.Open == nil && f.Number == b.Last+1
		b.Last, b.Open = f.Number, f
	case *events.BlocksChanged:
		uncommitted := b.Open != nil && len(b.Open.Sizes) > 0 && !b.Committed
		valid = b.Open == nil && f.Number == b.Last+1 || b.Open != nil && !b.Withdrawn && !uncommitted && f.Number == b.Last
		b.Last, b.Open, b.Committed = f.Number, nil, false
	case *events.BlocksWithdrawn:
		valid = b.Open != nil && !b.Withdrawn && !b.Committed && f.Number == b.Last
		b.Withdrawn = true
	case *events.BlocksUndone:
		valid = b.Withdrawn && f.Number == b.Last
		b.Open, b.Withdrawn = nil, false
		b.Undone = append(slices.Clone(b.Undone[max(0, len(b.Undone)-maxUndone+1):]), f.Number)
	}
	return valid
}
