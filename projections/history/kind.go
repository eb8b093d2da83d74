package history

import (
	"context"
	"slices"

	"admitone/events"
)

// kind configures the histories of one kind. [register] adds it. Fields that do not apply are omitted.
type kind struct {
	// name as users type it. Default: the category.
	name string
	// category of the streams; "" if the events of a history are in streams of other kinds.
	category string
	describe describer
	// links adds the entities that a fact names. Default: the fact's booking and holder.
	links func(l *links, e *events.Recorded, fact events.Fact)
	// owner returns the holder whose history includes the whole stream, "" for none.
	owner func(ctx context.Context, o *owners, e *events.Recorded) (string, error)
	ids   IDs
	// example is a kind/id, optionally with a remark.
	example string
}

// IDs is the form of a kind's ids.
type IDs int

// The ids of a kind.
const (
	// Single is an id without parts, as of a product.
	Single IDs = iota
	// Parts is the id of an owning entity and a name within it, as of a seat.
	Parts
	// HolderName is the name of a holder, as of a wallet.
	HolderName
	// Derived is an id that the program computes, as of a payment.
	Derived
)

// kinds has all kinds by name, byCategory those with streams. The kinds' files fill them in init functions.
var (
	kinds      = map[string]*kind{}
	byCategory = map[string]*kind{}
)

func register(k kind) {
	if k.name == "" {
		k.name = k.category
	}
	if kinds[k.name] != nil {
		panic("history: two kinds are named " + k.name)
	}
	kinds[k.name] = &k
	if k.category != "" {
		byCategory[k.category] = &k
	}
}

// holderKind is the kind of holders' histories, which are collected from all streams.
const holderKind = "holder"

func init() {
	register(kind{name: holderKind, ids: HolderName, example: "holder/ann (everything the holder did)"})
}

// Kinds returns the names of the kinds that [Read] supports.
func Kinds() []string {
	names := []string{holderKind}
	for _, name := range sortedKinds() {
		if name != holderKind {
			names = append(names, name)
		}
	}
	return names
}

func sortedKinds() (names []string) {
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Entities returns the kinds whose entities have a single id, sorted.
func Entities() []string {
	return slices.DeleteFunc(sortedKinds(), func(name string) bool {
		return kinds[name].category == "" || kinds[name].ids != Single
	})
}

// Examples returns a kind/id of each kind, some with a remark, in the order of the kinds.
func Examples() (all []string) {
	for _, name := range sortedKinds() {
		all = append(all, kinds[name].example)
	}
	return all
}

// IDsOf returns the form of the ids of a kind, [Single] for an unknown kind.
func IDsOf(name string) IDs {
	if k := find(name); k != nil {
		return k.ids
	}
	return Single
}

// find returns a kind by its name, or by the category of its streams; nil for none.
func find(name string) *kind {
	if k := kinds[name]; k != nil {
		return k
	}
	return byCategory[name]
}

// kindOfStream returns the kind of a stream's entity, as users type it.
func kindOfStream(stream events.StreamID) string {
	if k := byCategory[stream.Category()]; k != nil {
		return k.name
	}
	return stream.Category()
}
