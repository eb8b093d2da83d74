// Package pass makes and checks what people show to a waiting room and to what it
// guards: the visitor's id, which is the proof of a place in the line, and the pass
// of who has been admitted. It also makes the seed of a shuffled opening. All three
// come from a ring of secret keys, and nothing has to be remembered or looked up.
//
// # What gains nothing
//
// Each is signed with HMAC-SHA256 (RFC 2104, cut to 128 bits) over what it is for,
// the room, the ticket, half of a SHA-256 of the holder and, for a pass, the end. So
// one can't be guessed, or made into one for another room, another holder or a later
// end; a visitor's id is no pass; and to lend a pass is to no avail, for whoever
// checks it takes the holder's name from the caller and not from the pass. A pass is
// good until its end; that a purchase ends it sooner is remembered by the node that runs
// the room (see the package admission), for nothing in here remembers anything.
//
// # Why the holder is half a hash
//
// A poll comes without a name, and a pass has to be made in answer to it, so the
// visitor's id carries what the pass is to be bound to. Whoever finds two names with
// one half, after 2^64 attempts, has two names that share a pass, and no other's.
//
// # Rotation
//
// The first key of a [Keyring] signs, and all of them check. A new key goes in front
// and the oldest out at the end; until then what it has signed stays good. Nodes
// that share a waiting room share the ring: give the new key to all as the last one
// first, then as the first, if none is to meet a key that it does not know.
//
// The package is pure: the time is an argument.
package pass
