package peers

import "admitone/actors/placement"

// State of a node, as it announces it to the others.
type State string

// The states. Serving nodes own entities; if there are none, the nodes without the log do.
const (
	Joining  State = "joining"  // catching up with the log, or not in contact with other nodes yet
	Serving  State = "serving"  // takes all requests
	Cut      State = "cut"      // can't reach the log
	Draining State = "draining" // about to stop
)

// Keys of [Member].Prints.
const (
	PrintPasses = "passes" // the keys that sign passes
	PrintTokens = "tokens" // the keys that sign tokens
	PrintHead   = "head"   // the key that signs heads of the log
)

// Member is a node as it announces itself to the others.
type Member struct {
	// Name stays the same over restarts. Run identifies one start of the process.
	Name placement.Member `json:"name"`
	Run  string           `json:"run"`
	// HTTP is the address for forwarded requests, Hop their [Protocol].
	HTTP string `json:"http"`
	Hop  int    `json:"hop"`
	// Version of the program.
	Version string `json:"version,omitzero"`
	State   State  `json:"state"`
	// Epoch is the epoch of its log. Prints are fingerprints of its secrets, by name.
	Epoch  string            `json:"epoch"`
	Prints map[string]string `json:"prints,omitzero"`
	// KeysDiffer is true if the node does not have the keys that the log or the other nodes have. Older builds don't
	// send it.
	KeysDiffer bool `json:"keys_differ,omitzero"`
}

// view has the members at one moment, and the placement of entities on the serving ones. While no node can reach the
// log, each entity still has one owner among the nodes that are cut from it.
type view struct {
	members []Member // sorted by name
	byName  map[placement.Member]*Member
	// ownerState is the state of the members that own entities.
	ownerState State
	placed     *placement.View
}

func newView(members []Member) *view {
	v := &view{members: members, byName: map[placement.Member]*Member{}}
	names := map[State][]placement.Member{}
	for i := range members {
		m := &members[i]
		v.byName[m.Name] = m
		names[m.State] = append(names[m.State], m.Name)
	}
	v.ownerState = Serving
	if len(names[Serving]) == 0 {
		v.ownerState = Cut
	}
	v.placed = placement.NewView(names[v.ownerState]...)
	return v
}

// stateOf returns the state of the node with a run, "" if it is not a member.
func (v *view) stateOf(run string) State {
	for i := range v.members {
		if v.members[i].Run == run {
			return v.members[i].State
		}
	}
	return ""
}
