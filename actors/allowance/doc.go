// Package allowance has the rules for one holder's seats of one performance over all bookings, held
// or booked.
//
// A booking takes its seats out of the allowance before it holds them, and gives them back if it
// fails. A part of the allowance expires at a deadline, so that a crash in between costs the holder
// a few minutes and no seats; the part of a paid booking has none.
//
// # Why it is an entity of its own
//
// The limit applies over bookings that know nothing of each other. One entity per performance and
// holder is not a point of contention for the crowd.
package allowance
