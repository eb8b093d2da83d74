// Package history describes the events of a log in words, and says where to read on.
//
// # What it promises
//
// [Describe] has a sentence for every fact there is. [Read] returns what happened to one
// entity, holder, team or ticket; [ReadRelated] adds what happened elsewhere because of it
// and the commands that were refused. Both read the log alone: there is no state of their
// own, so a history is as new as the log and needs no views.
//
// A page is bounded in lines and in the events it looks at, whatever the length of the log.
//
// # Adding a kind
//
// A kind is one file that registers itself: the sentences of its category, what its facts lead
// to, what its ids are like, and what its refused requests asked for.
package history
