package history

import (
	"context"
	"slices"

	"admitone/events"
)

// kind is what a file says about the histories of one kind; [register] makes it known. A member
// that is left out does not apply.
type kind struct {
	// name is what people call it; the category, if it is left out.
	name string
	// category of the streams; "" if a history is a search through streams of others.
	category string
	describe describer
	// links adds what a fact leads to; if it is left out, the booking and the holder that the
	// fact names.
	links func(l *links, e *events.Recorded, fact events.Fact)
	// owner returns the holder whose history has all of a stream, "" for nobody's.
	owner func(ctx context.Context, o *owners, e *events.Recorded) (string, error)
	ids   IDs
	// example is kind/id of one, perhaps with a remark.
	example string
}

// IDs says what the ids of a kind are like.
type IDs int

// The ids of a kind.
const (
	// Single is an id of its own, as of a product.
	Single IDs = iota
	// Parts is the id of what it belongs to and a name in it, as of a seat.
	Parts
	// HolderName is the name of a holder, as of a wallet.
	HolderName
	// Derived is made by the program: nobody chose it, and no entity has it.
	Derived
)

// kinds by name, and those that have streams by category; filled by the init functions of the
// kinds' files.
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

// holderKind is the kind of people's histories. They go across all streams, as
// those of teams do.
const holderKind = "holder"

func init() {
	register(kind{name: holderKind, ids: HolderName, example: "holder/ann (all that the holder did)"})
}

// Kinds are the kinds that [Read] knows.
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

// Entities are the kinds whose entities have a single id, sorted.
func Entities() []string {
	return slices.DeleteFunc(sortedKinds(), func(name string) bool {
		return kinds[name].category == "" || kinds[name].ids != Single
	})
}

// Examples are kind/id of one of each kind, some with a remark, sorted.
func Examples() (all []string) {
	for _, name := range sortedKinds() {
		all = append(all, kinds[name].example)
	}
	return all
}

// IDsOf says what the ids of a kind are like; of an unknown kind they are [Single].
func IDsOf(name string) IDs {
	if k := find(name); k != nil {
		return k.ids
	}
	return Single
}

// find returns a kind by its name, or by the category of its streams; nil if there is none.
func find(name string) *kind {
	if k := kinds[name]; k != nil {
		return k
	}
	return byCategory[name]
}

// kindOfStream is what people call the kind of a stream's entity.
func kindOfStream(stream events.StreamID) string {
	if k := byCategory[stream.Category()]; k != nil {
		return k.name
	}
	return stream.Category()
}
