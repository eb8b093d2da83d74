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
	// abandonAfter is the time for which an attempt may have holds before it is considered abandoned. Until
	// then its request may continue or be repeated.
	abandonAfter = 30 * time.Second
	// releaseAfter is the time from the confirmation of one attempt to the release of the holds of the others.
	// Until then the other attempts' requests should release them.
	releaseAfter = time.Second
	// resumeAfter is the time without progress after which a booking is resumed. Until then its
	// request most likely continues.
	resumeAfter = 5 * time.Second
	// resumeBackOff and resumeBackOffMax bound the pause after a failed resumption.
	resumeBackOff, resumeBackOffMax = 200 * time.Millisecond, 30 * time.Second
	// resumeTick is the interval at which the schedule is checked.
	resumeTick = time.Second
)

// holding counts what a booking holds: seats, held or booked, and units of the holder's
// allowance. A zero holding has no record.
type holding struct{ seats, allowance int64 }

func appendHolding(dst []byte, c *holding) []byte {
	return row.AppendInt(row.AppendInt(dst, c.seats), c.allowance)
}

func decodeHolding(record []byte) (holding, error) {
	r := row.NewReader(record)
	c := holding{r.Int(), r.Int()}
	return c, r.Done()
}

// unfinished is an index of entities that have steps left to take. A booking is unfinished if a payment is in
// progress or money or seats are not yet refunded or released; its schedule also includes attempts that did not become
// a booking, whose records are [unconfirmedHolds]. A payment is unfinished if it has money that is neither applied nor
// owed, see [payments]. The index is a fold like every view; the schedule is only in memory, and only while
// RunUnfinished runs.
type unfinished struct {
	records *records[int64] // by id: the time of the last step, in Unix nanoseconds

	mu sync.Mutex // held briefly by the fold and by RunUnfinished
	// waiting is nil unless RunUnfinished runs.
	waiting map[string]*resumeAttempt
	paused  bool // no resumption while the index is rebuilt
	// dueNow has a token when something is due immediately.
	dueNow   chan struct{}
	lateness lateness // the extra delay, during which other servers may act first
	// category of the entities' streams.
	category string
}

// resumeAttempt is the schedule of one entity.
type resumeAttempt struct {
	due      time.Time
	running  bool
	failures int
	// attemptsOnly means that the entity itself has no steps left: only its abandoned attempts are to be released.
	attemptsOnly bool
}

func newUnfinished(p *Projections, name, category string) *unfinished {
	return &unfinished{
		records: newRecords(p, name, func(dst []byte, since *int64) []byte { return row.AppendInt(dst, *since) },
			decodeCount),
		dueNow: make(chan struct{}, 1), lateness: p.lateness, category: category,
	}
}

func (u *unfinished) reset() {
	u.records.reset()
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.waiting)
}

// isUnfinished reports whether a booking has steps left, its own or those of its performance's
// cancellation.
func isUnfinished(b *row.Booking, held holding, cancelled *row.Cancelled) bool {
	if b.MustCancel(cancelled) {
		return true
	}
	switch b.Status {
	case events.BookingIsPaying:
		return true
	case events.BookingIsAwaiting:
		return !b.Intent.Opened || b.Intent.CheckoutPending
	case events.BookingIsExpired, events.BookingIsReleased, events.BookingIsCancelled:
		return b.Refunding || held != holding{} || b.Returning()
	}
	return b.Returning()
}

// update adds a booking to the index or removes it, after e. b is nil if the booking does not exist; cancelled is the
// cancellation of its performance, unconfirmed the holds of its attempts.
func (u *unfinished) update(id events.BookingID, b *row.Booking, held holding, cancelled *row.Cancelled,
	unconfirmed *unconfirmedHolds, e *events.Recorded) {
	open := b != nil && isUnfinished(b, held, cancelled)
	switch {
	case open:
		since := e.Created.UnixNano()
		u.records.set(string(id), &since)
	case b != nil:
		u.records.delete(string(id))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.waiting == nil:
	case open && (e.Type == (&events.BookingExpired{}).Name() || e.Type == (&events.BookingIntentEnded{}).Name()):
		u.schedule(string(id), e.Created, false) // a deadline passed: no request continues
	case open && b.Status != events.BookingIsPaying && b.MustCancel(cancelled) && !b.Refunding:
		u.schedule(string(id), e.Created, false) // its request does not know of the cancellation
	case open:
		u.schedule(string(id), e.Created.Add(resumeAfter), false)
	case len(unconfirmed.holds) > 0 && b != nil:
		u.schedule(string(id), e.Created.Add(releaseAfter), true)
	case len(unconfirmed.holds) > 0:
		u.schedule(string(id), unconfirmed.due(), true)
	default:
		delete(u.waiting, string(id))
	}
}

// updateID adds an entity without attempts to the index, or removes it if it is not open, after e.
func (u *unfinished) updateID(id string, open bool, e *events.Recorded) {
	if open {
		since := e.Created.UnixNano()
		u.records.set(id, &since)
	} else {
		u.records.delete(id)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.waiting == nil:
	case open:
		u.schedule(id, e.Created.Add(resumeAfter), false)
	default:
		delete(u.waiting, id)
	}
}

// schedule sets the time at which an entity is resumed; mu must be held.
func (u *unfinished) schedule(id string, due time.Time, attemptsOnly bool) {
	r := u.waiting[id]
	if r == nil {
		r = &resumeAttempt{}
		u.waiting[strings.Clone(id)] = r
	}
	r.attemptsOnly = attemptsOnly
	limit := resumeAfter // the log's clock may be ahead
	if attemptsOnly {
		limit = abandonAfter
	}
	now := time.Now()
	if due.After(now.Add(limit)) {
		due = now.Add(limit)
	}
	if due = due.Add(u.lateness.draw(events.NewStreamID(u.category, id))); !due.After(now) {
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

// postpone postpones the resumption of a booking after e, a step of it. The time at which attempts are abandoned is
// fixed.
func (u *unfinished) postpone(booking events.BookingID, e *events.Recorded) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if r := u.waiting[string(booking)]; r != nil && !r.attemptsOnly {
		u.schedule(string(booking), e.Created.Add(resumeAfter), false)
	}
}

// RunUnfinished calls resume for the unfinished bookings, until ctx ends. It starts when the views have caught up.
// A booking is due when it has made no progress for resumeAfter; an expired booking is due immediately. Attempts that
// did not become a booking are due after abandonAfter. Once one attempt has become the booking, the others are due
// after releaseAfter.
//
// resume takes the remaining steps. There may be none, because the original request may still be running. A failed
// resumption is retried with exponential backoff. At most maxResumes calls run concurrently; all have returned when
// RunUnfinished does. RunUnfinished must not be called concurrently.
//
// Errors: ctx.Err(); the disk's.
func (p *Projections) RunUnfinished(ctx context.Context,
	resume func(ctx context.Context, bookingID events.BookingID) error) error {
	k := viewOf[*boxOffice](p)
	if err := p.awaitResuming(ctx, k.unfinished, k.unconfirmed); err != nil {
		return err
	}
	return k.unfinished.run(ctx, func(ctx context.Context, id string) error { return resume(ctx, events.BookingID(id)) })
}

// awaitResuming waits until the views have caught up, and schedules the unfinished entities.
func (p *Projections) awaitResuming(ctx context.Context, u *unfinished, begun *records[unconfirmedHolds]) error {
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

// beginResuming schedules the unfinished entities and, if attempts is not nil, the bookings with unconfirmed holds.
// From then on the fold maintains the schedule.
func (p *Projections) beginResuming(u *unfinished, attempts *records[unconfirmedHolds]) error {
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
			err = found.each(func(booking string, unconfirmed *unconfirmedHolds) bool {
				u.schedule(booking, unconfirmed.due(), true)
				return true
			})
		}
		if err != nil {
			return errors.Join(err, all.close())
		}
	}
	return all.each(func(id string, since *int64) bool {
		u.schedule(id, time.Unix(0, *since).Add(resumeAfter), false)
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
	running := make(chan struct{}, maxResumes)
	tick := time.NewTicker(resumeTick)
	defer tick.Stop()
	for {
		for _, id := range u.claimDue(time.Now(), cap(running)-len(running)) {
			running <- struct{}{}
			resuming.Go(func() {
				err := resume(ctx, id)
				<-running
				u.finishResume(id, time.Now(), err)
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

// stop discards the schedule.
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
			break // the resumption that returns next signals dueNow
		}
		r.running = true
		due = append(due, id)
	}
	return due
}

// finishResume applies the result of a resumption. The fold removes a finished entity when the facts of its last
// steps arrive.
func (u *unfinished) finishResume(id string, now time.Time, err error) {
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
