package history

import "strings"

// EntityID is the id of an entity as its stream has it, of an id as people write it:
// gala/A-1-1 is the seat gala~A-1-1. Only the first slash divides, for what follows may
// be a holder's name; a name alone is left as it is.
func EntityID(kind, id string) string {
	if IDsOf(kind) == HolderName {
		return id
	}
	if at := strings.IndexAny(id, "/~"); at >= 0 && id[at] == '/' {
		return id[:at] + "~" + id[at+1:]
	}
	return id
}
