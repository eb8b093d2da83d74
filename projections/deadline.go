package projections

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

const (
	// maxWakes bounds concurrent wakes.
	maxWakes = 64
	// minWakePause is the shortest pause between two wakes of an entity. An entity whose clock is slightly slow
	// still has the due hold after the first.
	minWakePause = 10 * time.Millisecond
	// wakeRecheck is the pause before an entity is woken again after it reported no deadline although the index
	// counts open holds. Normally the facts that close the holds arrive meanwhile.
	wakeRecheck = time.Minute
	// wakeBackOff and wakeBackOffMax bound the pause after a failed wake.
	wakeBackOff, wakeBackOffMax = 100 * time.Millisecond, 30 * time.Second
)

// never is the due time of an entry that waits for no deadline.
const never = math.MaxInt64

// deadlinePrefix starts the keys of the index; the stream's name follows.
const deadlinePrefix = "deadline\x00"

// deadlineEncoding names the encoding of the index; see registration.version.
const deadlineEncoding = "deadline.v2"

// deadlines is the index of timed changes. For each stream with open holds it has their number and a lower
// bound of their deadlines; for each sale it has the future opening and closing times. It is a fold of the log like
// every view. Only the due times, which the entities report, are not stored.
type deadlines struct {
	mu      sync.Mutex // held briefly by the fold and by RunDeadlines
	streams map[events.StreamID]*deadline
	queue   queue[*deadline] // by due time
	dirty   []*deadline
	scratch []byte // reused for every record
	paused  bool   // no wakes while the index is rebuilt
	// dueNow has a token when the head of the queue may have changed.
	dueNow chan struct{}
	// lateness is the delay after a deadline, during which other servers may act first.
	lateness lateness
}

type deadline struct {
	stream events.StreamID
	// Folded: the number of open holds, and the earliest deadline of those opened since the number was
	// last 0, in Unix nanoseconds.
	open, earliest int64
	// Folded: the opening and closing times that no fact has recorded as reached; nil for none, as in
	// all streams except those of sales.
	saleTimes *events.SaleTimes
	// at is the next deadline, due the time at which to wake the entity, both in Unix nanoseconds.
	due, at  int64
	index    int // in the queue, -1 if it is not queued
	failures int32
	dirty    bool
	stored   bool // the record is in Pebble
}

func (e *deadline) before(other *deadline) bool { return e.due < other.due }
func (e *deadline) heapIndex() *int             { return &e.index }

func newDeadlines(late lateness) *deadlines {
	return &deadlines{streams: map[events.StreamID]*deadline{}, dueNow: make(chan struct{}, 1), lateness: late}
}

// maxLateness bounds the random delay of a server that shares its log with others. latenessPerRank is the delay per
// preceding node in a cluster, whose nodes are ranked for each stream.
const maxLateness, latenessPerRank = time.Second, 2 * time.Second

// lateness returns the delay during which this server lets the others act on a stream first. It is nil if the log
// has only this server.
type lateness func(events.StreamID) time.Duration

func newLateness(shared bool, rank Rank) lateness {
	if !shared {
		return nil
	}
	return func(stream events.StreamID) time.Duration {
		if rank != nil {
			if before, ranked := rank(stream); ranked {
				return time.Duration(before) * latenessPerRank
			}
		}
		return rand.N(maxLateness)
	}
}

func (l lateness) draw(stream events.StreamID) time.Duration {
	if l == nil {
		return 0
	}
	return l(stream)
}

// fold applies a fact that opens or closes holds.
func (d *deadlines) fold(e *events.Recorded, fact events.Deadlined) error {
	opened, closed, earliest := fact.Holds()
	if opened == 0 && closed == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	entry := d.streams[e.Stream]
	var open int64
	if entry != nil {
		open = entry.open
	}
	if open += int64(opened) - int64(closed); open < 0 || (opened > 0 && earliest.IsZero()) {
		return fmt.Errorf("%w: position %d: %s@%d opens %d holds until %v and closes %d, leaving %d open",
			row.ErrViolated, e.Position, e.Stream, e.Revision, opened, earliest, closed, open)
	}
	if entry == nil {
		entry = d.add(e.Stream)
	}
	entry.open = open
	if open == 0 {
		entry.earliest = never
	}
	if d.changed(entry); entry.idle() {
		return nil
	}
	if opened > 0 {
		at := earliest.UnixNano()
		entry.earliest = min(entry.earliest, at)
		d.expect(entry, at)
	}
	if closed > 0 && d.lateness != nil && entry.index >= 0 {
		// Another server has woken the stream, and this fact closed the due holds. Treat the present as the
		// deadline of the others.
		if now := time.Now().UnixNano(); entry.at < now {
			d.schedule(entry, max(entry.due, now+int64(d.lateness.draw(entry.stream))))
		}
	}
	return nil
}

// add creates the entry of a stream.
func (d *deadlines) add(stream events.StreamID) *deadline {
	entry := &deadline{stream: events.StreamID(strings.Clone(string(stream))), earliest: never, due: never, at: never,
		index: -1}
	d.streams[entry.stream] = entry
	return entry
}

// changed marks an entry to be written, and removes an idle one.
func (d *deadlines) changed(entry *deadline) {
	if !entry.dirty {
		entry.dirty = true
		d.dirty = append(d.dirty, entry)
	}
	if !entry.idle() {
		return
	}
	delete(d.streams, entry.stream)
	if entry.index >= 0 {
		heap.Remove(&d.queue, entry.index)
	}
}

// idle reports whether the stream has neither open holds nor future sale times.
func (e *deadline) idle() bool { return e.open == 0 && e.saleTimes == nil }

// expect lowers the entry's deadline to at, if that is sooner than the current one.
func (d *deadlines) expect(entry *deadline, at int64) {
	if at < entry.at {
		entry.at = at
		d.schedule(entry, at+int64(d.lateness.draw(entry.stream)))
	}
}

// schedule sets the due time of an entry, and signals the loop if it is now the first.
func (d *deadlines) schedule(entry *deadline, due int64) {
	switch {
	case due == entry.due && entry.index >= 0:
		return
	case entry.index >= 0:
		entry.due = due
		heap.Fix(&d.queue, entry.index)
	default:
		entry.due = due
		heap.Push(&d.queue, entry)
	}
	if entry.index == 0 {
		d.signal()
	}
}

func (d *deadlines) signal() {
	select {
	case d.dueNow <- struct{}{}:
	default:
	}
}

func (d *deadlines) flush(b *pebble.Batch, p *Projections) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, entry := range d.dirty {
		d.dirty[i] = nil
		entry.dirty = false
		key := append(append(d.scratch[:0], deadlinePrefix...), entry.stream...)
		d.scratch = key
		switch {
		case !entry.idle():
			record := row.AppendInt(row.AppendInt(append(key, p.tag[:]...), entry.open), entry.earliest)
			times := entry.times()
			record = row.AppendMoment(row.AppendMoment(record, times.OpensAt), times.ClosesAt)
			d.scratch = record
			if err := b.Set(record[:len(key)], record[len(key):], nil); err != nil {
				return err
			}
			entry.stored = true
		case entry.stored:
			if err := b.Delete(key, nil); err != nil {
				return err
			}
		}
	}
	d.dirty = d.dirty[:0]
	return nil
}

// load reads the index from disk.
func (d *deadlines) load(p *Projections) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams, d.queue, d.dirty = map[events.StreamID]*deadline{}, nil, nil
	rows, err := p.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte(deadlinePrefix),
		UpperBound: []byte(deadlinePrefix[:len(deadlinePrefix)-1] + "\x01"),
	})
	if err != nil {
		return fmt.Errorf("reading the deadlines of the views: %w", err)
	}
	defer rows.Close()
	for ok := rows.First(); ok; ok = rows.Next() {
		record, err := p.stripTag(rows.Value())
		if err != nil {
			return err
		}
		r := row.NewReader(record)
		entry := &deadline{stream: events.StreamID(rows.Key()[len(deadlinePrefix):]), open: r.Int(), earliest: r.Int(),
			due: never, at: never, index: -1, stored: true}
		entry.setTimes(events.SaleTimes{OpensAt: r.Moment(), ClosesAt: r.Moment()})
		if err := r.Done(); err != nil {
			return err
		}
		d.streams[entry.stream] = entry
		d.expect(entry, min(entry.earliest, entry.bound()))
	}
	if err := rows.Error(); err != nil {
		return fmt.Errorf("reading the deadlines of the views: %w", err)
	}
	return nil
}

// Wake lets an entity expire its holds that are due. It returns the entity's next deadline, zero for none.
type Wake func(ctx context.Context, stream events.StreamID) (next time.Time, err error)

// RunDeadlines calls wake for each stream whose deadline has passed, until ctx ends. On a shared
// log it gives the other servers time to act first, see Config.Shared and Config.Rank, and skips a
// stream that one of them has woken. It starts when the views have caught up, with the deadlines that
// passed while the program was down. A failed wake is retried with exponential backoff. At most
// maxWakes calls run concurrently; all have returned when RunDeadlines does.
//
// Errors: ctx.Err().
func (p *Projections) RunDeadlines(ctx context.Context, wake Wake) error {
	if err := p.awaitReady(ctx); err != nil {
		return err
	}
	return p.deadlines.run(ctx, wake)
}

func (d *deadlines) run(ctx context.Context, wake Wake) error {
	var wakes sync.WaitGroup
	defer wakes.Wait()
	running := make(chan struct{}, maxWakes)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, wait := d.claimDue(time.Now(), cap(running)-len(running))
		for _, entry := range due {
			running <- struct{}{}
			wakes.Go(func() {
				next, err := wake(ctx, entry.stream)
				<-running
				d.finishWake(entry, time.Now(), next, err)
			})
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.dueNow:
		case <-timer.C:
		}
	}
}

// claimDue removes up to limit entries due before now from the queue, and returns the time until the next is due.
func (d *deadlines) claimDue(now time.Time, limit int) (due []*deadline, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 && !d.paused {
		first := d.queue[0]
		// A hold is valid up to and including its deadline.
		if first.due >= now.UnixNano() {
			return due, time.Unix(0, first.due).Sub(now) + time.Nanosecond
		}
		if len(due) == limit {
			break // the wake that returns next signals dueNow
		}
		heap.Pop(&d.queue)
		first.due, first.at = never, never
		due = append(due, first)
	}
	return due, time.Hour
}

// pause stops or resumes waking.
func (d *deadlines) pause(paused bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = paused
	d.signal()
}

// finishWake applies the result of a wake. Facts that arrived during the wake may have set a due time; the earlier
// of the two is used.
func (d *deadlines) finishWake(entry *deadline, now, next time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signal()
	if entry.idle() || d.streams[entry.stream] != entry {
		return // idle, or the entry was replaced
	}
	at := now.Add(wakeRecheck)
	switch {
	case err != nil:
		at = now.Add(min(wakeBackOff<<min(entry.failures, 16), wakeBackOffMax))
		entry.failures++
	case !next.IsZero():
		if at = next; at.Before(now.Add(minWakePause)) {
			at = now.Add(minWakePause)
		}
	}
	if err == nil {
		entry.failures = 0
	}
	d.expect(entry, at.UnixNano())
}
