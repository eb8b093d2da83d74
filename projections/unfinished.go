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
	// maxResumes bounds concurrent resumptions.
	maxResumes = 16
	// abandonAfter is the time for which an attempt may hold seats before it is abandoned: until
	// then its request may continue, or be repeated.
	abandonAfter = 30 * time.Second
	// releaseAfter is the time after which the holds of other attempts are released once one attempt has
	// become the booking: until then their own requests release them.
	releaseAfter = time.Second
	// resumeAfter is the time without progress after which a booking is resumed: until then its
	// request most likely continues.
	resumeAfter = 5 * time.Second
	// resumeBackOff and resumeBackOffMax bound the pause after a failed resumption.
	resumeBackOff, resumeBackOffMax = 200 * time.Millisecond, 30 * time.Second
	// resumeTick is the interval at which the list is checked.
	resumeTick = time.Second
)

// holding counts the content of a booking's holds: seats, held or booked, and parts of the holder's
// allowance. It is stored unless zero.
type holding struct{ seats, allowance int64 }

func appendHolding(dst []byte, c *holding) []byte {
	return row.AppendInt(row.AppendInt(dst, c.seats), c.allowance)
}

func decodeHolding(record []byte) (holding, error) {
	r := row.NewReader(record)
	c := holding{r.Int(), r.Int()}
	return c, r.Done()
}

// unfinished is an index of entities with steps to take. For bookings: a payment in progress, money or seats not yet
// refunded or released, and attempts that did not become a booking (whose records are [begun]). For payments:
// money that is neither applied nor owed, see [payments]. The index is a fold like every view; the schedule of
// resumptions is in memory only, while RunUnfinished runs.
type unfinished struct {
	records *records[int64] // by id: the time of the last step, in Unix nanoseconds

	mu sync.Mutex // held briefly by the fold and by RunUnfinished
	// waiting is nil unless RunUnfinished runs.
	waiting map[string]*resumeAttempt
	paused  bool // no resumption while the index is rebuilt
	// dueNow has a token when something is due at once.
	dueNow chan struct{}
	late   lateness // the extra delay, in which other servers may act first
	// category of the entities' streams.
	category string
}

// resumeAttempt is the schedule of one entity.
type resumeAttempt struct {
	due      time.Time
	running  bool
	failures int
	// begun means that only attempts are to be abandoned.
	begun bool
}

func newUnfinished(p *Projections, name, category string) *unfinished {
	return &unfinished{
		records: newRecords(p, name, func(dst []byte, since *int64) []byte { return row.AppendInt(dst, *since) },
			decodeCount),
		dueNow: make(chan struct{}, 1), late: p.late, category: category,
	}
}

func (u *unfinished) reset() {
	u.records.reset()
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.waiting)
}

// isUnfinished reports whether steps of a booking remain, its own or those of its performance's
// cancellation.
func isUnfinished(b *row.Booking, has holding, off *row.Cancelled) bool {
	if b.MustCancel(off) {
		return true
	}
	switch b.Status {
	case events.BookingIsPaying:
		return true
	case events.BookingIsAwaiting:
		return !b.Intent.Opened || b.Intent.Unmade
	case events.BookingIsExpired, events.BookingIsReleased, events.BookingIsCancelled:
		return b.Refunding || has != holding{} || b.Returning()
	}
	return b.Returning()
}

// settle adds a booking to the index or removes it, after e. b is nil if the booking does not exist; off is the
// cancellation of its performance, unconfirmed the holds of its attempts.
func (u *unfinished) settle(id events.BookingID, b *row.Booking, has holding, off *row.Cancelled, unconfirmed *begun,
	e *events.Recorded) {
	steps := b != nil && isUnfinished(b, has, off)
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
		u.wait(string(id), e.Created, false) // no request is in progress: it was a deadline
	case steps && b.Status != events.BookingIsPaying && b.MustCancel(off) && !b.Refunding:
		u.wait(string(id), e.Created, false) // its request does not know of the cancellation
	case steps:
		u.wait(string(id), e.Created.Add(resumeAfter), false)
	case len(unconfirmed.parts) > 0 && b != nil:
		u.wait(string(id), e.Created.Add(releaseAfter), true)
	case len(unconfirmed.parts) > 0:
		u.wait(string(id), unconfirmed.due(), true)
	default:
		delete(u.waiting, string(id))
	}
}

// settleID adds an entity without attempts to the index or removes it, after e.
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

// wait schedules an entity; mu must be held.
func (u *unfinished) wait(id string, due time.Time, begun bool) {
	r := u.waiting[id]
	if r == nil {
		r = &resumeAttempt{}
		u.waiting[strings.Clone(id)] = r
	}
	r.begun = begun
	limit := resumeAfter
	if begun {
		limit = abandonAfter
	}
	// The log's clock may differ.
	now := time.Now()
	if due.After(now.Add(limit)) {
		due = now.Add(limit)
	}
	if due = due.Add(u.late.draw(events.NewStreamID(u.category, id))); !due.After(now) {
		u.signal()
	}
	r.due = due
}

func (u *unfinished) signal() {
	select {
	case u.dueNow <- struct{}{}:
	default:
	}
}

// progress postpones the resumption of a booking, unless it only has attempts to abandon: the time of an attempt is
// fixed.
func (u *unfinished) progress(booking events.BookingID, e *events.Recorded) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if r := u.waiting[string(booking)]; r != nil && !r.begun {
		u.wait(string(booking), e.Created.Add(resumeAfter), false)
	}
}

// RunUnfinished calls resume for the unfinished bookings, until ctx ends. Bookings from before the program's
// start are due as soon as the views have caught up; expired ones, at once; others after resumeAfter without
// progress; attempts that did not become a booking, after abandonAfter; the holds of other attempts, once one
// attempt has become the booking, after releaseAfter. resume takes the remaining steps; there may be none,
// because the original request may still be running. A failed resumption is retried with exponential backoff. At
// most maxResumes run concurrently; all have returned when RunUnfinished does. It must not be called
// concurrently.
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

// awaitResuming waits until the views have caught up, and lists the unfinished entities.
func (p *Projections) awaitResuming(ctx context.Context, u *unfinished, begun *records[begun]) error {
	for {
		if err := p.awaitReady(ctx); err != nil {
			return err
		}
		if err := p.beginResuming(u, begun); err == nil || !errors.Is(err, ErrNotReady) {
			return err
		}
		// The views are about to be rebuilt.
		select {
		case <-time.After(resumeTick):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// beginResuming lists the unfinished entities, and the bookings with attempts, if any. From then on
// the fold maintains the list.
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
			err = found.each(func(booking string, unconfirmed *begun) bool {
				u.wait(booking, unconfirmed.due(), true)
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

// Unfinished returns the number of unfinished bookings. Errors: the disk's.
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
	places := make(chan struct{}, maxResumes)
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
		case <-u.dueNow:
		case <-tick.C:
		}
	}
}

// stop discards the list.
func (u *unfinished) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting = nil
}

// pause stops or resumes resumptions.
func (u *unfinished) pause(paused bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.paused = paused
	u.signal()
}

// claimDue returns up to limit due ids, and marks them as in progress.
func (u *unfinished) claimDue(now time.Time, limit int) (due []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, r := range u.waiting {
		if r.running || u.paused || r.due.After(now) {
			continue
		}
		if len(due) == limit {
			break // the next resumption to return signals
		}
		r.running = true
		due = append(due, id)
	}
	return due
}

// resumed applies the result of a resumption. A booking without remaining steps is removed by the fold of their
// facts, which follow.
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
