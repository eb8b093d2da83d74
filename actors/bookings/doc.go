// Package bookings runs the processes of bookings: holding seats, paying, extending, releasing. Each
// sends commands to several entities: the holder's allowance, the seats, the booking and the wallet.
// This package defines the steps, and [process.Runner] runs them.
//
// # The steps
//
//	Book    allowance is taken · each seat is held, in canonical order · booking is held
//	        (on a remote log: allowance and seats concurrently · booking is held)
//	Pay     booking announces the payment · wallet is debited · allowance is kept · seats
//	        are booked · booking is booked
//	        (if late, before the debit: allowance and seats are taken again · booking
//	        records it)
//	Extend  allowance and seats are extended · booking is extended
//	Cancel  booking is released · (refund) · seats and allowance are released ·
//	        (booking records the end)
//	Return  booking names the seat · its price is refunded · the seat and its share of the
//	        allowance are released · booking records the end
//	CallOff (payment is ended) · booking is cancelled · (refund in full) · seats and
//	        allowance are released · (booking records the end)
//
// process.go has the processes; seats.go, allowance.go and payment.go have their steps.
//
// # Why no seats are leaked
//
// Held seats and a taken allowance expire shortly after the booking's deadline. Usually they are
// released long before that, in one of three ways. A run that fails releases what it has taken. A retry
// finds in the views what earlier runs have left, and continues with it or releases it. Otherwise,
// [Bookings.Resume] releases it: it is called for attempts that the views list because they have not
// become a booking within half a minute, or because they hold, for more than a second, seats that do not
// belong to the booking. Steps without a deadline (a payment in progress, the booked seats of a released
// booking) are first announced in the booking's stream, from which Resume takes the remaining steps.
//
// # Why an attempt is closed first
//
// Several runs may work on one booking: a request and its retry on another node, or Resume and a slow
// run. So every attempt has a number, and the booking's stream closes the attempt (booking.abandoned)
// before its seats are released. The first append to that stream decides: a run whose attempt was closed
// learns of it when its booking.held is refused, and then releases what it holds by the id of that
// attempt. Clocks decide only when a run tries, never which run wins. An attempt that has taken nothing
// need not be closed: a refused seat appends nothing.
//
// # Why a failed payment is refunded before it was debited
//
// Before the steps of a failed payment are undone, the wallet is asked to refund it. If it has not been
// debited, the refund prevents a later debit. So money and seats always agree.
//
// # Why seats are held one by one
//
// If the log can append to several streams at once and no entity is busy, all seats are held by the same
// append as the booking. This section and the next concern the other cases.
//
// Of several overlapping requests, the first to hold the last contended seat already holds all the
// others, so one request always succeeds. If seats were held concurrently, each request could hold a seat
// that another one needs. Seats that are released or booked are not contended, so those steps run
// concurrently.
//
// All seats are read before the first is held, so that most of a crowd that wants taken seats is refused
// without appending anything. The guarantee remains: a request that causes such a refusal either succeeds
// or loses to another that holds a later seat.
//
// A payment is also checked first, against the wallet and, if it is late, the seats and the allowance: a
// refused payment has appended nothing, unless another request intervened.
//
// # Why seats are held concurrently if the log is remote
//
// A log that can't append to several streams is on another machine, so consecutive appends cost a round
// trip each. Therefore the allowance and the seats are taken concurrently. Overlapping requests on one
// node take turns (actors.Desk.AskEach): each gets all of its seats or none. Requests on two nodes can
// still block each other. Then both close their attempts, release what they hold, and hold the seats once
// more, one by one in canonical order, and wait for seats that are held by an attempt which has not
// become a booking. Waits in canonical order can't form a cycle, so again one of the overlapping requests
// succeeds, and the others are refused only because of bookings.
//
// Before the first seat is held, only the seats that are taken in the views are read. A retry takes the
// same steps under the same ids. Places of areas are held after the seats, in order.
//
// # Why requests wait for the last seats
//
// Concurrent requests for the best available seats are directed to different seats. If other requests are
// about to take all the seats that remain, the next one waits until they have succeeded or failed. If it
// competed with them, two groups that share a seat could each prevent the other from getting its seats.
//
// # Why a booking is locked on a node
//
// Two requests about one booking on one node (a payment and its retry) run one after the other. This only
// improves their answers. On two nodes they may overlap, and the ids of holds ensure that every seat and
// every payment has one owner.
package bookings
