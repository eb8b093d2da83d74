// Package area implements the rules of one standing area of a performance, whose places are not numbered.
//
//	            hold                book
//	remaining ─────────▶ held ─────────────▶ booked
//	     ▲ ◀─release, deadline─┘                │
//	     └──────────────release, return─────────┘
//
// Places can be blocked under a label: they are neither remaining nor sold, and a hold that names the label
// takes them first. Such places still belong to the label: when a hold releases places, these are blocked
// again before any of its other places become remaining.
//
// Held, booked and blocked places never exceed the capacity. A booking has places under one hold at a time.
// Every later command carries the hold's id, so that a delayed command never affects another booking, or a
// later attempt of the same booking.
//
// # The capacity
//
// The command of the first fact carries the capacity in the seating plan. After that, only the area's facts
// count: [Resize] changes the capacity, and is refused if more places are held, booked and blocked. So a
// server that has not seen a change yet can't oversell the area.
//
// # Numbered changes
//
// Sizes and blocks are changed by numbered changes of the performance, one at a time. An area applies each
// change once: a delayed or repeated command is a no-op, and so is the undo of any change but the last. The
// undo of a change that has not arrived yet is recorded, so that the change does nothing when it arrives.
//
// # Why consecutive holds are not limited
//
// A seat is unique, and a holder who holds it again and again keeps it from everybody else, so a seat limits
// consecutive holds. Places are interchangeable, like the units of a product, and the limits per holder and
// on open holds bound the places that one holder can keep from others.
//
// # Refusals, in order
//
// Hold: not_held (the booking has other places here, for good or under a later attempt), sold_out.
// Extend: not_held, limit_exceeded. Book: not_held. Return: not_held. Resize: limit_exceeded. Block: sold_out.
package area
