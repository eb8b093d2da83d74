// Package area holds the rules of one area of one performance: places without numbers, of which
// bookings hold and book some.
//
//	            hold                book
//	remaining ─────────▶ held ─────────────▶ booked
//	     ▲ ◀─release, deadline─┘                │
//	     └──────────────release, return─────────┘
//
// Places can be blocked under a label: they are neither remaining nor sold, and a hold that names the label takes
// them first. A label keeps those that its holds have taken: given back they are blocked again, before the rest.
//
// Held, booked and blocked places are never more than there are. A booking has places under one hold at a
// time; whatever is done about them carries the hold's id, so that what comes late never touches
// what another booking, or a later attempt of this one, has.
//
// # How many places there are
//
// The seating plan says that, and the first command that leads to a fact brings it. From then on the
// area's own facts are true alone: [Resize] changes it, and refuses to go below what is held,
// booked and blocked. So whoever has not heard of the change can't sell beyond it.
//
// # What changes say
//
// Sizes and blocks are changed by numbered changes of the performance, one at a time. An area takes part in each
// once: what comes late, or again, does nothing, and so does the undo of any change but the last.
//
// # Why nobody's stay is counted
//
// A seat is one of its kind, and a holder who holds it again and again keeps it from everybody; so a
// seat ends such a stay. Places are alike, as the units of a product are, and limits per holder and
// on open holds bound what one holder can keep.
//
// # Refusals, in order
//
// Hold: not_held (the booking has other places here, for good or under a later attempt), sold_out.
// Extend: not_held, limit_exceeded. Book: not_held. Return: not_held. Resize: limit_exceeded. Block: sold_out.
package area
