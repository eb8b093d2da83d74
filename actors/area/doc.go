// Package area has the rules of one standing area of a performance, whose places have no numbers.
//
//	            hold                book
//	remaining ─────────▶ held ─────────────▶ booked
//	     ▲ ◀─release, deadline─┘                │
//	     └──────────────release, return─────────┘
//
// Places can be blocked under a label: they are neither remaining nor sold, and a hold that names
// the label takes them first. Places that its holds have taken remain the label's: once released,
// they are blocked again, before any others.
//
// Held, booked and blocked places never exceed the capacity. A booking has places under one hold at
// a time; every later command carries the hold's id, so that a late one never affects another
// booking, or a later attempt of the same one.
//
// # The capacity
//
// The seating plan has the capacity, and the command of the first fact carries it. From then on
// only the area's own facts count: [Resize] changes the capacity, and is refused below the places
// held, booked and blocked. So a server that does not know of the change yet can't sell beyond it.
//
// # Numbered changes
//
// Sizes and blocks are changed by numbered changes of the performance, one at a time. An area
// applies each once: a late or repeated command is a no-op, and so is the undo of any change but
// the last. The undo of a change that has not arrived yet is recorded, so that the change does
// nothing when it arrives.
//
// # Why the time of holds is not limited
//
// A seat is unique, and a holder who holds it again and again keeps it from everybody; so a seat
// limits that time. Places are interchangeable, as the units of a product are, and limits per
// holder and on open holds bound one holder's share.
//
// # Refusals, in order
//
// Hold: not_held (the booking has other places here, for good or under a later attempt), sold_out.
// Extend: not_held, limit_exceeded. Book: not_held. Return: not_held. Resize: limit_exceeded. Block: sold_out.
package area
