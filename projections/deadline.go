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
	// wakesAtOnce bounds how many entities are being woken at a time.
	wakesAtOnce = 64
	// wakeAgain is how long an entity rests that still has something due after it
	// was woken, by a clock that is a little ahead of its own.
	wakeAgain = 10 * time.Millisecond
	// wakeDoubt is when an entity is asked again that knows of no deadline while
	// the index counts open holds. Normally the facts that close them are on
	// their way, and nothing is left to ask by then.
	wakeDoubt = time.Minute
	// wakeBackOff and wakeBackOffMax bound the rest after a failed wake.
	wakeBackOff, wakeBackOffMax = 100 * time.Millisecond, 30 * time.Second
)

// never is the due time of an entry that waits for something else.
const never = math.MaxInt64

// deadlinePrefix heads the keys of the index; the stream follows.
const deadlinePrefix = "deadline\x00"

// deadlineViews names the encoding; see registration.views.
const deadlineViews = "deadline.v2"

// deadlines is the index of what comes about by itself: for each stream with open
// holds how many, and a time before which none of them expires; for each sale the
// bounds that lie ahead. It is a fold like every view; only the due times, which are
// what the entities said last, live in memory alone.
type deadlines struct {
	mu      sync.Mutex // held for a moment by the fold and by RunDeadlines
	streams map[events.StreamID]*deadline
	queue   queue[*deadline] // by due time
	dirty   []*deadline
	paused  bool // nobody is woken: the index is rebuilt
	// earlier holds one token when the head of the queue may have changed.
	earlier chan struct{}
	// late is for how long past its deadline a stream is left to other servers.
	late lateness
}

type deadline struct {
	stream events.StreamID
	// The fold: open holds, and the earliest of the deadlines of those opened
	// since there was none, in Unix nanoseconds.
	open, earliest int64
	// The fold: the bounds of a sale that no fact has recorded as reached.
	ahead events.SaleTimes
	// due is when to wake the entity, in Unix nanoseconds; at is the deadline that it is
	// due for.
	due, at  int64
	index    int // in the queue, -1 outside
	failures int
	dirty    bool
	stored   bool // Pebble has a record
}

func (e *deadline) before(other *deadline) bool { return e.due < other.due }
func (e *deadline) place() *int                 { return &e.index }

func newDeadlines(late lateness) *deadlines {
	return &deadlines{streams: map[events.StreamID]*deadline{}, earlier: make(chan struct{}, 1), late: late}
}

// lateBy bounds for how long one server leaves to the others what all of them see to.
const lateBy = time.Second

// lateness draws for how long; nil is a server that is alone with its log.
type lateness func() time.Duration

func latenessOf(shared bool) lateness {
	if !shared {
		return nil
	}
	return func() time.Duration { return rand.N(lateBy) }
}

func (l lateness) draw() time.Duration {
	if l == nil {
		return 0
	}
	return l()
}

// fold takes in a fact that opens or closes holds.
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
		return fmt.Errorf("%w: position %d: %s@%d opens %d holds until %v and closes %d, which leaves %d",
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
	if closed > 0 && d.late != nil && entry.index >= 0 {
		// Whatever closed it past the deadline let go of all that was due then: the stream was
		// woken by another server. What is left may wait as if that had been its deadline.
		if now := time.Now().UnixNano(); entry.at < now {
			d.schedule(entry, max(entry.due, now+int64(d.late.draw())))
		}
	}
	return nil
}

// add begins an entry.
func (d *deadlines) add(stream events.StreamID) *deadline {
	entry := &deadline{stream: events.StreamID(strings.Clone(string(stream))), earliest: never, due: never, at: never,
		index: -1}
	d.streams[entry.stream] = entry
	return entry
}

// changed has an entry written, and forgets one that waits for nothing.
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

// idle reports whether nothing about the stream comes about by itself.
func (e *deadline) idle() bool { return e.open == 0 && e.ahead.IsZero() }

// expect takes in that a deadline comes at a time, if none was known to come sooner.
func (d *deadlines) expect(entry *deadline, at int64) {
	if at < entry.at {
		entry.at = at
		d.schedule(entry, at+int64(d.late.draw()))
	}
}

// schedule sets when an entry is due, and wakes the loop if it is now the first.
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
	case d.earlier <- struct{}{}:
	default:
	}
}

func (d *deadlines) flush(b *pebble.Batch, p *Projections) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, entry := range d.dirty {
		d.dirty[i] = nil
		entry.dirty = false
		key := append([]byte(deadlinePrefix), entry.stream...)
		switch {
		case !entry.idle():
			record := row.AppendInt(row.AppendInt(p.tag[:len(p.tag):len(p.tag)], entry.open), entry.earliest)
			record = row.AppendMoment(row.AppendMoment(record, entry.ahead.OpensAt), entry.ahead.ClosesAt)
			if err := b.Set(key, record, nil); err != nil {
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

// load reads the index: every stream with open holds, or with bounds that lie ahead.
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
		record, err := p.own(rows.Value())
		if err != nil {
			return err
		}
		r := row.NewReader(record)
		entry := &deadline{stream: events.StreamID(rows.Key()[len(deadlinePrefix):]), open: r.Int(), earliest: r.Int(),
			ahead: events.SaleTimes{OpensAt: r.Moment(), ClosesAt: r.Moment()},
			due:   never, at: never, index: -1, stored: true}
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

// Wake asks an entity to let go of what has expired. It returns the entity's
// next deadline, zero if it has none.
type Wake func(ctx context.Context, stream events.StreamID) (next time.Time, err error)

// RunDeadlines wakes each stream when a deadline of it has passed, until ctx
// ends; on a shared log up to a second later, unless another server was sooner. It begins
// when the views have caught up, so also with the deadlines that passed while the program
// was down. A wake that fails is tried again, less and less often; some 64 are under way
// at once. All have returned when it does.
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
	places := make(chan struct{}, wakesAtOnce)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, wait := d.claimDue(time.Now(), cap(places)-len(places))
		for _, entry := range due {
			places <- struct{}{}
			wakes.Go(func() {
				next, err := wake(ctx, entry.stream)
				<-places
				d.woken(entry, time.Now(), next, err)
			})
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.earlier:
		case <-timer.C:
		}
	}
}

// claimDue removes up to limit entries from the queue whose deadline lies before
// now, and says how long the next one may be left alone.
func (d *deadlines) claimDue(now time.Time, limit int) (due []*deadline, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 && !d.paused {
		first := d.queue[0]
		// A hold is good up to and including its deadline.
		if first.due >= now.UnixNano() {
			return due, time.Unix(0, first.due).Sub(now) + time.Nanosecond
		}
		if len(due) == limit {
			break // the next wake that returns gives the signal
		}
		heap.Pop(&d.queue)
		first.due, first.at = never, never
		due = append(due, first)
	}
	return due, time.Hour
}

// pause lets nobody be woken, or goes on.
func (d *deadlines) pause(paused bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = paused
	d.signal()
}

// woken takes in what a wake said. Facts that arrived since it began may have
// set a due time already; the earlier one counts.
func (d *deadlines) woken(entry *deadline, now, next time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signal()
	if entry.idle() || d.streams[entry.stream] != entry {
		return // nothing is open any more, and the index forgot it, or is another
	}
	at := now.Add(wakeDoubt)
	switch {
	case err != nil:
		at = now.Add(min(wakeBackOff<<min(entry.failures, 16), wakeBackOffMax))
		entry.failures++
	case !next.IsZero():
		if at = next; at.Before(now.Add(wakeAgain)) {
			at = now.Add(wakeAgain)
		}
	}
	if err == nil {
		entry.failures = 0
	}
	d.expect(entry, at.UnixNano())
}
