// Package cursor does work outside for the events of the log, each at least once and those of a
// stream in order, and keeps in the log how far it has come.
//
// # What it is for
//
// Deliveries to webhooks, and whatever else is owed to another system because of an event. [Work]
// says which events those are and does the work of one; a [Runner] does the rest. An entity's core
// has the cursor, a [core.Cursor], so the entity decides who may move it, and can move it back.
//
// # Promises
//
// What an event leads to happens at least once, through any crash. Until the cursor has passed an
// event, its work may happen again; the other side has to recognise it by the event's id. The work
// of a stream's events happens in order, one at a time; that of different streams up to [Config].AtOnce
// at a time. An event whose work fails holds up its stream and nothing else, until [Config].Ahead
// events behind it are waiting or done.
//
// # What is written
//
// At most once a second, and only when work was done, has failed, or takes long: an idle cursor
// costs nothing. The one exception is a runner that stops, which notes at once where it stands. The
// cursor's own facts are events of the log too, so [Work].Wants must not want them.
//
// # Several servers
//
// One of them works. The others follow the log up to the first event that has work, and take over
// when it has waited for [Config].Patience longer than the stream says: the newest fact has the
// moment of the next attempt, and while an attempt takes long, one says so. A server takes over by
// raising the cursor's term, under which it then writes, so one that was merely slow finds its
// writes refused. A server that is alone, or that was the last to work, begins at once.
//
// # The decisions
//
// Which event is next, when it is tried again, and how far the work has come are decided by
// [window], which has no clock and does no I/O; who may move the cursor by [core.Cursor]. The
// runner only reads, starts, waits and writes.
package cursor
