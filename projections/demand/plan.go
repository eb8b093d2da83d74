package demand

import "admitone/events"

// Plans are setup: a replay sends each with the first performance in it.
func init() {
	register(consequence, &events.PlanPartAdded{}, &events.PlanSealed{})
}
