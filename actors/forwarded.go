package actors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// rememberFor is the time covered by a generation of forwarded commands. It exceeds the time for which a node
// waits for an answer, and after which nothing is decided any more.
const rememberFor = 10 * time.Second

// forwarded remembers which unkeyed commands with Request.After an entity has decided since it was
// loaded. Keyed ones are in the key window; unkeyed ones would make it grow for a day, though they
// are repeated within seconds or never. The zero value remembers nothing.
type forwarded struct {
	// young and old map a command to the revision of its first event. A generation ends when it has room for no
	// more, which is for all commands in flight, or after rememberFor if everything in old is durable. So
	// everything in old is durable when it is dropped.
	young, old map[CommandID]events.Revision
	begun      time.Time // when young began
	// latest and closed are the revisions of the last command in young and in old.
	latest, closed events.Revision
	// After position from and revision since, all events of the stream are this entity's own, and
	// all of its commands with After are remembered.
	from  events.Position
	since events.Revision
}

func (f *forwarded) find(id CommandID) (events.Revision, bool) {
	at, known := f.young[id]
	if !known {
		at, known = f.old[id]
	}
	return at, known
}

// put remembers a command whose first event is at. durable is the newest durable revision, position
// its event's; limit bounds the commands in flight.
func (f *forwarded) put(
	id CommandID, at, durable events.Revision, position events.Position, limit int64, now time.Time,
) {
	if int64(len(f.young)) >= limit || now.Sub(f.begun) >= rememberFor && f.closed <= durable {
		if f.old != nil {
			f.from, f.since = position, durable
		}
		f.old, f.young, f.begun, f.closed = f.young, nil, now, f.latest
	}
	if f.young == nil {
		f.young = map[CommandID]events.Revision{}
	}
	f.young[CommandID(strings.Clone(string(id)))], f.latest = at, at // the id is a part of a long header
}

// timeOf returns the time by which p is decided: the time at the node that received it first, or
// now. It is never ahead of this node's clock and never decreases along a stream.
func (e *entity) timeOf(p *envelope) time.Time {
	now := e.desk.now()
	if at := p.request.At; !at.IsZero() && at.Before(now) {
		now = at.Round(0).UTC()
	}
	return later(now, e.latest)
}

// admitForwarded checks whether this entity or another process has decided p before. It returns
// false if p is answered, or is being searched for in the log.
func (e *entity) admitForwarded(p *envelope) bool {
	if at, known := e.forwarded.find(p.request.ID); known {
		p.outcome = outcome{revision: e.revision, replay: at, replayed: true}
		e.settle(p)
		return false
	}
	if *p.request.After < e.forwarded.from && p.searched <= e.forwarded.since {
		e.searchLog(p)
		return false
	}
	return true
}

// late reports whether the caller of p has stopped waiting.
func (e *entity) late(p *envelope) bool {
	until := p.request.Until
	return !until.IsZero() && e.desk.now().After(until)
}

// errLate answers a command whose caller has stopped waiting. Another process may have decided it.
var errLate = fmt.Errorf("%w: the command was not decided in time", ErrUnavailable)

// rememberID remembers the id of p before its facts are accepted: a keyed one in the window.
func (e *entity) rememberID(p *envelope) {
	if key, body, keyed := p.request.ID.keyed(); keyed {
		if e.window == nil {
			e.window = newKeyWindow()
		}
		e.window.put(key, p.caller, done{revision: e.revision + 1, body: body}, p.decided)
	} else if p.request.After != nil {
		e.forwarded.put(p.request.ID, e.revision+1, e.durable, e.position, e.desk.config.MaxPerEntity,
			p.decided)
	}
}

// searchResult is the result of a search for the command of p.
type searchResult struct {
	*envelope
	found events.Revision // of its first event, NoStream for none
	upTo  events.Revision // last event of the stream at the time of the search
	err   error
}

// searchLog searches the log for the command of p on a goroutine of its own, which sends a searchResult.
func (e *entity) searchLog(p *envelope) {
	e.desk.stats.lookups.Add(1)
	id, after := p.request.ID, *p.request.After
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), e.desk.config.LoadTimeout)
		defer cancel()
		l := &searchResult{envelope: p}
		l.found, l.upTo, l.err = searchStream(ctx, e.desk.config.Store, e.entry.stream, id, after)
		e.entry.post(l)
	}()
}

// searchPage is the number of events that a search reads at once. The node that received the command
// first had followed the log nearly to its end, so most searches end in the first page.
const searchPage = 64

// searchStream reads a stream backward down to a position. It returns the revision of the command's
// first event, NoStream if it has none there.
func searchStream(
	ctx context.Context,
	store events.Store,
	stream events.StreamID,
	id CommandID,
	after events.Position,
) (found, upTo events.Revision, err error) {
	found, upTo = events.NoStream, events.NoStream
	for from := events.EndRevision; ; {
		page, err := store.Read(ctx, stream, from, events.Backward, searchPage)
		if err != nil {
			return found, upTo, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		for i := range page {
			event := &page[i]
			upTo = max(upTo, event.Revision)
			same := CommandID(events.RecordedCommand(event.Metadata)) == id
			switch {
			case same:
				found = event.Revision
			case found != events.NoStream || event.Position <= after:
				return found, upTo, nil
			}
			from = event.Revision - 1
		}
		if len(page) < searchPage || from < 0 {
			return found, upTo, nil
		}
	}
}

// handleSearch answers a command that the search has found, and decides one that it has not.
func (e *entity) handleSearch(l *searchResult) {
	p := l.envelope
	switch {
	case l.err != nil:
		e.fail(p, l.err)
	case l.found != events.NoStream:
		p.outcome = outcome{revision: l.upTo, replay: l.found, replayed: true}
		go e.replay(p)
	default:
		p.searched = l.upTo + 1
		e.arrive(p)
	}
}
