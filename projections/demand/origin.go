package demand

import "admitone/events"

// origin is the reason why a fact was appended.
type origin int

const (
	// requested facts were requested by a caller.
	requested origin = iota + 1
	// system facts were requested by no caller, but are emitted because later facts depend on their times.
	system
	// consequence facts follow from other facts or from settings, or change no outcome. They are not emitted.
	consequence
)

// origins has the origins by names of facts. The kinds' files fill it in init functions.
var origins = map[string]origin{}

// register sets the origin of facts. It panics if a fact already has an origin.
func register(o origin, facts ...events.Fact) {
	for _, fact := range facts {
		if origins[fact.Name()] != 0 {
			panic("demand: two origins of " + fact.Name())
		}
		origins[fact.Name()] = o
	}
}

// Refusals are emitted by [Refused], not as facts of the log.
func init() {
	register(consequence, &events.RefusalRecorded{}, &events.RefusalsDropped{}, &events.PassKeysAdded{},
		&events.HolderForgotten{})
}
