// Package product has the rules of counted stock: interchangeable units that are sold at once, or
// held for a while first.
//
// A reservation begins held or confirmed and ends released or expired:
//
//	            confirm
//	held ──────────────────▶ confirmed
//	 │  └─release─▶ released ◀─release─┘
//	 └──deadline──▶ expired
//
// At every moment stock = remaining + held + sold, and remaining >= 0.
//
// # Why ended reservations are forgotten
//
// The core keeps the open reservations, which own units, and forgets the ended ones: a product
// may see a hundred times more holds than it has units. An ended reservation does not change, so a
// view can answer for it, however much the view lags. The exception is an external payment: it
// takes the units of an expired reservation again, which is open then. So the core keeps forever
// each reservation for which an external payment was decided, with the payments and their outcomes;
// a payment for any other ended reservation carries its state in a view.
//
// # Frozen terms
//
// The price of a unit and the cancellation policy of a reservation are those of the product when it
// was held or sold. Products have few different offers, so a reservation stores the index of one.
package product
