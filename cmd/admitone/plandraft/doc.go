// Package plandraft generates a seating plan from a short description of a hall: blocks of rows,
// straight or curved around the stage, with gaps for aisles, and floors for standing. It performs
// no I/O.
//
// Distances in a description are in seats: 1 is the distance from one seat to its neighbour. The
// middle of the stage's front edge is at 0,0, and y grows towards the audience.
package plandraft
