package demand

import "admitone/events"

func init() { register(consequence, &events.CursorTaken{}, &events.CursorMoved{}) }
