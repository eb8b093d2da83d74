// Package product holds the rules of counted stock: so many interchangeable
// units, sold at once or held for a while first.
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
// The core keeps the reservations that still own units, and nothing of those
// that ended: a product may see a hundred times more holds than it has units.
// An ended reservation never comes back to life, so a view can answer for it,
// however late that view is.
package product
