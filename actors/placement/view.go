package placement

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Member is the name of a serving node. It does not change if the node restarts.
type Member string

// View is a set of members. It is immutable.
type View struct {
	members []Member // sorted, without duplicates
	hash    uint64
}

// NewView returns the view of these members, in any order.
func NewView(members ...Member) *View {
	v := &View{members: slices.Compact(slices.Sorted(slices.Values(members)))}
	h := sha256.New()
	for _, m := range v.members {
		h.Write([]byte(m))
		h.Write([]byte{0})
	}
	v.hash = binary.BigEndian.Uint64(h.Sum(nil))
	return v
}

// Members returns the members, sorted. The caller must not change them.
func (v *View) Members() []Member { return v.members }

// Hash returns a hash of the members. Views with the same members have the same hash in every build.
func (v *View) Hash() uint64 { return v.hash }

// Rank returns all members, in the order in which they take over key: the first member owns it, and each takes
// over if all before it fail.
func (v *View) Rank(key Key) []Member { return rank(key, v.members) }

// Owner returns the first member of Rank, "" if there are no members.
func (v *View) Owner(key Key) (owner Member) {
	maxWeight := uint64(0)
	for _, m := range v.members {
		if w := weight(key, m); owner == "" || w > maxWeight {
			owner, maxWeight = m, w
		}
	}
	return owner
}

// Place returns the index of member in the rank of key, -1 if it is not a member.
func (v *View) Place(key Key, member Member) int { return slices.Index(v.Rank(key), member) }

// weight returns the weight of a member for a key.
func weight(key Key, member Member) uint64 {
	text := make([]byte, 0, 128)
	text = append(append(append(text, key...), 0), member...)
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:])
}

func rank(key Key, members []Member) []Member {
	type weighted struct {
		weight uint64
		member Member
	}
	all := make([]weighted, len(members))
	for i, m := range members {
		all[i] = weighted{weight(key, m), m}
	}
	slices.SortFunc(all, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.member, b.member))
	})
	ranked := make([]Member, len(all))
	for i := range all {
		ranked[i] = all[i].member
	}
	return ranked
}
