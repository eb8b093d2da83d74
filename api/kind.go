package api

import "admitone/actors/core"

// kind is what a file of routes says about the kind of entities that they are for; [register]
// makes it known.
type kind struct {
	// collection is the kind's part of a path, as in /v1/products.
	collection string
	// rules are those of its core, with the category of its streams.
	rules  core.Kind
	routes func(*Server)
}

// kinds by collection, filled by the init functions of the kinds' files.
var kinds = map[string]kind{}

func register(k kind) {
	if _, twice := kinds[k.collection]; twice {
		panic("api: two kinds have the collection " + k.collection)
	}
	kinds[k.collection] = k
}
