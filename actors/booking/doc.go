// Package booking holds the rules of one booking: some seats of one performance for
// one holder.
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
// The first fact says that every seat is held; a booking that could not have them
// all has no stream. Seats, wallet and allowance are entities of their own, and
// package bookings takes the steps from one to the next.
//
// # Why paying has no deadline
//
// Once the payment has started, the booking can only become booked or fail, however
// long that takes. So a crash anywhere between the debit and the seats leaves a
// booking that says what is to be done, and nobody expires it meanwhile.
//
// # Why attempts are counted
//
// A hold's id is the booking's and the number of the attempt, and the payment has
// the same id. A late payment takes the seats again as the next attempt; whatever
// is still on its way about the one before finds that it is over.
//
// # Refusals, in order
//
// Of all commands but Hold: not_found, forbidden (By is given and not the holder),
// then the command's own.
package booking
