// Package allowance limits how many seats of one performance one holder has over all bookings, whether the
// seats are held or booked.
//
// A booking takes its seats out of the allowance before it holds them, and gives them back if it fails. If the
// server crashes in between, the seats return to the allowance at a deadline a few minutes later. The seats of
// a paid booking have no deadline.
//
// # Why an allowance is a separate entity
//
// The limit applies to bookings that are otherwise independent. With one entity for each performance and
// holder, the bookings of different holders never contend for the same stream.
package allowance
