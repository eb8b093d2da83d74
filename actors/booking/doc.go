// Package booking implements the rules of one booking: seats and standing places of one performance,
// for one holder.
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
// The seats of a paid booking can be returned one by one (booking.seat_returned). The return of the
// last seat releases the booking. Returns change neither its amount nor its payment. If the performance
// is cancelled, its bookings are cancelled too, whatever their status; a payment in progress must end
// first.
//
// The first fact, after any booking.abandoned facts, records that every seat is held; a booking that
// could not get all of its seats does not exist. Seats, the wallet and the allowance are separate
// entities; package bookings runs the steps across them.
//
// # Why paying has no deadline
//
// A payment in progress can only complete or fail, however long that takes. The booking does not expire
// meanwhile, so that a run that resumes after a crash can still book the seats that have been paid for.
//
// # Why attempts are counted
//
// A hold's id consists of the booking's id and the number of the attempt, and a payment's id is derived
// from it. A late payment takes the seats again under the next attempt, so that delayed commands for
// the previous attempt are refused.
//
// # Why an attempt is closed before its seats are released
//
// Two runs may work on one booking: a request and its retry on two nodes, or a retry and commands that
// a crashed run left in flight. The booking's stream decides whether an attempt becomes the booking, by
// the fact that is appended first: held or abandoned. So no booking includes released seats, and a run
// whose attempt was closed learns of it when its booking.held is refused. Attempts are closed in order,
// and their numbers keep increasing.
//
// # Refusals, in order
//
// All commands but Hold and Abandon refuse with not_found first, then with forbidden (By is set, and is
// not the holder), then with their other refusals.
package booking
