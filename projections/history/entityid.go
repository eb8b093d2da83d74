package history

import "strings"

// EntityID converts an id as users type it to the id in the entity's stream name: gala/A-1-1 to the seat gala~A-1-1.
// Only the first slash is a separator, because the rest may be a holder's name with slashes. An id without a slash is
// unchanged.
func EntityID(kind, id string) string {
	if IDsOf(kind) == HolderName {
		return id
	}
	if at := strings.IndexAny(id, "/~"); at >= 0 && id[at] == '/' {
		return id[:at] + "~" + id[at+1:]
	}
	return id
}
