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

// Kind is a kind of entities. A function that is nil, or a list that is empty, does not apply to it.
type Kind struct {
	// Name is the one that people write, as in waiting-room/door.
	Name string
	// Rules are those of its core, with the category of its streams.
	Rules core.Kind
	// Show reads an entity as it was at a moment, nil if it did not exist then. Errors: the
	// store's; events.ErrDamaged.
	Show func(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error)

	// Command returns the command to one entity that an intent's fact grants, nil if it grants
	// none: what the system does by itself, it does here too. room is the waiting room whose
	// pass goes with it, "" for none. Error: events.ErrDamaged.
	Command func(w *demand.Intent, room events.RoomID) (core.Command, error)
	// RefusedCommand returns the command that a refused request asked of an entity, nil for a
	// request that is not decided again. path is the request's, from the entity's id on.
	RefusedCommand func(f *events.RefusalRecorded, path []string, room events.RoomID) core.Command
	// WaitingRoom returns the id of the waiting room that guards an entity, "" for none.
	WaitingRoom func(core.Core) events.RoomID
	// Settings can be changed by a policy.
	Settings *Settings

	// Requests returns what a replay sends for an intent that was granted.
	Requests func(*demand.Intent) []*Request
	// RefusedRequests returns what a replay sends for a request that was refused; none if it can't
	// be sent again. path is the request's, from the entity's id on.
	RefusedRequests func(f *events.RefusalRecorded, path []string) []*Request
	// Figures reads what a replay compares of an existing entity at a position, by the names of
	// the figures in the HTTP API. Errors: the store's; events.ErrDamaged.
	Figures func(ctx context.Context, store events.Store, id string, at events.Position) (map[string]int64, error)

	// Scenario names the load on this kind, which NewScenario makes.
	Scenario    string
	NewScenario func() load.Scenario
}

// All are the registered kinds.
var All []*Kind

// register adds a kind to [All]; its file calls it.
func register(k *Kind) *Kind {
	All = append(All, k)
	return k
}

// Collection is the kind's part of a path, as in /v1/waiting-rooms.
func (k *Kind) Collection() string { return k.Name + "s" }

// Find returns the kind with a name, nil if there is none.
func Find(name string) *Kind {
	return find(func(k *Kind) bool { return k.Name == name })
}

// Of returns the kind of an entity's stream, nil if the stream is not an entity's.
func Of(stream events.StreamID) *Kind {
	category := stream.Category()
	return find(func(k *Kind) bool { return k.Rules.Category == category })
}

// ByCollection returns the kind with that part of a path, nil if there is none.
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

// Rules returns those of all kinds.
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
