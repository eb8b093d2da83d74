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

// PrintTokens is the key of [Member].Prints for the secret that signs tokens.
const PrintTokens = "tokens"

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
	// KeysDiffer is true if the node does not have the keys that the log or the other nodes have. Such a node owns
	// no entities. Older builds don't send it.
	KeysDiffer bool `json:"keys_differ,omitzero"`
}

// eligibility is the property of the members that own entities.
type eligibility struct {
	state      State
	keysDiffer bool
}

// owners are the properties of owners in order of preference: nodes that are cut from the log own entities only while
// none reaches it, so that each entity still has one owner. So do nodes with other keys, while none has the right ones.
var owners = []eligibility{{Serving, false}, {Cut, false}, {Serving, true}, {Cut, true}}

// view has the members at one moment, and the placement of entities on those that own any.
type view struct {
	members []Member // sorted by name
	byName  map[placement.Member]*Member
	// owners is the property of the members that own entities.
	owners eligibility
	placed *placement.View
}

func newView(members []Member) *view {
	v := &view{members: members, byName: map[placement.Member]*Member{}, owners: owners[0]}
	names := map[eligibility][]placement.Member{}
	for i := range members {
		m := &members[i]
		v.byName[m.Name] = m
		names[m.eligibility()] = append(names[m.eligibility()], m.Name)
	}
	for _, preferred := range owners {
		if len(names[preferred]) > 0 {
			v.owners = preferred
			break
		}
	}
	v.placed = placement.NewView(names[v.owners]...)
	return v
}

func (m *Member) eligibility() eligibility { return eligibility{m.State, m.KeysDiffer} }

// memberOf returns the node with a run, nil if it is not a member.
func (v *view) memberOf(run string) *Member {
	for i := range v.members {
		if v.members[i].Run == run {
			return &v.members[i]
		}
	}
	return nil
}
