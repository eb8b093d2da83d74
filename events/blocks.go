package events

func init() {
	register[BlocksBegun]()
	register[BlocksChanged]()
	register[BlocksWithdrawn]()
	register[BlocksUndone]()
}

// BlockChange is an all-or-nothing change of what a performance has on sale: it blocks seats and places under a
// label, unblocks them, or resizes areas for an edit.
type BlockChange struct {
	// Number is the sequence number of the change within the performance, from 1. A withdrawn change keeps its number.
	Number int64 `json:"number"`
	// Label is the label of the block, "" for a resize.
	Label BlockLabel `json:"label"`
	// Unblocks means that the seats and places are put back on sale.
	Unblocks bool `json:"unblocks,omitempty"`
	// Seats are in canonical order.
	Seats []SeatName `json:"seats,omitzero"`
	// Areas are in the plan's order. Each has the number of places that the label keeps or, if the change
	// unblocks, the number that is put back on sale.
	Areas []AreaPlaces `json:"areas,omitzero"`
	// Sizes has the areas that are resized, in the plan's order.
	Sizes []AreaResize `json:"sizes,omitzero"`
}

// AreaPlaces is a number of places of an area.
type AreaPlaces struct {
	Area   AreaID `json:"area"`
	Places int64  `json:"places"`
}

// AreaResize is the new number of places of an area. Was is the previous number.
type AreaResize struct {
	AreaPlaces
	Was int64 `json:"was"`
}

// BlocksBegun announces a change that takes several appends. A performance has at most one in progress. A resize
// proceeds once an edit states it.
type BlocksBegun struct {
	BlockChange
	// Command is the command id of a request with an idempotency key, "" for a request without one.
	Command string `json:"command,omitempty"`
	// More is as in [BlocksChanged].
	More bool `json:"more,omitempty"`
}

func (*BlocksBegun) Name() string { return "performance.blocks_begun.v1" }

// BlocksChanged records a complete change: the one in progress, or one made by the same append. If the
// change unblocks, the fact lists the seats and places that were blocked until then.
type BlocksChanged struct {
	BlockChange
	// More means that the request continues with a further change.
	More bool `json:"more,omitempty"`
}

func (*BlocksChanged) Name() string { return "performance.blocks_changed.v1" }

// BlocksWithdrawn records that the change in progress will be undone, because some of its seats or places are not
// available.
type BlocksWithdrawn struct {
	Number int64 `json:"number"`
}

func (*BlocksWithdrawn) Name() string { return "performance.blocks_withdrawn.v1" }

// BlocksUndone records that a withdrawn change has been undone completely.
type BlocksUndone struct {
	Number int64 `json:"number"`
}

func (*BlocksUndone) Name() string { return "performance.blocks_undone.v1" }
