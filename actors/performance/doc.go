// Package performance implements the rules of one performance, and chooses seats for requests that do not name
// any.
//
// A performance is created with one fact, however many seats it has: a seat that was never used has no stream,
// and needs no memory. A seat is identified by its name (<section>-<row>-<number>), and within the
// [events.Layout] by its index in canonical order. A request for several seats takes them in that order, so that
// one of several overlapping requests gets all of its seats.
//
// # Why the performance has the changes of blocks
//
// A change of blocks takes many seats off sale, all of them or none, and each seat has its own stream. If the log
// can't append to several streams at once, the performance announces the change, and decides whether it is made
// or undone. Changes are numbered, so that a delayed command never affects a later change.
//
// # The best seats
//
// A single seat is a free seat without a free neighbour. Of all choices of n free seats, [Map.Best] takes the
// first by these rules, in order of precedence:
//
//  1. fewest groups of neighbours: at best one row without a gap;
//  2. the first section in the given order, before any choice that mixes sections;
//  3. the fewest consecutive rows, and of those the nearest to the front;
//  4. no single seat left, or else one at the end of a row rather than one between two taken seats;
//  5. nearest to the middle of the row (only for a choice in one group).
//
// # The best seats of a hall
//
// In a hall, which has a seating plan, seats have positions. Of all choices of n free seats, [HallMap.Best] takes
// the first by these rules, in order of precedence:
//
//  1. together: in one row, without a gap between neighbours;
//  2. fewest single seats left;
//  3. mean position nearest to the focal point;
//  4. first in the plan.
//
// If no choice is together, it takes the fewest groups, if possible without leaving a single seat, from the
// groups nearest to the focal point, and of these from groups near each other. Wheelchair places and companion
// seats are chosen only on request; for other requests they count as taken.
//
// # Why rows are cut into stretches
//
// A hall may have a hundred thousand seats, and its best seats are requested often. For each stretch of a row the
// hall has the least distance of a choice, so the search ends when all remaining stretches are farther away than
// the best choice found.
//
// # Why the rules have no weights
//
// An organiser can explain these rules to visitors who ask why they got their seats. A weighted sum would not be
// more correct, and nobody could check it.
package performance
