// Package history describes the events of a log in words, with references to related entities.
//
// # Contract
//
// [Describe] has a sentence for every fact. [Read] returns the history of one entity, holder, team
// or ticket; [ReadRelated] adds the effects on other entities and the refused commands. Both only
// read the log, so a history is up to date and needs no views.
//
// The lines of a page and the events read for it are bounded, independent of the length of the log.
//
// # Adding a kind
//
// A kind has one file, which registers the sentences of its category, the entities related to
// its facts, the form of its ids, and the descriptions of its refused requests.
package history
