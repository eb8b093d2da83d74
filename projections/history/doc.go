// Package history describes the events of a log in words, with references to related entities.
//
// # Contract
//
// [Describe] has a sentence for every fact. [Read] returns the history of one entity, holder, team
// or ticket; [ReadRelated] adds its effects on other entities and the refused commands. Both read
// the log alone: there is no state of their own, so a history is as new as the log and needs no
// views.
//
// A page is bounded in lines and in the events that it reads, independent of the length of the log.
//
// # Adding a kind
//
// A kind is one file that registers itself: the sentences of its category, the entities related to
// its facts, the form of its ids, and the descriptions of its refused requests.
package history
