// Package seat holds the rules of one numbered seat of one performance: free, held
// for a booking until a deadline, booked, or blocked by the house.
//
//	            hold                book
//	free ─────────────────▶ held ─────────▶ booked
//	 │ ▲ ◀─release, deadline──┘                │
//	 │ └────────────────release────────────────┘
//	 └─block─▶ blocked ─unblock─▶ free
//
// At every moment at most one hold owns the seat. Whatever is done about a hold
// carries the hold's id, so that what comes late never touches the next one.
//
// # Why a hold may be shorter than it should be
//
// A holder may not keep a seat from everybody by holding it again and again. The
// holder's stay begins with the first hold and goes on through every later one,
// unless another caller had the seat between or it was free for as long as a hold
// lasts. A stay ends after twice that time: a hold is cut there, and beyond it
// refused. A seat that nobody has touched has no facts and no stream.
//
// # Why a hold outlives its booking
//
// The seat's deadline is the booking's and Grace. A payment that begins in time
// has that long to book the seat.
package seat
