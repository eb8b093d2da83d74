// Package allowance holds the rules of what one holder may have of one performance,
// over all bookings: so many seats, held or booked.
//
// A booking takes its seats out of the allowance before it holds them, and gives
// them back when it does not come about. What is taken goes back by itself at a
// deadline, so that a crash in between costs the holder a few minutes and no seat;
// what is paid is kept without one.
//
// # Why it is an entity of its own
//
// The limit has to hold over bookings that know nothing of each other. One entity
// per performance and holder adds no place where the whole crowd would meet.
package allowance
