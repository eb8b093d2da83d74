// Package bookings takes bookings through their processes: holding seats, paying, extending,
// giving back. Each takes steps at several entities: the holder's allowance, the seats, the
// booking, the wallet. [process.Runner] takes the steps; this package says what they are.
//
// # The steps
//
//	Book    allowance is taken · each seat is held, in canonical order · booking is held
//	Pay     booking announces the payment · wallet is debited · allowance is kept · seats
//	        are booked · booking is booked
//	        late: before the debit, allowance and seats are taken again · booking says so
//	Extend  allowance and seats are extended · booking is extended
//	Cancel  booking is released · (refund) · seats and allowance are given back ·
//	        (booking says that this is done)
//
// The lists are in process.go; seats.go, allowance.go and payment.go have one family of steps
// each.
//
// # Why nothing is left behind
//
// A held seat and a taken allowance go back by themselves at a deadline, a little behind the
// booking's. They are given back long before that: by the run that took them in vain; by a
// retry, which reads in the views what earlier runs have left, and goes on with it or gives
// it back; or, without a retry, by [Bookings.Resume], for which the views list what has
// become no booking in half a minute, and what is left beside a booking a second later. What
// has no deadline (a payment under way, a booked seat of a booking that was given back) is
// announced in the booking's own stream before it happens, and Resume takes the remaining
// steps from there.
//
// # Why an attempt is closed first
//
// Several runs may be at one booking: a request and its retry at another node, or Resume and
// a run that is slow. So every attempt has a number, and before anything of one is given back
// the booking's own stream closes it (booking.abandoned). The first append there decides: a
// run whose attempt was closed learns so when it is to say that the booking is held, and
// gives back what it has by the id of its own attempt. Clocks say when to try, and never who
// is right. An attempt that has taken nothing needs no closing: a refused seat leaves no
// trace.
//
// # Why a payment that can't be completed closes its id
//
// Before anything else is undone, the wallet is told to refund the payment; if the debit
// never arrived, that keeps it from arriving. So money and seats can't part.
//
// # Why seats are held one after another
//
// They are held together with the booking, by one append, where the log can do that and no
// entity is busy. What follows is for all other cases.
//
// Of several bookings that overlap, the first to reach the last seat they contend for has all
// the seats before it. So one of them always succeeds; if all seats were taken at once, each
// booking could have one that another wants. Seats that are given back or booked are not
// contended for, and go at once.
//
// Before the first is taken, all are read: most of a crowd that wants what others have is
// refused without a trace in the log. A holder of seats, while others read, either succeeds
// or is beaten further on, so the promise stands.
//
// A payment is checked first as well, against the wallet and, if it is late, the seats and
// the allowance: a refusal has written nothing, unless the payment was overtaken.
//
// # Why a choice waits for the last seats
//
// Requests for the best available seats are sent to different seats. When all that is left is
// about to be taken, the next request waits until that has succeeded or failed. If they
// contended for it, two groups that share a seat could keep each other from theirs.
//
// # Why a booking is locked here
//
// Two requests about one booking on one node (a payment, and a retry of it) take turns. That
// only makes for good answers: on two nodes they don't, and the ids of holds keep every seat
// and every payment to one.
package bookings
