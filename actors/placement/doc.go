// Package placement decides which of several nodes owns an entity. The owner depends only on the key of the
// entity and on the serving members, so nodes that know the same members find the same owner.
//
// Ownership is an optimisation. Any node may decide about any entity, because appends have an expected
// revision. A wrong view of the members costs a retry, never a double sale.
//
// # Why rendezvous hashing
//
// Each member's weight for a key is a hash of both, and the member with the greatest weight owns the key. When
// a member leaves, only its own keys move. No ring, tokens or shared table is needed, and the ranking is the
// order in which other members take over. With the tens of members that one log supports, ranking them takes a
// few microseconds.
//
// # Why a performance has one key
//
// A booking sends commands to its seats and its allowance. With one owner, all of them are on that node.
package placement
