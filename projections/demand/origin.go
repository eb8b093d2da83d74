package demand

import "admitone/events"

// origin is the reason for which a fact was appended.
type origin int

const (
	// requested: by a caller.
	requested origin = iota + 1
	// system: by no caller, but emitted, because later facts depend on its time, as on a deadline.
	system
	// consequence: follows from other facts or from settings, or changes no outcome. It is not emitted.
	consequence
)

// origins by wire name, filled by the init functions of the kinds' files.
var origins = map[string]origin{}

// register sets the origin of facts. It panics for one that has an origin.
func register(o origin, facts ...events.Fact) {
	for _, fact := range facts {
		if origins[fact.Name()] != 0 {
			panic("demand: two origins of " + fact.Name())
		}
		origins[fact.Name()] = o
	}
}

// Refusals come from [Refused].
func init() {
	register(consequence, &events.RefusalRecorded{}, &events.RefusalsDropped{}, &events.PassKeysAdded{},
		&events.HolderForgotten{})
}
