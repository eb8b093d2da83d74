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
	last   command // of the last event in the window; zero if that had no key
	err    error
	number int
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
	answered      bool
}

// search selects commands whose append failed but may be in the log: events with one of the ids,
// after the revision that was durable when the appends failed. Earlier events with these ids were
// known at the decision, and belong to uses of a key that has expired since.
type search struct {
	ids    map[CommandID]bool
	behind events.Revision
	// since is the earliest time at which a wanted command can have been decided. The events after
	// behind may be the whole stream, including uses of keys that have expired.
	since time.Time
}

// load reads the state on a goroutine of its own and sends it to install. It also searches for the
// commands whose append failed.
func (e *entity) load() {
	e.status = loading
	wanted := search{ids: map[CommandID]bool{}, behind: e.durable}
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
		patience := e.desk.config.LoadTimeout
		late := time.AfterFunc(patience, func() { // fires even if a read hangs and ignores its context
			cancel()
			e.entry.post(&loaded{number: number, err: fmt.Errorf("%w: nothing could be read for %v", ErrUnavailable, patience)})
		})
		err := e.read(ctx, l, wanted, func() { late.Reset(patience) })
		l.err, l.number = err, number
		if late.Stop() {
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

// read fills l, starting from the state that it has, if any. A panic of the core on an impossible
// fact is an error: the log is damaged. It calls progress meanwhile.
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
		from = min(from, wanted.behind+1) // another node's snapshot may be ahead of wanted
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

// shortStream is the number of events that are read before a snapshot is looked for.
const shortStream = 64

// readShort fills l from a stream with too few events for a snapshot, often none; whole is false if
// it has more. Most entities are like that, and looking for a snapshot costs as much as reading the
// events.
func (e *entity) readShort(ctx context.Context, l *loaded, wanted search) (whole bool, err error) {
	if e.desk.config.Snapshots == nil {
		return false, nil
	}
	limit := int(min(shortStream, e.desk.config.minUnsaved()))
	page, err := e.desk.config.Store.Read(ctx, e.entry.stream, 0, events.Forward, limit)
	if err != nil || len(page) == limit {
		return false, err
	}
	e.fresh(l)
	for i := range page {
		if err := l.apply(&page[i], wanted); err != nil {
			return false, err
		}
	}
	return true, nil
}

// fresh resets l to the state before the first event.
func (e *entity) fresh(l *loaded) {
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
	if event.Revision > wanted.behind && wanted.ids[id] {
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
		l.window.put(key, callerOf(metadata.Actor), done{revision: event.Revision, body: body}, metadata.At)
		l.last = this
	}
	return nil
}

// readSnapshot initialises l from the snapshot, or from nothing if none matches the log.
func (e *entity) readSnapshot(ctx context.Context, l *loaded) error {
	e.fresh(l)
	if e.desk.config.Snapshots == nil {
		return nil
	}
	err := e.desk.config.Snapshots.LoadSnapshot(e.entry.stream, func(head events.Snapshot, r io.Reader) error {
		if head.Version&^keyWindowCounted != e.kind.SnapshotVersion {
			return events.ErrNoSnapshot
		}
		counted := &counter{r: r}
		in := bufio.NewReaderSize(counted, 64<<10)
		if err := l.restore(in, head.Version&keyWindowCounted != 0); err != nil {
			return err
		}
		l.revision, l.hash, l.size = head.Revision, head.Hash, counted.n
		return nil
	})
	if errors.Is(err, events.ErrNoSnapshot) {
		e.fresh(l)
		return nil
	}
	if err == nil {
		err = e.anchor(ctx, l)
	}
	if errors.Is(err, errMismatch) ||
		err != nil && ctx.Err() == nil && !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, events.ErrDamaged) {
		e.desk.config.Logger.Warn("a snapshot does not fit; reading the whole stream", "stream", e.entry.stream, "error", err)
		e.fresh(l)
		return nil
	}
	return err
}

// restore reads what frozen.write wrote. A panic of the core is an error: it can't read this
// snapshot.
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

// errMismatch: the snapshot belongs to another history.
var errMismatch = errors.New("the log has no such event")

// anchor checks that the log has the last event of the snapshot.
func (e *entity) anchor(ctx context.Context, l *loaded) error {
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

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// install gives the entity a loaded state and handles the waiting commands.
func (e *entity) install(l *loaded) {
	if l.number != e.loads {
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

// handleStash handles the stashed envelopes until one takes a turn, unless another process goes first.
func (e *entity) handleStash() {
	for len(e.stash) > 0 && e.joined == nil && !e.yields() { // removed one by one: after a panic the rest is still stashed
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

// answerFound answers the commands whose facts are in the log. The command that wrote them gets its
// answer; others with the same id, sent to this node or earlier to another, get a replay.
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
		e.desk.answered(e.entry)
	}
	e.stash = rest
}
