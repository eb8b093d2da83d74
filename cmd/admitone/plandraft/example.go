package plandraft

import _ "embed" // for the description

// Example is the description of a hall with curved stalls, a balcony, boxes, a standing floor and
// wheelchair places: the hall of serve --demo.
//
//go:embed example.json
var Example []byte
