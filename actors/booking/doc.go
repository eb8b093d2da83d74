// Package booking has the rules of one booking: seats and places of one performance for one holder.
//
//	                     payment fails in time
//	          ┌──────────────────────────────────────┐
//	          ▼    start payment                     │   complete
//	none ─▶ held ────────────────────────────────▶ paying ──────────▶ booked
//	        │  │                                   ▲    │               │
//	        │  └──deadline──▶ expired ──late start─┘    │               │ release
//	        │                    ▲──────payment fails───┘               ▼
//	        └──────────────────────release────────────────────────▶ released
//
// Seats of a booked booking can be returned one by one (booking.seat_returned); with the last of
// them it is released. Its price and payments stay those of the whole. If the performance is
// cancelled, so is the booking, from any status but paying: a payment ends first.
//
// After booking.abandoned facts, if any, the first fact records that every seat is held; a booking
// that could not get all of them does not exist. Seats, wallet and allowance are entities of their
// own, and package bookings takes the steps between them.
//
// # Why paying has no deadline
//
// Once the payment has started, the booking can only become booked or fail, however long that
// takes. So after a crash anywhere between the debit and the seats, the booking still has the
// remaining work, and nothing expires it meanwhile.
//
// # Why attempts are counted
//
// A hold's id consists of the booking's id and the number of the attempt, and a payment has the
// same id. A late payment takes the seats again as the next attempt; late commands about the
// previous attempt find that it has ended.
//
// # Why an attempt is closed before anything of it is released
//
// Two runs may work on one booking: a request and its retry on two nodes, or one that crashed and
// its commands still in flight. Whether an attempt becomes the booking is decided here, in one
// stream, by which fact is appended first: held or abandoned. So released seats belong to nobody,
// and a run whose attempt was closed learns of it when its booking.held is refused. Attempts are
// closed in order, and their numbers keep increasing.
//
// # Refusals, in order
//
// All commands but Hold and Abandon: not_found, forbidden (By is set and not the holder), then the
// command's own.
package booking
