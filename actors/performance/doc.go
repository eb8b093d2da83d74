// Package performance holds the rules of one dated showing, and the choice of seats
// for a request that names no seats.
//
// A performance is created once and has one fact, however many seats it has: a seat
// that nobody has touched has no stream, and no memory beyond its section's four
// numbers. A seat is known by its name (<section>-<row>-<number>), and inside the
// [events.Layout] by its place in the canonical order. Whoever takes several seats takes
// them in that order, so that of several who overlap one gets everything.
//
// # What the best seats are
//
// Of all choices of so many free seats, [Map.Best] takes, in this order:
//
//  1. the one in the fewest groups of neighbours: best one row and no gap;
//  2. in the first section, as they were given; before any that mixes sections;
//  3. in the fewest consecutive rows, and of those the nearest to the front;
//  4. one that leaves no single free seat, and rather one between a taken seat and
//     the end of a row than one between two taken seats;
//  5. nearest to the middle of the row.
//
// So the quality of a choice is its groups, its section and its rows; within that
// nobody leaves a single seat behind who can help it. (The fifth counts for a choice
// in one group only.)
//
// # Why not a map of weights
//
// A promoter can read the five lines above to somebody who asks why they sit where
// they sit. A weighted sum is not more right, and nobody can check it.
package performance
