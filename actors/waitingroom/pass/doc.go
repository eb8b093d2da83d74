// Package pass makes and checks what visitors present to a waiting room and to the resources that
// it guards: the visitor's id, which proves a place in the line, and the pass of an admitted
// visitor. It also makes the seed of a shuffled opening. All three are derived from a ring of
// secret keys; nothing has to be stored or looked up.
//
// # Why forging and lending fail
//
// Each is signed with HMAC-SHA256 (RFC 2104, truncated to 128 bits) over its purpose, the room, the
// ticket, half of a SHA-256 of the holder and, for a pass, the expiry. So it can't be guessed, or
// changed to a different room, a different holder or a later expiry, and a visitor's id is not a pass.
// Lending a pass fails because the holder's name comes from the authenticated caller and not from
// the pass. A pass is valid until its expiry. That a purchase ends it sooner is recorded by the
// node that runs the room (see package admission), since this package has no state.
//
// # Why the holder is half a hash
//
// A poll has no name, and is answered with a pass, so the visitor's id contains the holder to which
// the pass is bound. Two names with the same half, which take 2^64 attempts to find, share a pass
// with each other and with nobody else.
//
// # Rotation
//
// The first key of a [Keyring] signs, and all of them verify. A new key is added at the front and
// the oldest removed at the end; until then its signatures stay valid. Nodes that share a waiting
// room share the ring: to avoid signatures by unknown keys, first add the new key to all nodes as
// the last one, then make it the first.
//
// The package is pure: the time is an argument.
package pass
