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
// The first fact but for abandoned attempts says that every seat is held; a booking that
// could not have them all does not exist. Seats, wallet and allowance are entities of their own, and
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
// # Why an attempt is closed before anything of it is given back
//
// Two runs may be at one booking: a request and its retry, at two nodes, or one that
// crashed and what it had still on its way. Whether an attempt has become the booking is
// decided here, in one stream, by who appends first: held, or abandoned. So what is given
// back is nobody's, and a run whose attempt was closed learns of it from the fact that it
// could not append. Attempts are closed in their order and counted on.
//
// # Refusals, in order
//
// Of all commands but Hold and Abandon: not_found, forbidden (By is given and not the holder),
// then the command's own.
package booking
