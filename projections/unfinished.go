package projections

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

const (
	// resumesAtOnce bounds how many bookings are being resumed at a time.
	resumesAtOnce = 16
	// abandonAfter is how long an attempt at seats may have some before it is given up:
	// meanwhile the request that began it goes on, or is repeated.
	abandonAfter = 30 * time.Second
	// leftAfter is how long what is left of other attempts stays once one of them has become
	// the booking: meanwhile the requests that made them give it back.
	leftAfter = time.Second
	// resumeAfter is how long a booking may make no progress before it is resumed:
	// meanwhile the request that began it most likely goes on.
	resumeAfter = 5 * time.Second
	// resumeBackOff and resumeBackOffMax bound the rest after a failed resumption.
	resumeBackOff, resumeBackOffMax = 200 * time.Millisecond, 30 * time.Second
	// resumeTick is how often the list is looked through.
	resumeTick = time.Second
)

// holding is what the holds of a booking have at the moment: seats, held or booked,
// and a part of its holder's allowance. It is kept while there is any.
type holding struct{ seats, allowance int64 }

func appendHolding(dst []byte, c *holding) []byte {
	return row.AppendInt(row.AppendInt(dst, c.seats), c.allowance)
}

func decodeHolding(record []byte) (holding, error) {
	r := row.NewReader(record)
	c := holding{r.Int(), r.Int()}
	return c, r.Done()
}

// unfinished is an index of what has steps left. Of bookings: a payment under way, money or
// seats that are not given back, and attempts that have become no booking (of those the
// records are [begun]). Of payments: money that is neither applied nor owed, see [payments].
// Which they are is a fold like every view; when to resume them is kept in memory alone,
// while it runs.
type unfinished struct {
	records *records[int64] // by id: since when, in Unix nanoseconds

	mu sync.Mutex // held for a moment by the fold and by RunUnfinished
	// waiting is nil while nobody resumes anything.
	waiting map[string]*resumeAttempt
	paused  bool // nothing is resumed: the index is rebuilt
	// earlier holds one token when something is due at once.
	earlier chan struct{}
	late    lateness // how much longer it is left to other servers
}

// resumeAttempt is when to resume something.
type resumeAttempt struct {
	due      time.Time
	running  bool
	failures int
	// begun: all there is to do is to give up an attempt.
	begun bool
}

func newUnfinished(p *Projections, name string) *unfinished {
	return &unfinished{
		records: newRecords(p, name, func(dst []byte, since *int64) []byte { return row.AppendInt(dst, *since) },
			decodeCount),
		earlier: make(chan struct{}, 1), late: p.late,
	}
}

func (u *unfinished) reset() {
	u.records.reset()
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.waiting)
}

// isUnfinished reports whether steps are left of what was begun about a booking.
func isUnfinished(b *row.Booking, has holding) bool {
	switch b.Status {
	case events.BookingIsPaying:
		return true
	case events.BookingIsAwaiting:
		return !b.Intent.Opened
	case events.BookingIsExpired, events.BookingIsReleased:
		return b.Refunding || has != holding{}
	}
	return false
}

// settle puts a booking into the index or takes it out, after e. b is nil if it is not
// known.
func (u *unfinished) settle(id events.BookingID, b *row.Booking, has holding, left *begun, e *events.Recorded) {
	steps := b != nil && isUnfinished(b, has)
	switch {
	case steps:
		since := e.Created.UnixNano()
		u.records.set(string(id), &since)
	case b != nil:
		u.records.delete(string(id))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.waiting == nil:
	case steps && (e.Type == (&events.BookingExpired{}).Name() || e.Type == (&events.BookingIntentEnded{}).Name()):
		u.wait(string(id), e.Created, false) // nobody is at it: a deadline did that
	case steps:
		u.wait(string(id), e.Created.Add(resumeAfter), false)
	case len(left.parts) > 0 && b != nil:
		u.wait(string(id), e.Created.Add(leftAfter), true)
	case len(left.parts) > 0:
		u.wait(string(id), left.due(), true)
	default:
		delete(u.waiting, string(id))
	}
}

// settleID puts what has no attempts into the index or takes it out, after e.
func (u *unfinished) settleID(id string, steps bool, e *events.Recorded) {
	if steps {
		since := e.Created.UnixNano()
		u.records.set(id, &since)
	} else {
		u.records.delete(id)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.waiting == nil:
	case steps:
		u.wait(id, e.Created.Add(resumeAfter), false)
	default:
		delete(u.waiting, id)
	}
}

// wait sets when something is due; mu must be held.
func (u *unfinished) wait(id string, due time.Time, begun bool) {
	r := u.waiting[id]
	if r == nil {
		r = &resumeAttempt{}
		u.waiting[strings.Clone(id)] = r
	}
	r.begun = begun
	most := resumeAfter
	if begun {
		most = abandonAfter
	}
	// The log's clock may be another one.
	now := time.Now()
	if due.After(now.Add(most)) {
		due = now.Add(most)
	}
	if due = due.Add(u.late.draw()); !due.After(now) {
		u.signal()
	}
	r.due = due
}

func (u *unfinished) signal() {
	select {
	case u.earlier <- struct{}{}:
	default:
	}
}

// progress leaves a booking in the index alone for a while longer, but for one that has
// only attempts to give up: an attempt has its time, however slow it is.
func (u *unfinished) progress(booking events.BookingID, e *events.Recorded) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if r := u.waiting[string(booking)]; r != nil && !r.begun {
		u.wait(string(booking), e.Created.Add(resumeAfter), false)
	}
}

// RunUnfinished resumes the bookings about which something was begun and not done,
// until ctx ends: those of before the program was started, as soon as the views have
// caught up; those whose deadline has passed, at once; any other that makes no progress
// for some seconds; the attempts that have had something for half a minute and have
// not become a booking; and what is left of attempts at a booking that another has become,
// after a second. resume takes the steps that are left, which may be none,
// for the request that began it may be slow and not dead. One that fails is tried again, less and
// less often; some 16 are under way at once. All have returned when it does. It is
// called once at a time.
//
// Errors: ctx.Err(); the disk's.
func (p *Projections) RunUnfinished(ctx context.Context,
	resume func(ctx context.Context, bookingID events.BookingID) error) error {
	k := viewOf[*boxOffice](p)
	if err := p.awaitResuming(ctx, k.unfinished, k.begun); err != nil {
		return err
	}
	return k.unfinished.run(ctx, func(ctx context.Context, id string) error { return resume(ctx, events.BookingID(id)) })
}

// awaitResuming lists what is unfinished once the views have caught up.
func (p *Projections) awaitResuming(ctx context.Context, u *unfinished, begun *records[begun]) error {
	for {
		if err := p.awaitReady(ctx); err != nil {
			return err
		}
		if err := p.beginResuming(u, begun); err == nil || !errors.Is(err, ErrNotReady) {
			return err
		}
		// They are about to be rebuilt.
		select {
		case <-time.After(resumeTick):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// beginResuming lists what is unfinished now, and the attempts of bookings, if there are any. From
// then on the fold keeps the list.
func (p *Projections) beginResuming(u *unfinished, attempts *records[begun]) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	p.mu.Lock()
	defer p.mu.Unlock()
	all, err := u.records.scan("", "\xff")
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting = map[string]*resumeAttempt{}
	if attempts != nil {
		found, err := attempts.scan("", "\xff")
		if err == nil {
			err = found.each(func(booking string, left *begun) bool {
				u.wait(booking, left.due(), true)
				return true
			})
		}
		if err != nil {
			return errors.Join(err, all.close())
		}
	}
	return all.each(func(id string, since *int64) bool {
		u.wait(id, time.Unix(0, *since).Add(resumeAfter), false)
		return true
	})
}

// Unfinished returns how many bookings have steps left. Errors: the disk's.
func (p *Projections) Unfinished() (n int, err error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	defer p.leave()
	p.mu.RLock()
	all, err := viewOf[*boxOffice](p).unfinished.records.scan("", "\xff")
	p.mu.RUnlock()
	if err != nil {
		return 0, err
	}
	err = all.each(func(string, *int64) bool { n++; return true })
	return n, err
}

func (u *unfinished) run(ctx context.Context, resume func(context.Context, string) error) error {
	var resuming sync.WaitGroup
	defer u.stop()
	defer resuming.Wait()
	places := make(chan struct{}, resumesAtOnce)
	tick := time.NewTicker(resumeTick)
	defer tick.Stop()
	for {
		for _, id := range u.claimDue(time.Now(), cap(places)-len(places)) {
			places <- struct{}{}
			resuming.Go(func() {
				err := resume(ctx, id)
				<-places
				u.resumed(id, time.Now(), err)
			})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-u.earlier:
		case <-tick.C:
		}
	}
}

// stop lets the fold keep no list any more.
func (u *unfinished) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting = nil
}

// pause lets nothing be resumed, or goes on.
func (u *unfinished) pause(paused bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.paused = paused
	u.signal()
}

// claimDue returns up to limit ids of what is due, and marks them as being resumed.
func (u *unfinished) claimDue(now time.Time, limit int) (due []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, r := range u.waiting {
		if r.running || u.paused || r.due.After(now) {
			continue
		}
		if len(due) == limit {
			break // the next one that returns gives the signal
		}
		r.running = true
		due = append(due, id)
	}
	return due
}

// resumed takes in how a resumption ended. If it took all steps, the facts that say
// so are on their way, and the fold takes the booking out.
func (u *unfinished) resumed(id string, now time.Time, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.signal()
	r := u.waiting[id]
	if r == nil {
		return
	}
	r.running = false
	if err == nil {
		r.due, r.failures = now.Add(resumeAfter), 0
		return
	}
	r.due = now.Add(min(resumeBackOff<<min(r.failures, 16), resumeBackOffMax))
	r.failures++
}
