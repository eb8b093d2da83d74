// Package pass makes and checks what visitors present to a waiting room and to the resources that
// it guards: the visitor's id, which proves a place in the line, and the pass of an admitted
// visitor. It also makes the seed of a shuffled opening. All three are derived from a ring of
// secret keys; nothing has to be stored or looked up.
//
// # Why forging and lending fail
//
// Ids and passes are signed with HMAC-SHA256 (RFC 2104, truncated to 128 bits) over the purpose, the
// room, the ticket, half of a SHA-256 of the holder and, for a pass, the expiry. So they can't be
// guessed, or changed to a different room, a different holder or a later expiry, and an id can't be
// used as a pass. Lending a pass fails because the holder's name comes from the authenticated caller
// and not from the pass. This package has no state, so to it a pass is valid until its expiry. The
// node that runs the room records whether a purchase has ended the pass sooner (see package
// admission).
//
// # Why the holder is half a hash
//
// A poll of a visitor has no holder's name, and its response has a pass, so the visitor's id contains
// the hash to which the pass is bound. Only holders with the same half of the hash can share a pass;
// to find two takes 2^64 attempts.
//
// # Rotation
//
// The first key of a [Keyring] signs, and all of them verify. A new key is added at the front, and the
// oldest key is removed from the end; until then its signatures are valid. All nodes of a waiting room
// have the same ring: to avoid signatures by unknown keys, first add the new key to all nodes as the
// last one, then make it the first.
//
// The package is pure: callers pass the time.
package pass
