package demand

import "admitone/events"

// origin says why there is a fact.
type origin int

const (
	// requested: somebody has asked for it.
	requested origin = iota + 1
	// system: nobody has asked for it, and it is told all the same: a deadline that has passed.
	system
	// consequence: it follows from other facts or from settings, and is not told.
	consequence
)

// origins by wire name, filled by the init functions of the kinds' files.
var origins = map[string]origin{}

// register says what the origin of some facts is.
func register(o origin, facts ...events.Fact) {
	for _, fact := range facts {
		if origins[fact.Name()] != 0 {
			panic("demand: two origins of " + fact.Name())
		}
		origins[fact.Name()] = o
	}
}

// A refusal is told by [Refused], where it was decided.
func init() {
	register(consequence, &events.RefusalRecorded{}, &events.RefusalsDropped{}, &events.PassKeysAdded{})
}
