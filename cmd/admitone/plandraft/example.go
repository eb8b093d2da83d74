package plandraft

import _ "embed" // for the description

// Example is the description of the hall of serve --demo, with curved stalls, a balcony, boxes, a
// standing floor and wheelchair places.
//
//go:embed example.json
var Example []byte
