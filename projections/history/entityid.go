package history

import "strings"

// EntityID returns the id of an entity as in its stream name for an id as users type it: gala/A-1-1 is the seat
// gala~A-1-1. Only the first slash separates, because the rest may be a holder's name; an id without one is unchanged.
func EntityID(kind, id string) string {
	if IDsOf(kind) == HolderName {
		return id
	}
	if at := strings.IndexAny(id, "/~"); at >= 0 && id[at] == '/' {
		return id[:at] + "~" + id[at+1:]
	}
	return id
}
