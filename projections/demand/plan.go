package demand

import "admitone/events"

// Plans are setup: the target of a replay has to have them.
func init() {
	register(consequence, &events.PlanPartAdded{}, &events.PlanSealed{})
}
