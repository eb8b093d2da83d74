package placement

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Member is the name of a serving node, which is the same after a restart.
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

// Hash is equal for equal members.
func (v *View) Hash() uint64 { return v.hash }

// Rank returns the members in the order in which they own key: the first owns it, and each takes
// over if those before it fail.
func (v *View) Rank(key Key) []Member { return rank(key, v.members) }

// Owner returns the first member of Rank, "" if there are no members.
func (v *View) Owner(key Key) (owner Member) {
	var most [weightSize]byte
	for _, m := range v.members {
		if w := weight(key, m); owner == "" || bytes.Compare(w[:], most[:]) > 0 {
			owner, most = m, w
		}
	}
	return owner
}

// Place returns the index of member in the rank of key, -1 if it is not a member.
func (v *View) Place(key Key, member Member) int { return slices.Index(v.Rank(key), member) }

// weightSize is the number of bytes of the hash that are compared.
const weightSize = 8

func weight(key Key, member Member) (w [weightSize]byte) {
	text := make([]byte, 0, 128)
	text = append(append(append(text, key...), 0), member...)
	sum := sha256.Sum256(text)
	return [weightSize]byte(sum[:weightSize])
}

func rank(key Key, members []Member) []Member {
	weights := make(map[Member][weightSize]byte, len(members))
	for _, m := range members {
		weights[m] = weight(key, m)
	}
	return slices.SortedFunc(slices.Values(members), func(a, b Member) int {
		x, y := weights[a], weights[b]
		return cmp.Or(bytes.Compare(y[:], x[:]), cmp.Compare(a, b))
	})
}
