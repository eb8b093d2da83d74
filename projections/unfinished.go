package projections

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"admitone/events"
)

const (
	// resumesAtOnce bounds how many bookings are being resumed at a time.
	resumesAtOnce = 16
	// resumeAfter is how long a booking may make no progress before it is resumed:
	// meanwhile whoever began it is most likely still at it.
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
	return appendInt(appendInt(dst, c.seats), c.allowance)
}

func decodeHolding(record []byte) (holding, error) {
	r := reader{rest: record}
	c := holding{r.int(), r.int()}
	return c, r.done()
}

// have adds to what the booking of a hold has. An error changes nothing.
func (k *boxOffice) have(e *events.Recorded, holdID string, by holding) error {
	booking, _, ok := events.CutHoldID(holdID)
	if !ok {
		return fmt.Errorf("%w: position %d: %s@%d is about %q, which is no hold's id", ErrViolated, e.Position, e.Stream, e.Revision, holdID)
	}
	if by == (holding{}) {
		k.unfinished.progress(booking, e)
		return nil
	}
	before, _, err := k.holdings.find(booking)
	if err != nil {
		return err
	}
	now := holding{before.seats + by.seats, before.allowance + by.allowance}
	if now.seats < 0 || now.allowance < 0 {
		return fmt.Errorf("%w: position %d: %s@%d takes more from the hold %q than it has", ErrViolated, e.Position, e.Stream, e.Revision, holdID)
	}
	if none := (holding{}); before == none || now == none {
		row, err := k.bookings.find(booking)
		if err != nil {
			return err
		}
		if row != nil {
			k.unfinished.settle(&row.row, now, e)
		}
	}
	if now == (holding{}) {
		k.holdings.delete(booking)
	} else {
		k.holdings.set(booking, &now)
	}
	k.unfinished.progress(booking, e)
	return nil
}

// unfinished is the index of the bookings about which something was begun that is
// not done: a payment under way, money or seats that are not given back. Which they
// are is a fold like every view; when to resume them lives in memory alone, while
// somebody does.
type unfinished struct {
	records *records[int64] // by booking: since when, in Unix nanoseconds

	mu sync.Mutex // held for a moment by the fold and by RunUnfinished
	// waiting is nil while nobody resumes anything.
	waiting map[string]*resumption
	// earlier holds one token when something is due at once.
	earlier chan struct{}
}

// resumption is when to resume a booking.
type resumption struct {
	due      time.Time
	running  bool
	failures int
}

func newUnfinished(p *Projections) *unfinished {
	return &unfinished{
		records: newRecords(p, "unfinished", func(dst []byte, since *int64) []byte { return appendInt(dst, *since) }, decodeCount),
		earlier: make(chan struct{}, 1),
	}
}

func (u *unfinished) reset() {
	u.records.reset()
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.waiting)
}

// isUnfinished says whether steps are left of what was begun about a booking.
func isUnfinished(b *Booking, has holding) bool {
	switch b.Status {
	case events.BookingIsPaying:
		return true
	case events.BookingIsExpired, events.BookingIsReleased:
		return b.Refunding || has != holding{}
	}
	return false
}

// settle puts a booking into the index or takes it out, after e.
func (u *unfinished) settle(b *Booking, has holding, e *events.Recorded) {
	if !isUnfinished(b, has) {
		u.records.delete(b.ID)
		u.mu.Lock()
		delete(u.waiting, b.ID)
		u.mu.Unlock()
		return
	}
	since := e.Created.UnixNano()
	u.records.set(b.ID, &since)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		return
	}
	due := e.Created.Add(resumeAfter)
	if e.Type == (&events.BookingExpired{}).Name() {
		due = e.Created // nobody is at it: a deadline did that
	}
	u.wait(b.ID, due)
}

// wait sets when a booking is due; mu must be held.
func (u *unfinished) wait(booking string, due time.Time) {
	r := u.waiting[booking]
	if r == nil {
		r = &resumption{}
		u.waiting[strings.Clone(booking)] = r
	}
	// The log's clock may be another one.
	if now := time.Now(); due.After(now.Add(resumeAfter)) {
		due = now.Add(resumeAfter)
	} else if !due.After(now) {
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

// progress leaves a booking in the index alone for a while longer.
func (u *unfinished) progress(booking string, e *events.Recorded) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if r := u.waiting[booking]; r != nil {
		u.wait(booking, e.Created.Add(resumeAfter))
	}
}

// RunUnfinished resumes the bookings about which something was begun and not done,
// until ctx ends: those of before the program was started, as soon as the views have
// caught up; those whose deadline has passed, at once; and any other that makes no
// progress for some seconds. resume takes the steps that are left, which may be none,
// for whoever began may be slow and not dead. One that fails is tried again, less and
// less often; some 16 are under way at once. All have returned when it does. It is
// called once at a time.
//
// Errors: ctx.Err(); the disk's.
func (p *Projections) RunUnfinished(ctx context.Context, resume func(ctx context.Context, bookingID string) error) error {
	select {
	case <-p.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	k := kindOf[*boxOffice](p)
	if err := p.beginResuming(k.unfinished); err != nil {
		return err
	}
	return k.unfinished.run(ctx, resume)
}

// beginResuming lists what is unfinished now. From then on the fold keeps the list.
func (p *Projections) beginResuming(u *unfinished) error {
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
	u.waiting = map[string]*resumption{}
	return all.each(func(booking string, since *int64) bool {
		u.wait(booking, time.Unix(0, *since).Add(resumeAfter))
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
	all, err := kindOf[*boxOffice](p).unfinished.records.scan("", "\xff")
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
		for _, booking := range u.take(time.Now(), cap(places)-len(places)) {
			places <- struct{}{}
			resuming.Go(func() {
				err := resume(ctx, booking)
				<-places
				u.resumed(booking, time.Now(), err)
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

// take returns up to limit bookings that are due, and marks them as being resumed.
func (u *unfinished) take(now time.Time, limit int) (due []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for booking, r := range u.waiting {
		if r.running || r.due.After(now) {
			continue
		}
		if len(due) == limit {
			break // the next one that returns gives the signal
		}
		r.running = true
		due = append(due, booking)
	}
	return due
}

// resumed takes in how a resumption ended. If it took all steps, the facts that say
// so are on their way, and the fold takes the booking out.
func (u *unfinished) resumed(booking string, now time.Time, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.signal()
	r := u.waiting[booking]
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
