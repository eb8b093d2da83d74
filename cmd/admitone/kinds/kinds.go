package kinds

import (
	"context"
	"slices"

	"admitone/actors/core"
	"admitone/cmd/admitone/load"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// Kind describes a kind of entity. A function that does not apply to the kind is nil.
type Kind struct {
	// Name is the name that users type, as in waiting-room/door.
	Name string
	// Rules are the rules of its core, with the category of its streams.
	Rules core.Kind
	// Show reads an entity as of a moment. It returns nil if the entity did not exist then. Errors: those of
	// the store; events.ErrDamaged.
	Show func(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error)

	// Command returns the command that reproduces a request, or nil if there is none. room is the waiting room
	// whose pass the request had, "" for none. Error: events.ErrDamaged.
	Command func(request *demand.Request, room events.RoomID) (core.Command, error)
	// RefusedCommand returns the command of a refused request, or nil if what-if does not decide such requests
	// again. path has the segments of the request's path, from the entity's id on.
	RefusedCommand func(f *events.RefusalRecorded, path []string, room events.RoomID) core.Command
	// WaitingRoom returns the id of the waiting room of an entity, or "" if it has none.
	WaitingRoom func(core.Core) events.RoomID
	// Settings are the settings that a policy can change.
	Settings *Settings

	// Requests returns the HTTP requests that a replay sends for a granted request.
	Requests func(*demand.Request) []*Request
	// RefusedRequests returns the HTTP requests that a replay sends for a refused request, or none if it can't
	// be reproduced. path has the segments of the request's path, from the entity's id on.
	RefusedRequests func(f *events.RefusalRecorded, path []string) []*Request
	// Figures returns the figures of an existing entity that a replay compares, as of a position, by their names
	// in the HTTP API. Errors: those of the store; events.ErrDamaged.
	Figures func(ctx context.Context, store events.Store, id string, at events.Position) (map[string]int64, error)

	// Scenario is the name of the kind's load scenario; NewScenario creates it.
	Scenario    string
	NewScenario func() load.Scenario
}

// All lists the registered kinds.
var All []*Kind

// register adds a kind to [All]. Each kind's file calls it.
func register(k *Kind) *Kind {
	All = append(All, k)
	return k
}

// Collection returns the segment of the kind in paths, as in /v1/waiting-rooms.
func (k *Kind) Collection() string { return k.Name + "s" }

// Find returns the kind with a name, or nil.
func Find(name string) *Kind {
	return find(func(k *Kind) bool { return k.Name == name })
}

// Of returns the kind of a stream, or nil if the stream belongs to no entity.
func Of(stream events.StreamID) *Kind {
	category := stream.Category()
	return find(func(k *Kind) bool { return k.Rules.Category == category })
}

// ByCollection returns the kind with a collection, or nil.
func ByCollection(name string) *Kind {
	return find(func(k *Kind) bool { return k.Collection() == name })
}

func find(matches func(*Kind) bool) *Kind {
	if i := slices.IndexFunc(All, matches); i >= 0 {
		return All[i]
	}
	return nil
}

// Names returns the names of all kinds, sorted.
func Names() (names []string) {
	for _, k := range All {
		names = append(names, k.Name)
	}
	slices.Sort(names)
	return names
}

// Rules returns the rules of all kinds.
func Rules() (all []core.Kind) {
	for _, k := range All {
		all = append(all, k.Rules)
	}
	return all
}

// Scenarios returns a new scenario of every kind that has one, by name.
func Scenarios() map[string]load.Scenario {
	all := map[string]load.Scenario{}
	for _, k := range All {
		if k.NewScenario != nil {
			all[k.Scenario] = k.NewScenario()
		}
	}
	return all
}
