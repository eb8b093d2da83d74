package api

import "admitone/actors/core"

// kind describes the routes of one kind of entity. Each is added with [register].
type kind struct {
	// collection is the first segment of its paths below /v1, such as products.
	collection string
	// rules are its core and the category of its streams.
	rules  core.Kind
	routes func(*Server)
}

// kinds maps collections to kinds. The init functions of the kinds' files fill it.
var kinds = map[string]kind{}

func register(k kind) {
	if _, twice := kinds[k.collection]; twice {
		panic("api: the collection " + k.collection + " is registered twice")
	}
	kinds[k.collection] = k
}
