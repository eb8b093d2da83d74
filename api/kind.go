package api

import "admitone/actors/core"

// kind describes the routes of one kind of entity. An init function of its file registers it.
type kind struct {
	// collection is the first segment of the paths below /v1, such as products.
	collection string
	// rules has the core and the category of the streams.
	rules core.Kind
	// routes adds the routes to a server.
	routes func(*Server)
}

// kinds maps collections to kinds. Only init functions write to it.
var kinds = map[string]kind{}

// register adds a kind to kinds. It panics if the collection is taken.
func register(k kind) {
	if _, taken := kinds[k.collection]; taken {
		panic("api: the collection " + k.collection + " is registered twice")
	}
	kinds[k.collection] = k
}
