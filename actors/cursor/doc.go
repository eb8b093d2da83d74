// Package cursor does external work for the events of the log, at least once for each and in order
// within a stream, and records its progress in the log.
//
// # Purpose
//
// It serves deliveries to webhooks, and anything else that an external system must learn because of an
// event. [Work] selects the events and does the work of one; a [Runner] does the rest. The cursor,
// a [core.Cursor], is part of an entity's core, so that the entity decides which server may move
// it, and can move it back.
//
// # Promises
//
// The work of an event happens at least once, through any crash. Until the cursor has passed an
// event, its work may happen again; the receiver has to recognise it by the event's id. The work of
// one stream's events happens in order, one at a time; of different streams, up to [Config].MaxConcurrent
// at a time. An event whose work fails holds up its stream and nothing else, until [Config].MaxAhead
// later events are waiting or done; with [Config].DropDone, until that many are waiting.
//
// # Writes
//
// The cursor is written at most once a second, and only when work was done, has failed, or takes
// long: an idle cursor costs nothing. A runner that stops writes its progress at once. The cursor's
// own facts are events of the log too, so [Work].Wants must not select them.
//
// # Several servers
//
// One of them works. The others follow the log up to the first event that has work, and take over
// when it has waited for [Config].Patience longer than the cursor announces: its newest fact has
// the time of the next attempt, and a long attempt is announced as well. A server takes over by
// raising the cursor's term, under which it then writes, so a server that was merely slow finds its
// writes refused. A server that is alone, or that was the last to work, starts at once.
//
// # Copies of the log
//
// Positions belong to one log; a copy that was exported and imported, or migrated, has others. So a
// fact that takes a cursor names the log, and each fact has a mark: the stream and the revision of
// the last event before the place, which are the same in every copy. A server that takes the cursor
// in a copy finds the mark there, and its first fact records that (Copied); failed work is tried as
// if for the first time. Without a mark the work starts again: it may be repeated, and is never
// left out.
//
// # Decisions
//
// [window] decides the next event, the times of retries and the progress; it has no clock and does
// no I/O. [core.Cursor] decides which server may move the cursor. The runner only reads, starts,
// waits and writes.
package cursor
