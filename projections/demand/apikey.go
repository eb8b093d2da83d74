package demand

import "admitone/events"

// Nobody asks for anything with a key being made.
func init() { register(consequence, &events.APIKeyCreated{}, &events.APIKeyEnded{}) }
