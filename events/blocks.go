package events

func init() {
	register[BlocksBegun]()
	register[BlocksChanged]()
	register[BlocksWithdrawn]()
	register[BlocksUndone]()
}

// BlockChange changes what of a performance is on sale, all of it or nothing: it blocks the named seats and places
// under a label, or unblocks them; or it resizes areas, as an edit states.
type BlockChange struct {
	// Number counts the changes of the performance from 1. A withdrawn change keeps its number.
	Number int64 `json:"number"`
	// Label is "" for a change of sizes.
	Label BlockLabel `json:"label"`
	// Unblocks puts the seats and places back on sale.
	Unblocks bool `json:"unblocks,omitempty"`
	// Seats in canonical order.
	Seats []SeatName `json:"seats,omitzero"`
	// Areas in the plan's order, with the places that the label keeps of each or, for a change that
	// unblocks, that are put back on sale.
	Areas []AreaPlaces `json:"areas,omitzero"`
	// Sizes of the areas that are resized, in the plan's order.
	Sizes []AreaResize `json:"sizes,omitzero"`
}

// AreaPlaces is a number of places of an area.
type AreaPlaces struct {
	Area   AreaID `json:"area"`
	Places int64  `json:"places"`
}

// AreaResize is a new number of places of an area, and the one before.
type AreaResize struct {
	AreaPlaces
	Was int64 `json:"was"`
}

// BlocksBegun announces a change that is made by several appends. There is one at a time. One of sizes is made once
// an edit states it.
type BlocksBegun struct {
	BlockChange
	// Command is the id of the request if it has a key, "" if it has none.
	Command string `json:"command,omitempty"`
	// More is as in [BlocksChanged].
	More bool `json:"more,omitempty"`
}

func (*BlocksBegun) Name() string { return "performance.blocks_begun.v1" }

// BlocksChanged records that a change is complete: the one in progress, or one of the same append.
// For one that unblocks, it has the seats and places that were blocked until then.
type BlocksChanged struct {
	BlockChange
	// More means that the request continues with a further change.
	More bool `json:"more,omitempty"`
}

func (*BlocksChanged) Name() string { return "performance.blocks_changed.v1" }

// BlocksWithdrawn records that the change in progress will be undone, because some of it is not available.
type BlocksWithdrawn struct {
	Number int64 `json:"number"`
}

func (*BlocksWithdrawn) Name() string { return "performance.blocks_withdrawn.v1" }

// BlocksUndone records that a withdrawn change is undone completely.
type BlocksUndone struct {
	Number int64 `json:"number"`
}

func (*BlocksUndone) Name() string { return "performance.blocks_undone.v1" }
