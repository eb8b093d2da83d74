// Package seat implements the rules of one numbered seat of one performance: free, held for a booking until a
// deadline, booked, or blocked by the organiser. A seat that was never used has no facts and no stream.
//
//	            hold                book
//	free ─────────────────▶ held ─────────▶ booked
//	 │ ▲ ◀─release, deadline──┘                │
//	 │ └────────────────release────────────────┘
//	 └─block─▶ blocked ─unblock─▶ free
//	              │ ▲
//	  hold(label) ▼ │ release, deadline
//	              held
//
// A seat blocked under a label can be held by a booking that names the label. When it is released, it is
// blocked again.
//
// Changes of the performance's blocks are numbered, and each change blocks the seat at most once. If a change
// is undone before it has arrived at a free seat, the seat records a block and its end, so that the change does
// nothing when it arrives. A seat that is held or booked at that time records nothing: if the change arrives
// when the seat is free, it blocks the seat under its label.
//
// At most one hold owns the seat at any time. Every command about a hold carries the hold's id, so a delayed
// command never affects a later hold.
//
// # Limit on consecutive holds
//
// Consecutive holds of a seat by one holder form a stay. It starts with the first hold, and ends when another
// holder takes the seat, when the seat is booked, or when it has been free for one hold duration. A stay lasts
// at most two hold durations: a hold that would exceed the limit is shortened, and one after it is refused.
//
// # Why a hold outlives its booking
//
// A seat's deadline is its booking's deadline plus [Grace]: a payment started in time
// has that long to book the seat.
package seat
