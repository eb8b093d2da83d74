package demand

import "admitone/events"

// Plans are setup: a replay creates performances with the sections of the plan instead.
func init() {
	register(consequence, &events.PlanPartAdded{}, &events.PlanSealed{})
}
