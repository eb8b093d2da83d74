// Package bookings takes the steps of a booking from one entity to the next: the
// holder's allowance, the seats, the booking, the wallet. Each step is a command to
// one entity and one append; there is no transaction over several, and none is
// needed.
//
// # The steps
//
//	Book    allowance takes · each seat is held, in canonical order · booking is held
//	Pay     booking starts to pay · wallet is debited · allowance keeps · each seat is
//	        booked · booking is booked
//	        late: before the debit, allowance and seats are taken again · booking
//	        says so
//	Extend  each seat and the allowance are extended · booking is extended
//	Cancel  booking is released · (refund) · seats and allowance are given back ·
//	        (booking says that this is done)
//
// # Why nothing is left behind
//
// A seat that is held and an allowance that is taken go back by themselves at a
// deadline, a little behind the booking's. What has no deadline (a payment under
// way, a booked seat of a booking that was given back) is announced in the booking's
// own stream before it happens, and [Bookings.Resume] takes the remaining steps from
// there: after a crash, and whenever a step came to nothing. Every step is
// idempotent, by the id of the hold that it is about, so taking one again is safe.
//
// # Why a payment that can't be completed closes its id
//
// Before anything else is undone, the wallet is told to refund the payment; if the
// debit never arrived, that keeps it from arriving. So money and seats can't part.
//
// # Why seats are held one after another
//
// Of several bookings that overlap, the one that comes first to the last seat they
// fight over has all the seats before it. So one of them always succeeds; taking
// seats all at once, each could have one that the other wants. What is given back or
// booked is not fought over, and goes all at once.
//
// Before the first is taken, all are looked at: most of a crowd that wants what others
// have is refused without a trace in the log. That takes nothing from the promise:
// whoever holds a seat while others look either succeeds or is beaten further on.
//
// A payment looks first as well, at the wallet and, if it is late, at the seats and the
// allowance: so a refusal has written nothing, but for one that was overtaken.
//
// # Why the house waits for the last seats
//
// Two who leave the choice to the house are sent to different seats. When all that is
// left is about to be taken, the next one waits until that has happened or failed.
// Fighting for it, two groups that share a seat would keep each other from theirs.
//
// # Why a booking is locked here
//
// Two requests about one booking on one node (a payment, and a retry of it) take
// turns. That is only for good answers: on two nodes they don't, and the hold ids
// keep every seat and every payment to one. So whoever comes to nothing gives back only
// what no other run of the same request can have made use of: nothing of a booking that
// is known, or booked.
package bookings
