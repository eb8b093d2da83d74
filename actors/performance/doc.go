// Package performance has the rules of one performance, and the choice of seats for a request that
// names none.
//
// A performance is created with one fact, however many seats it has: an untouched seat has no
// stream, and needs no memory besides its section's four numbers. A seat is identified by its name
// (<section>-<row>-<number>), and within the [events.Layout] by its index in canonical order. A
// request for several seats takes them in that order, so that one of several overlapping requests
// gets everything.
//
// # Why changes of blocks are among its facts
//
// A change of blocks takes many seats off sale, all or none, and each seat has a stream of its own.
// Where the log can't append to all of them at once, the performance announces the change, and
// decides whether it is made or undone. Changes are few, and each is numbered, so that a late
// command never affects a later change.
//
// # The best seats
//
// Of all choices of n free seats, [Map.Best] takes, in this order:
//
//  1. the one in the fewest groups of neighbours: best one row and no gap;
//  2. in the first section, as they were given; before any that mixes sections;
//  3. in the fewest consecutive rows, and of those the nearest to the front;
//  4. one that leaves no single free seat, and rather one between a taken seat and
//     the end of a row than one between two taken seats;
//  5. nearest to the middle of the row.
//
// So a choice is ranked by its groups, its section and its rows; within these, it avoids leaving a
// single seat if possible. (The fifth rule applies only to a choice in one group.)
//
// # The best seats of a hall
//
// A hall has positions, not only rows of equal seats. Of all choices of n free seats,
// [HallMap.Best] takes, in this order:
//
//  1. one together: in one row, with no gap between neighbours;
//  2. one that leaves the fewest single seats alone, so none if that can be;
//  3. the one whose mean position is the nearest to the focal point;
//  4. the first in the plan.
//
// If no choice is together, it takes the one in the fewest groups, if possible without leaving a
// single seat, from the groups nearest to the focal point, and of these from groups near each
// other. Wheelchair places and companions' seats are chosen only if asked for; for other requests
// they count as taken, so a free seat between one and a taken seat is single.
//
// # Why rows are cut into stretches
//
// A hall may have a hundred thousand seats, and their best are requested all the time. The hall
// knows the least distance of a choice in each stretch of a row, so the search ends once all
// remaining stretches are farther away than the best choice found.
//
// # Why not weights
//
// An organiser can read these rules to a visitor who asks why they sit where they sit. A weighted
// sum would not be more right, and nobody could check it.
package performance
