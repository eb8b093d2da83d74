// Package placement decides which of several nodes owns an entity, from the key of the entity and
// the serving members alone: nodes that know the same members find the same owner.
//
// Ownership is an optimisation. Any node may decide about any entity, since the expected revision
// of an append protects it; a wrong view of the members costs a retry, never a double sale.
//
// # Why rendezvous hashing
//
// Each member's weight for a key is a hash of both, and the member with the greatest weight owns
// the key. A member that leaves loses its own keys and moves no others; no ring, tokens or
// shared table is needed, and the ranking is the order in which other members take over. With the
// tens of members that one log supports, ranking all of them takes a few microseconds.
//
// # Why a performance is one key
//
// A booking takes steps at its seats, its allowance and itself. With one owner, all of them stay on
// that node.
// that node.
package placement
