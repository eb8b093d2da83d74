package actors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// rememberFor is the minimum time covered by a full generation of forwarded commands. It exceeds the
// time for which a node waits for an answer, after which a command is no longer decided.
const rememberFor = 10 * time.Second

// forwarded remembers which unkeyed commands with Request.After an entity has decided recently. Keyed
// commands are in the key window, which remembers them for a day; unkeyed ones are repeated within
// seconds or never. The zero value remembers nothing.
type forwarded struct {
	// young and old map a command to the revision of its first event. young becomes old when it has
	// as many commands as can be in flight, or after rememberFor if everything in old is durable.
	// Either way, everything in old is durable when it is dropped.
	young, old map[CommandID]events.Revision
	youngSince time.Time
	// youngLast and oldLast are the revisions of the last commands in young and in old.
	youngLast, oldLast events.Revision
	// All events after position from, which is that of revision since, are this entity's own, and the
	// commands with After that caused them are remembered.
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

// put remembers a command whose first event has revision at. durable is the last durable revision and
// position its position; limit bounds the commands in flight.
func (f *forwarded) put(
	id CommandID, at, durable events.Revision, position events.Position, limit int64, now time.Time,
) {
	if int64(len(f.young)) >= limit || now.Sub(f.youngSince) >= rememberFor && f.oldLast <= durable {
		if f.old != nil {
			f.from, f.since = position, durable
		}
		f.old, f.young, f.youngSince, f.oldLast = f.young, nil, now, f.youngLast
	}
	if f.young == nil {
		f.young = map[CommandID]events.Revision{}
	}
	f.young[CommandID(strings.Clone(string(id)))], f.youngLast = at, at // cloned, because id is a part of a long header
}

// timeOf returns the time as of which p is decided: the time at the node that received it first, if
// this node's clock is past it, and otherwise now. It never decreases along a stream.
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
		e.window.put(key, p.caller, keyUse{revision: e.revision + 1, body: body}, p.decided)
	} else if p.request.After != nil {
		e.forwarded.put(p.request.ID, e.revision+1, e.durable, e.position, e.desk.config.MaxPerEntity,
			p.decided)
	}
}

// searchResult is the result of a search for the command of p.
type searchResult struct {
	*envelope
	found events.Revision // of the command's first event; NoStream if there is none
	upTo  events.Revision // of the stream's last event at the time of the search
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

// searchPage is the number of events that a search reads at a time. The node that first received the
// command follows the log closely, so most searches end in the first page.
const searchPage = 64

// searchStream reads a stream backward down to a position. It returns the revision of the command's
// first event, or NoStream if it has none after that position.
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
			return found, upTo, Unavailable(err)
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

// handleSearch answers the command if the search found it, and decides it otherwise.
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
