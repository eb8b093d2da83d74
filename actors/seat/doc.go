// Package seat has the rules of one numbered seat of one performance: free, held for a booking
// until a deadline, booked, or blocked by the organiser. An untouched seat has no facts and no
// stream.
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
// A seat blocked under a label can be held by a booking that names that label. It goes straight
// from blocked to held, and back to blocked when released.
//
// Changes of the performance's blocks are numbered, and each blocks the seat at most once. If a change
// is undone before it has reached a free seat, the seat records a block and its end, so that the
// change does nothing when it arrives. A seat that is held or booked at that time records nothing: the
// change may still block it, under its label, once it is free.
//
// At most one hold owns the seat at any time. Every command about a hold carries the hold's id, so a
// late command never affects a later hold.
//
// # Limit on consecutive holds
//
// One holder's consecutive holds of a seat count as one stay. It starts with the first hold and
// ends when another holder takes the seat, or when the seat has been free for one hold duration. A
// stay lasts at most two hold durations: a hold that would exceed it is shortened to that moment,
// and refused after it.
//
// # Why a hold outlives its booking
//
// A seat's deadline is its booking's deadline plus [Grace]: a payment started in time
// has that long to book the seat.
package seat
