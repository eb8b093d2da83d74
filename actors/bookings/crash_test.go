package bookings

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// dying is a desk of a process that dies: after so many appends it takes nothing any
// more.
type dying struct {
	Desk
	mu   sync.Mutex // one command at a time, so that the appends can be counted
	left int        // guarded by mu
	gone bool       // guarded by mu
}

// Ask carries a command out, or not any more.
func (d *dying) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone = d.gone || d.left == 0; d.gone {
		return actors.Answer{}, errGone
	}
	answer, err := d.Desk.Ask(ctx, request)
	if len(answer.Facts) > 0 && !answer.Replayed {
		d.left--
	}
	return answer, err
}

// View reads an entity, or not any more.
func (d *dying) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return actors.Answer{}, errGone
	}
	return d.Desk.View(ctx, stream, read)
}

// dieAfter lets the process die after so many appends.
func (w *world) dieAfter(appends int) (died func() bool) {
	d := &dying{Desk: w.desk, left: appends}
	w.between(func(Desk) Desk { return d })
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.gone
	}
}

// restart opens another desk, which knows what the log knows.
func (w *world) restart() {
	w.Helper()
	closeDesk(w, w.desk)
	w.start(nil)
}

// The holders of a crash's performance.
func (w *world) ann() string { return "ann-" + w.gala }
func (w *world) bob() string { return "bob-" + w.gala }

// crashes are what a process may be about when it dies. prepare comes before, and
// returns the booking it is about.
var crashes = []struct {
	name    string
	books   bool
	prepare func(w *world) (bookingID string)
	act     func(w *world, bookingID string) error
	// ends says how the booking may end if nobody asks again.
	ends []events.BookingStatus
	// again says what a retry under the same key may hear.
	again []string
}{
	{"booking three seats", true, func(*world) string { return "" }, bookThree,
		[]events.BookingStatus{"", events.BookingIsExpired}, []string{"ok"}},
	{"booking three seats of which the last is taken", true, func(w *world) string {
		w.mustBook(w.bob(), "A-1-3")
		return ""
	}, bookThree, []events.BookingStatus{""}, []string{"seat_taken"}},
	{"booking the best three seats", true, func(*world) string { return "" }, func(w *world, _ string) error {
		_, err := w.Book(w.ctx(), Book{Origin: w.keyed(w.ann(), "k", "best"), PerformanceID: w.gala, Holder: w.ann(), Quantity: 3})
		return err
	}, []events.BookingStatus{"", events.BookingIsExpired}, []string{"ok", "limit_exceeded"}},
	{"booking the best three seats of which the last is taken", true, func(w *world) string {
		w.mustBook(w.bob(), "A-1-3")
		return ""
	}, func(w *world, _ string) error {
		w.blindly()
		_, err := w.Book(w.ctx(), Book{Origin: w.keyed(w.ann(), "k", "best"), PerformanceID: w.gala, Holder: w.ann(), Quantity: 3})
		return err
	}, []events.BookingStatus{"", events.BookingIsExpired}, []string{"ok", "limit_exceeded"}},
	{"paying", false, booked, payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying without money", false, func(w *world) string { return w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3") }, payOvertaken,
		[]events.BookingStatus{events.BookingIsExpired}, []string{"insufficient_balance"}},
	{"paying late", false, late(false), payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying late after the seats were given back", false, late(true), payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying late without money", false, func(w *world) string {
		id := w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3")
		w.clock.move(61 * s)
		return id
	}, payOvertaken, []events.BookingStatus{events.BookingIsExpired}, []string{"insufficient_balance"}},
	{"paying late for seats of which one is gone", false, func(w *world) string {
		id := late(true)(w)
		w.mustBook(w.bob(), "A-1-2")
		return id
	}, payOvertaken, []events.BookingStatus{events.BookingIsExpired}, []string{"hold_expired"}},
	{"giving back what is held", false, booked, cancel,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsReleased}, []string{"ok"}},
	{"giving back what is booked", false, paid, cancel,
		[]events.BookingStatus{events.BookingIsBooked, events.BookingIsReleased}, []string{"ok"}},
	{"extending", false, booked, func(w *world, id string) error {
		_, err := w.Extend(w.ctx(), Extend{Origin: w.keyed(w.ann(), "x", ""), BookingID: id, By: w.ann()})
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
}

func bookThree(w *world, _ string) error {
	_, err := w.Book(w.ctx(), Book{Origin: w.keyed(w.ann(), "k", "three"), PerformanceID: w.gala, Holder: w.ann(),
		Seats: []string{"A-1-1", "A-1-2", "A-1-3"}})
	return err
}

func booked(w *world) string {
	w.charge(w.ann(), 300)
	return w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3")
}

func paid(w *world) string {
	id := booked(w)
	_, err := w.pay(id, w.ann())
	w.want(err, "ok")
	return id
}

func late(settled bool) func(*world) string {
	return func(w *world) string {
		id := booked(w)
		w.clock.move(61 * s)
		if settled {
			w.wake()
			w.resume()
		}
		return id
	}
}

func payKeyed(w *world, id string) error {
	_, err := w.Pay(w.ctx(), Pay{Origin: w.keyed(w.ann(), "p", ""), BookingID: id, By: w.ann()})
	return err
}

func payOvertaken(w *world, id string) error {
	return w.payOvertaken(Pay{Origin: w.keyed(w.ann(), "p", ""), BookingID: id, By: w.ann()})
}

func cancel(w *world, id string) error {
	_, err := w.Cancel(w.ctx(), Cancel{Origin: w.keyed(w.ann(), "c", ""), BookingID: id, By: w.ann()})
	return err
}

// TestACrashAtEveryStep lets the process die between any two appends; it may be
// asked again or not. After a restart, everything is in order at once, and nothing
// is held once the deadlines are over.
func TestACrashAtEveryStep(t *testing.T) {
	for _, crash := range crashes {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, again %t", crash.name, again), func(t *testing.T) {
				w := begin(t, 3, 3, 3)
				for step, died := 0, true; died; step++ {
					w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 3)
					id := crash.prepare(w)
					gone := w.dieAfter(step)
					err := crash.act(w, id)
					if died = gone(); died && code(err) != errGone.Error() {
						t.Fatalf("dying after %d appends: %v", step, err)
					}
					w.restart()
					w.recovered(step)
					if again {
						if err := crash.act(w, id); !slices.Contains(crash.again, code(err)) {
							t.Fatalf("asked again after %d appends: %v, want %v", step, err, crash.again)
						}
						w.check(3)
					}
					w.over(step, id, crash.ends, again)
				}
			})
		}
	}
}

// TestACrashAndALongTime lets the process die between any two appends, and come back
// when every deadline is over and somebody else has paid for the seats that were
// free by then.
func TestACrashAndALongTime(t *testing.T) {
	for _, crash := range crashes {
		t.Run(crash.name, func(t *testing.T) {
			w := begin(t, 3, 3, 3)
			for step, died := 0, true; died; step++ {
				w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 3)
				w.charge(w.bob(), 300)
				id := crash.prepare(w)
				gone := w.dieAfter(step)
				_ = crash.act(w, id)
				died = gone()
				w.restart()
				w.clock.move(200 * s)
				w.wake()
				for _, name := range []string{"A-1-1", "A-1-2"} {
					if answer, err := w.book(w.bob(), name); err == nil {
						_, err = w.pay(answer.Booking.ID, w.bob())
						w.want(err, "ok")
					}
				}
				w.recovered(step)
				w.over(step, id, nil, true)
			}
		})
	}
}

// recovered: what is due expires, what was begun is finished, and then all is in
// order but for seats that are held for nobody.
func (w *world) recovered(step int) {
	w.Helper()
	w.wake()
	w.resume()
	for id, b := range w.check(3).bookings {
		if s := b.State(); s.Status == events.BookingIsPaying || s.Refunding {
			w.Fatalf("step %d leaves booking %s %s, refunding %t", step, id, s.Status, s.Refunding)
		}
	}
}

// over: once deadlines and grace have passed, nothing is held.
func (w *world) over(step int, id string, ends []events.BookingStatus, again bool) {
	w.Helper()
	w.clock.move(121*s + 2*30*s)
	w.wake()
	w.resume()
	h := w.settled(3)
	var end events.BookingStatus
	for other, b := range h.bookings {
		if s := b.State(); s.PerformanceID == w.gala && s.Holder == w.ann() && (id == "" || id == other) {
			end = s.Status
		}
	}
	if !again && !slices.Contains(ends, end) {
		w.Fatalf("step %d ends %q, want one of %q", step, end, ends)
	}
}

// TestACrashWhileResuming lets the process die once at each step, and then once at
// each step of what it does after the restart.
func TestACrashWhileResuming(t *testing.T) {
	for _, crash := range crashes {
		if crash.books {
			continue // there is nothing to resume before it is held
		}
		t.Run(crash.name, func(t *testing.T) {
			w := begin(t, 3, 3, 3)
			for step, died := 0, true; died; step++ {
				for second, diedAgain := 0, true; diedAgain; second++ {
					w.perform(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 3)
					id := crash.prepare(w)
					gone := w.dieAfter(step)
					_ = crash.act(w, id)
					died = gone()
					gone = w.dieAfter(second)
					_ = w.Resume(w.ctx(), w.origin("system"), id)
					diedAgain = gone()
					w.restart()
					w.recovered(step)
					w.over(step, id, crash.ends, false)
				}
			}
		})
	}
}

// TestFaultyAppends: every append in turn fails, lost or in the log after all, and
// the process goes on. Nobody hears of it.
func TestFaultyAppends(t *testing.T) {
	for _, crash := range crashes {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted %t", crash.name, persisted), func(t *testing.T) {
				w := begin(t, 3, 3, 3)
				f := &faulty{Store: w.store, persisted: persisted}
				w.store = f
				w.restart()
				for step, hit := int64(1), true; hit; step++ {
					w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 3)
					id := crash.prepare(w)
					f.in.Store(step)
					err := crash.act(w, id)
					hit = f.in.Swap(0) <= 0
					if !slices.Contains(crash.again, code(err)) {
						t.Fatalf("append %d fails, and so does the request: %v, want %v", step, err, crash.again)
					}
					w.check(3)
					w.over(int(step), id, nil, true)
				}
			})
		}
	}
}

// faulty is a store of which one append fails with an unknown outcome.
type faulty struct {
	events.Store
	in        atomic.Int64 // so many appends later; 0 or less: none
	persisted bool
}

func (f *faulty) Append(ctx context.Context, stream events.StreamID, expected events.Revision, batch []events.Event) (events.Appended, error) {
	if f.in.Load() == 0 || f.in.Add(-1) != 0 {
		return f.Store.Append(ctx, stream, expected, batch)
	}
	if f.persisted {
		if _, err := f.Store.Append(ctx, stream, expected, batch); err != nil {
			return events.Appended{}, err
		}
	}
	return events.Appended{}, fmt.Errorf("%w: this one", events.ErrUnknown)
}
