package actors

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// loaded is the result of loading an entity from the log.
type loaded struct {
	core     core.Core
	window   *keyWindow
	revision events.Revision
	position events.Position
	hash     events.Hash
	latest   time.Time // decision time of the last event
	size     int64     // bytes of the snapshot, 0 without one
	replayed int64     // events read after the snapshot
	// found has the wanted commands whose events are in the log.
	found  map[CommandID]*found
	last   command // of the last event read; zero if it had no key
	err    error
	number int // of this load; see entity.loads
}

// command is one use of a command id: an expired key may be used again.
type command struct {
	id CommandID
	at int64 // decision time in Unix nanoseconds
}

// found is a command whose events are in the log.
type found struct {
	answer        Answer
	correlationID string
	answered      bool // the command itself was answered; others with its id get a replay
}

// search selects commands whose append failed but may be in the log: those with one of the ids and
// with events after the revision that was durable when the appends failed. Earlier events with such an
// id were known at the decision: they belong to a use of the key that had expired.
type search struct {
	ids   map[CommandID]bool
	after events.Revision
	// since is the earliest time at which a wanted command can have been decided. It excludes
	// expired uses of a key, since the events after that revision may be the whole stream.
	since time.Time
}

// load starts a goroutine that reads the state, searches for the commands whose append failed, and
// sends both to install.
func (e *entity) load() {
	e.status = loading
	wanted := search{ids: map[CommandID]bool{}, after: e.durable}
	for _, p := range e.stash {
		if p.failed.IsZero() || p.request.ID == "" {
			continue
		}
		wanted.ids[p.request.ID] = true
		if since := p.decided.Add(-KeyAge); wanted.since.IsZero() || since.Before(wanted.since) {
			wanted.since = since
		}
	}
	e.loads++
	e.desk.stats.loads.Add(1)
	number, pause, l := e.loads, e.pause(), e.takeCached()
	go func() {
		time.Sleep(pause)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		limit := e.desk.config.LoadTimeout
		timeout := time.AfterFunc(limit, func() { // fires even if a read hangs and ignores its context
			cancel()
			e.entry.post(&loaded{number: number, err: fmt.Errorf("%w: nothing could be read for %v", ErrUnavailable, limit)})
		})
		err := e.read(ctx, l, wanted, func() { timeout.Reset(limit) })
		l.err, l.number = err, number
		if timeout.Stop() {
			e.entry.post(l)
		}
	}()
}

// pause is the delay before a load: none at first, then growing while appends keep having unknown
// outcomes.
func (e *entity) pause() time.Duration {
	if e.unknowns < 2 {
		return 0
	}
	return min(time.Millisecond<<min(e.unknowns-2, 16), 200*time.Millisecond)
}

// read fills l, starting from the state that it has, if any, and calls progress regularly. If the core
// panics on an impossible fact, read returns ErrDamaged.
func (e *entity) read(ctx context.Context, l *loaded, wanted search, progress func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", events.ErrDamaged, cause)
		}
	}()
	if l.core == nil {
		whole, err := e.readShort(ctx, l, wanted)
		if err != nil || whole {
			return err
		}
		if err := e.readSnapshot(ctx, l); err != nil {
			return err
		}
	}
	from := l.revision + 1
	if len(wanted.ids) > 0 {
		from = min(from, wanted.after+1) // another node's snapshot may include wanted commands
	}
	for event, err := range events.Stream(ctx, e.desk.config.Store, e.entry.stream, from) {
		if err != nil {
			return err
		}
		if err := l.apply(&event, wanted); err != nil {
			return err
		}
		if event.Revision%1024 == 0 {
			progress()
		}
	}
	return nil
}

// A stream with fewer than shortStream events is read without looking for a snapshot.
const shortStream = 64

// readShort fills l from a stream with too few events for a snapshot; whole is false if the stream has
// more. Most streams are short, and looking for a snapshot costs as much as reading their events.
func (e *entity) readShort(ctx context.Context, l *loaded, wanted search) (whole bool, err error) {
	if e.desk.config.Snapshots == nil {
		return false, nil
	}
	limit := int(min(shortStream, e.desk.config.minUnsaved()))
	page, err := e.desk.config.Store.Read(ctx, e.entry.stream, 0, events.Forward, limit)
	if err != nil || len(page) == limit {
		return false, err
	}
	e.reset(l)
	for i := range page {
		if err := l.apply(&page[i], wanted); err != nil {
			return false, err
		}
	}
	return true, nil
}

// reset sets l to the state before the first event.
func (e *entity) reset(l *loaded) {
	*l = loaded{core: e.kind.New(), window: newKeyWindow(), revision: events.NoStream, found: map[CommandID]*found{}}
}

// apply evolves the state by one event, unless the snapshot includes it, and remembers its command.
func (l *loaded) apply(event *events.Recorded, wanted search) error {
	fact, err := event.Decode()
	if err != nil {
		return err
	}
	id := CommandID(events.RecordedCommand(event.Metadata))
	if event.Revision > l.revision {
		if event.Revision != l.revision+1 {
			return fmt.Errorf("%w: %s jumps from revision %d to %d", events.ErrDamaged, event.Stream, l.revision, event.Revision)
		}
		if l.hash, err = events.CheckLink(l.hash, event); err != nil {
			return err
		}
		l.core.Evolve(fact)
		l.revision, l.position = event.Revision, event.Position
		if l.latest, err = events.DecidedAt(event.Metadata); err != nil {
			return err
		}
		l.replayed++
		if err := l.remember(id, event); err != nil {
			return err
		}
	}
	if event.Revision > wanted.after && wanted.ids[id] {
		return l.find(id, event, fact, wanted.since)
	}
	return nil
}

func (l *loaded) find(id CommandID, event *events.Recorded, fact events.Fact, since time.Time) error {
	f := l.found[id]
	if f == nil {
		metadata, err := events.ParseMetadata(event.Metadata)
		if err != nil || metadata.At.Before(since) {
			return err
		}
		f = &found{answer: Answer{At: metadata.At}, correlationID: metadata.CorrelationID}
		l.found[id] = f
	}
	f.answer.Facts = append(f.answer.Facts, fact)
	f.answer.Revision, f.answer.Position = event.Revision, event.Position
	return nil
}

// remember puts a keyed command into the window under its first event, as the entity that decided
// it did, even if the key was used before and had expired.
func (l *loaded) remember(id CommandID, event *events.Recorded) error {
	key, body, ok := id.keyed()
	if !ok {
		l.last = command{}
		return nil
	}
	metadata, err := events.ParseMetadata(event.Metadata)
	if err != nil {
		return err
	}
	if this := (command{id, metadata.At.UnixNano()}); this != l.last {
		l.window.put(key, callerOf(metadata.Actor), keyUse{revision: event.Revision, body: body}, metadata.At)
		l.last = this
	}
	return nil
}

// readSnapshot initialises l from the snapshot, or from nothing if none matches the log.
func (e *entity) readSnapshot(ctx context.Context, l *loaded) error {
	e.reset(l)
	if e.desk.config.Snapshots == nil {
		return nil
	}
	err := e.desk.config.Snapshots.LoadSnapshot(e.entry.stream, func(head events.Snapshot, r io.Reader) error {
		if head.Version&^keyWindowCounted != e.kind.SnapshotVersion {
			return events.ErrNoSnapshot
		}
		counted := &countingReader{r: r}
		in := bufio.NewReaderSize(counted, 64<<10)
		if err := l.restore(in, head.Version&keyWindowCounted != 0); err != nil {
			return err
		}
		l.revision, l.hash, l.size = head.Revision, head.Hash, counted.n
		return nil
	})
	if errors.Is(err, events.ErrNoSnapshot) {
		e.reset(l)
		return nil
	}
	if err == nil {
		err = e.checkLastEvent(ctx, l)
	}
	if errors.Is(err, errMismatch) ||
		err != nil && ctx.Err() == nil && !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, events.ErrDamaged) {
		e.desk.config.Logger.Warn("a snapshot does not fit; reading the whole stream", "stream", e.entry.stream, "error", err)
		e.reset(l)
		return nil
	}
	return err
}

// restore reads what frozen.write wrote. If the core panics, it can't read this snapshot: restore
// returns an error.
func (l *loaded) restore(in io.Reader, counted bool) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("restoring a snapshot: %v", cause)
		}
	}()
	if err := l.window.restore(in, counted); err != nil {
		return err
	}
	return l.core.Restore(in)
}

// errMismatch: the snapshot belongs to another history of the stream.
var errMismatch = errors.New("the log does not have the last event of the snapshot")

// checkLastEvent checks that the log has the last event of the snapshot, and sets its position and time.
func (e *entity) checkLastEvent(ctx context.Context, l *loaded) error {
	page, err := e.desk.config.Store.Read(ctx, e.entry.stream, l.revision, events.Forward, 1)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return errMismatch
	}
	hash, err := events.RecordedHash(page[0].Metadata)
	if err != nil || hash != l.hash {
		return errMismatch
	}
	l.position = page[0].Position
	l.latest, err = events.DecidedAt(page[0].Metadata)
	return err
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// install gives the entity a loaded state and handles the waiting commands.
func (e *entity) install(l *loaded) {
	if l.number != e.loads { // a load that timed out or was replaced
		return
	}
	if l.err != nil {
		e.desk.config.Logger.Error("an entity could not be loaded", "stream", e.entry.stream, "error", l.err)
		e.status = unloaded
		e.failStash(l.err)
		return
	}
	e.core, e.window = l.core, l.window.orNil()
	e.revision, e.durable, e.position, e.hash, e.tip = l.revision, l.revision, l.position, l.hash, l.hash
	e.latest = l.latest
	e.forwarded = forwarded{from: l.position, since: l.revision}
	e.saved, e.unsaved = l.size, l.replayed
	e.entry.unsaved.Store(e.unsaved)
	e.entry.empty.Store(l.revision == events.NoStream)
	e.entry.known.Store(int64(l.revision) + 1)
	e.status = ready
	e.answerFound(l.found)
	e.handleStash()
}

// handleStash handles the stashed envelopes until one takes a turn or commands must wait.
func (e *entity) handleStash() {
	// Envelopes are removed one by one, so that a panic leaves the rest stashed.
	for len(e.stash) > 0 && e.joined == nil && !e.mustWait() {
		p := e.stash[0]
		e.stash = e.stash[1:]
		if p.joint != nil {
			e.joinPart(p)
		} else {
			e.handle(p)
		}
	}
	if len(e.stash) == 0 {
		e.stash = nil
	}
	e.flush()
}

// answerFound answers the stashed commands whose facts are in the log. The command that wrote the
// facts gets its answer; others with the same id, sent to this or another node, get a replay.
func (e *entity) answerFound(known map[CommandID]*found) {
	if len(known) == 0 {
		return
	}
	var rest []*envelope
	for _, p := range e.stash {
		f := known[p.request.ID]
		if f == nil || p.view != nil || p.joint != nil {
			rest = append(rest, p)
			continue
		}
		answer := f.answer
		answer.Replayed = f.answered || !answer.At.Equal(p.decided) || f.correlationID != p.request.CorrelationID
		f.answered = true
		p.reply <- result{answer: answer}
		e.desk.release(e.entry)
	}
	e.stash = rest
}
