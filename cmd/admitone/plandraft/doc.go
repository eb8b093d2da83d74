// Package plandraft generates a seating plan from a short description of a hall: blocks of rows, straight or curved
// around the stage, with gaps for aisles, and floors for standing. It reads no files and calls no server.
//
// Distances in a description are in seats: 1 is from one seat to its neighbour. The front edge of the stage has its
// middle at 0,0, and y grows towards the audience.
package plandraft
