package demand

import "admitone/events"

// Managing API keys is administration: a replay skips it.
func init() { register(consequence, &events.APIKeyCreated{}, &events.APIKeyEnded{}) }
