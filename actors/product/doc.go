// Package product has the rules of counted stock: interchangeable units that are sold immediately,
// or held first.
//
// A reservation begins held or confirmed and ends released or expired:
//
//	            confirm
//	held ──────────────────▶ confirmed
//	 │  └─release─▶ released ◀─release─┘
//	 └──deadline──▶ expired
//
// At all times stock = remaining + held + sold, and remaining >= 0.
//
// # Ended reservations
//
// The core keeps the open reservations, which own units, and forgets the ended ones, because a
// product may see a hundred times more holds than it has units. An ended reservation does not
// change, so a lagging view can answer for it. The exception is an external payment, which may take
// the units of an expired reservation again and so open it. The core therefore keeps each
// reservation for which an external payment was decided, with the payments and their outcomes. A
// payment for any other ended reservation is sent with the state of that reservation in a view.
//
// # Frozen terms
//
// The price per unit and the cancellation policy of a reservation are those of the product when the
// reservation was made. A product has few different offers, so a reservation stores the index of one.
package product
