// Package bookings runs the processes of bookings: holding seats, paying, extending, releasing.
// Each takes steps at several entities: the holder's allowance, the seats, the booking, the wallet.
// [process.Runner] takes the steps; this package defines them.
//
// # The steps
//
//	Book    allowance is taken · each seat is held, in canonical order · booking is held
//	        (on a remote log: allowance and seats concurrently · booking is held)
//	Pay     booking announces the payment · wallet is debited · allowance is kept · seats
//	        are booked · booking is booked
//	        late: before the debit, allowance and seats are taken again · booking records it
//	Extend  allowance and seats are extended · booking is extended
//	Cancel  booking is released · (refund) · seats and allowance are released ·
//	        (booking records the end)
//	Return  booking names the seat · a part is refunded · seat and its part of the allowance
//	        are released · booking records the end
//	CallOff (payment is ended) · booking is cancelled · (refund in full) · seats and
//	        allowance are released · (booking records the end)
//
// The lists are in process.go; seats.go, allowance.go and payment.go have one family of steps each.
//
// # Why nothing is left behind
//
// Held seats and a taken allowance expire at a deadline shortly after the booking's. Usually they
// are released long before: by a run that does not complete; by a retry, which finds in the views
// what earlier runs have left, and continues with it or releases it; or, without a retry, by
// [Bookings.Resume], for which the views list attempts that have not become a booking within half a
// minute, and after a second anything held in addition to a booking. A step without a deadline (a
// payment in progress, a booked seat of a released booking) is announced in the booking's own
// stream first, and Resume takes the remaining steps from there.
//
// # Why an attempt is closed first
//
// Several runs may work on one booking: a request and its retry on another node, or Resume and a
// slow run. So every attempt has a number, and before anything it holds is released the booking's
// own stream closes the attempt (booking.abandoned). The first append there decides: a run whose
// attempt was closed learns so when its booking.held is refused, and releases what it holds by the
// id of its own attempt. Clocks decide when to try, and never which run wins. An attempt that has
// taken nothing needs no closing: a refused seat leaves no trace.
//
// # Why a payment that can't be completed closes its id
//
// Before anything else is undone, the wallet is asked to refund the payment; if the debit has not
// arrived yet, that prevents it. So money and seats always agree.
//
// # Why seats are held one by one
//
// Where the log can append to several streams and no entity is busy, seats are held together with
// the booking, by one append. This section and the next concern all other cases.
//
// Of several overlapping bookings, the first to reach the last contended seat has all the seats
// before it, so one of them always succeeds. If all seats were taken concurrently, each booking
// could have one that another wants. Seats that are released or booked are not contended, so they
// are handled concurrently.
//
// Before the first is taken, all are read: most of a crowd that wants taken seats is refused
// without a trace in the log. A run that holds seats while others read either succeeds or loses to
// one further on, so the guarantee stays.
//
// A payment is also checked first, against the wallet and, if it is late, the seats and the
// allowance: a refused payment has written nothing, unless it was overtaken.
//
// # Why seats are held concurrently if the log is remote
//
// A log that can't append to several streams is on another machine, and consecutive appends cost a
// round trip each. So allowance and seats are taken concurrently there. Overlapping requests on one
// node take turns (actors.Desk.AskEach): each gets all of its seats or none. Requests on two nodes
// can still block each other. Then both close their attempts and release what they have, and take
// the seats once more, one by one in canonical order, waiting for seats that are held by an attempt
// which has not become a booking. Waits in canonical order have no cycle, so such a request is only
// refused because of bookings, and one of several overlapping requests succeeds again.
//
// The views show beforehand which seats are taken, and only those are read before the first is
// held. A retry takes the same steps under the same ids. The places of areas follow the seats, in
// order.
//
// # Why a choice waits for the last seats
//
// Requests for the best available seats are sent to different seats. While all remaining seats are
// about to be taken, the next request waits until those attempts have succeeded or failed. If they
// contended for the seats, two groups that share one could each prevent the other from getting its
// seats.
//
// # Why a booking is locked on a node
//
// Two requests about one booking on one node (a payment, and a retry of it) run one after the
// other. That only gives better answers: on two nodes they overlap, and the ids of holds ensure
// that every seat and every payment has one owner.
package bookings
