package bookings

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// crashingDesk is the desk of a process that crashes after a number of appends.
type crashingDesk struct {
	actors.Dispatcher
	mu   sync.Mutex // one command at a time, so that the appends can be counted
	left int        // guarded by mu
	gone bool       // guarded by mu
	// backwards: in a turn, only the last appends are executed.
	backwards bool
}

// Ask executes a command, or fails after the crash.
func (d *crashingDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone = d.gone || d.left == 0; d.gone {
		return actors.Answer{}, errGone
	}
	answer, err := d.Dispatcher.Ask(ctx, request)
	if len(answer.Facts) > 0 && !answer.Replayed {
		d.left--
	}
	return answer, err
}

// AskEach executes the commands of a turn. If the process crashes in it, only the first ones or the
// last are executed.
func (d *crashingDesk) AskEach(ctx context.Context, requests []actors.Request) ([]actors.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return nil, errGone
	}
	if d.left >= len(requests) {
		results, err := d.Dispatcher.(*actors.Desk).AskEach(ctx, requests)
		for _, r := range results {
			if len(r.Answer.Facts) > 0 && !r.Answer.Replayed {
				d.left--
			}
		}
		return results, err
	}
	d.gone = true
	survive := requests[:d.left]
	if d.backwards {
		survive = requests[len(requests)-d.left:]
	}
	for _, request := range survive {
		_, _ = d.Dispatcher.Ask(ctx, request)
	}
	return nil, errGone
}

// AppendsTogether makes processes take their steps concurrently, except in the run that tests the
// others.
func (d *crashingDesk) AppendsTogether() bool { return os.Getenv(separately) == oneCommand }

// View reads an entity, or fails after the crash.
func (d *crashingDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return actors.Answer{}, errGone
	}
	return d.Dispatcher.View(ctx, stream, read)
}

// dieAfter makes the process crash after a number of appends.
func (w *harness) dieAfter(appends int) (died func() bool) {
	d := &crashingDesk{Dispatcher: w.desk, left: appends, backwards: w.backwards}
	w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return d })
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.gone
	}
}

// restart opens another desk, which has observed the whole log.
func (w *harness) restart() {
	w.Helper()
	closeDesk(w, w.desk)
	w.start(nil)
}

// The holders of a crash's performance.
func (w *harness) ann() events.Holder { return events.Holder("ann-" + string(w.gala)) }
func (w *harness) bob() events.Holder { return events.Holder("bob-" + string(w.gala)) }

// crash is a command during which a process crashes. prepare runs before it, and returns the
// booking that it concerns.
type crash struct {
	name    string
	books   bool
	prepare func(w *harness) (bookingID events.BookingID)
	act     func(w *harness, bookingID events.BookingID) error
	// ends lists the permitted final states of the booking without a retry.
	ends []events.BookingStatus
	// again lists the permitted results of a retry under the same key.
	again []string
}

// crashes lists all cases; init functions add others.
var crashes = []crash{
	{"booking three seats", true, func(*harness) events.BookingID { return "" }, bookThree,
		[]events.BookingStatus{"", events.BookingIsExpired}, []string{"ok"}},
	{"booking three seats of which the last is taken", true, func(w *harness) events.BookingID {
		w.mustBook(w.bob(), "A-1-3")
		return ""
	}, bookThree, []events.BookingStatus{""}, []string{"seat_taken"}},
	{
		"booking the best three seats",
		true,
		func(*harness) events.BookingID { return "" },
		func(w *harness, _ events.BookingID) error {
			_, err := w.Book(
				w.ctx(),
				Book{Origin: w.keyed(string(w.ann()), "k", "best"), PerformanceID: w.gala, Holder: w.ann(), Quantity: 3},
			)
			return err
		},
		[]events.BookingStatus{"", events.BookingIsExpired},
		[]string{"ok"},
	},
	{"booking the best three seats of which the last is taken", true, func(w *harness) events.BookingID {
		w.mustBook(w.bob(), "A-1-3")
		return ""
	}, func(w *harness, _ events.BookingID) error {
		w.chooseFromEmptyMap()
		_, err := w.Book(
			w.ctx(),
			Book{Origin: w.keyed(string(w.ann()), "k", "best"), PerformanceID: w.gala, Holder: w.ann(), Quantity: 3},
		)
		return err
	}, []events.BookingStatus{"", events.BookingIsExpired}, []string{"ok"}},
	{"booking three seats of a hall of three", true, func(w *harness) events.BookingID {
		w.perform(string(w.gala)+"-small", 1, 3, 3)
		w.charge(w.bob(), 300)
		return ""
	}, func(w *harness, _ events.BookingID) error {
		_, err := w.Book(
			w.ctx(),
			Book{Origin: w.keyed(string(w.ann()), "k", "all"), PerformanceID: w.gala, Holder: w.ann(), Quantity: 3},
		)
		return err
	}, []events.BookingStatus{"", events.BookingIsExpired}, []string{"ok"}},
	{"paying", false, booked, payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{
		"paying without money",
		false,
		func(w *harness) events.BookingID { return w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3") },
		payOvertaken,
		[]events.BookingStatus{events.BookingIsExpired},
		[]string{"insufficient_balance"},
	},
	{"paying late", false, latePayment(false), payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying late after the seats were given back", false, latePayment(true), payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying late without money", false, func(w *harness) events.BookingID {
		id := w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3")
		w.clock.move(61 * s)
		return id
	}, payOvertaken, []events.BookingStatus{events.BookingIsExpired}, []string{"insufficient_balance", "hold_expired"}},
	{"paying late for seats of which one is gone", false, func(w *harness) events.BookingID {
		id := latePayment(true)(w)
		w.mustBook(w.bob(), "A-1-2")
		return id
	}, payOvertaken, []events.BookingStatus{events.BookingIsExpired}, []string{"hold_expired"}},
	{"beginning an intent", false, booked, beginIntent, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"beginning an intent for seats that run out", false, latePayment(true), beginIntent,
		[]events.BookingStatus{events.BookingIsExpired}, []string{"hold_expired"}},
	{"ending an intent after the booking's deadline", false, func(w *harness) events.BookingID {
		id := booked(w)
		w.want(beginIntent(w, id), "ok")
		w.clock.move(61 * s)
		return id
	}, func(w *harness, id events.BookingID) error {
		_, err := w.EndIntent(w.ctx(), EndIntent{Origin: w.origin("shop"), BookingID: id})
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"reporting a wrong sum while it waits", false, func(w *harness) events.BookingID {
		id := booked(w)
		w.want(beginIntent(w, id), "ok")
		return id
	}, func(w *harness, id events.BookingID) error {
		_, err := w.report(id, string(w.gala), 299, true)
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"reporting money in time", false, booked, reportAll,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"reporting money late", false, latePayment(true), reportAll,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"reporting money in time whose seats run out meanwhile", false, booked, reportSlowly,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"reporting money late for seats of which one is gone", false, func(w *harness) events.BookingID {
		id := latePayment(true)(w)
		w.mustBook(w.bob(), "A-1-2")
		return id
	}, reportAll, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"reporting a wrong sum", false, booked, func(w *harness, id events.BookingID) error {
		_, err := w.report(id, string(w.gala), 299, true)
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"giving back what was paid outside", false, func(w *harness) events.BookingID {
		id := booked(w)
		w.want(reportAll(w, id), "ok")
		return id
	}, cancel, []events.BookingStatus{events.BookingIsBooked, events.BookingIsReleased}, []string{"ok"}},
	{"giving back a held booking", false, booked, cancel,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsReleased}, []string{"ok"}},
	{"giving back a paid booking", false, paid, cancel,
		[]events.BookingStatus{events.BookingIsBooked, events.BookingIsReleased}, []string{"ok"}},
	{"extending", false, booked, func(w *harness, id events.BookingID) error {
		_, err := w.Extend(w.ctx(), Extend{Origin: w.keyed(string(w.ann()), "x", ""), BookingID: id, By: w.ann()})
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
}

func bookThree(w *harness, _ events.BookingID) error {
	_, err := w.Book(w.ctx(), Book{Origin: w.keyed(string(w.ann()), "k", "three"), PerformanceID: w.gala, Holder: w.ann(),
		Seats: []events.SeatName{"A-1-1", "A-1-2", "A-1-3"}})
	return err
}

func booked(w *harness) events.BookingID {
	w.charge(w.ann(), 300)
	return w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3")
}

func paid(w *harness) events.BookingID {
	id := booked(w)
	_, err := w.pay(id, w.ann())
	w.want(err, "ok")
	return id
}

func latePayment(settled bool) func(*harness) events.BookingID {
	return func(w *harness) events.BookingID {
		id := booked(w)
		w.clock.move(61 * s)
		if settled {
			w.wake()
			w.resume()
		}
		return id
	}
}

func payKeyed(w *harness, id events.BookingID) error {
	_, err := w.Pay(w.ctx(), Pay{Origin: w.keyed(string(w.ann()), "p", ""), BookingID: id, By: w.ann()})
	return err
}

func payOvertaken(w *harness, id events.BookingID) error {
	return w.payOvertaken(Pay{Origin: w.keyed(string(w.ann()), "p", ""), BookingID: id, By: w.ann()})
}

func cancel(w *harness, id events.BookingID) error {
	_, err := w.Cancel(w.ctx(), Cancel{Origin: w.keyed(string(w.ann()), "c", ""), BookingID: id, By: w.ann()})
	return err
}

// TestACrashAtEveryStep crashes the process between any two appends. The command is retried or not,
// at once or after it was resumed. After a restart, everything is immediately consistent, and
// nothing is held without a booking.
func TestACrashAtEveryStep(t *testing.T) {
	for _, crash := range crashes {
		for _, again := range []string{"no", "at once", "later", "at once, backwards", "later, backwards"} {
			t.Run(fmt.Sprintf("%s, again: %s", crash.name, again), func(t *testing.T) {
				crash.atEveryStep(beginInMemory(t, 3, 3, 3), again)
			})
		}
	}
}

// atEveryStep crashes the process between any two appends, on one log.
func (c *crash) atEveryStep(w *harness, again string) {
	w.Helper()
	again, w.backwards = strings.CutSuffix(again, ", backwards")
	for step, died := 0, true; died; step++ {
		w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 3)
		id := c.prepare(w)
		gone := w.dieAfter(step)
		err := c.act(w, id)
		if died = gone(); died && code(err) != errGone.Error() {
			w.Fatalf("crash after %d appends: unexpected error %v", step, err)
		}
		w.restart()
		if again != "at once" {
			w.checkRecovered(step)
			w.noOrphanedHolds(step)
		}
		if again != "no" {
			if err := c.act(w, id); !slices.Contains(c.again, code(err)) {
				w.Fatalf("requested again after %d appends: %v, want %v", step, err, c.again)
			}
			w.check(3)
			w.noOrphanedHolds(step)
		}
		w.checkEnd(step, id, c.ends, again != "no")
	}
}

// TestACrashOfTheRetryToo crashes the process between any two appends of a booking, and again
// between any two appends of its retry, or of its closing.
func TestACrashOfTheRetryToo(t *testing.T) {
	for _, crash := range crashes {
		if !crash.books {
			continue // covered by TestACrashWhileResuming
		}
		for _, retried := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, retried: %t", crash.name, retried), func(t *testing.T) {
				w := beginInMemory(t, 3, 3, 3)
				for step, died := 0, true; died; step++ {
					for second, diedAgain := 0, true; diedAgain; second++ {
						w.perform(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 3)
						id := crash.prepare(w)
						gone := w.dieAfter(step)
						_ = crash.act(w, id)
						died = gone()
						w.restart()
						gone = w.dieAfter(second)
						if retried {
							_ = crash.act(w, id)
						} else {
							for _, id := range w.read().unowned() {
								_ = w.Resume(w.ctx(), w.origin("system"), id)
							}
						}
						diedAgain = gone()
						w.restart()
						if err := crash.act(w, id); !slices.Contains(crash.again, code(err)) {
							t.Fatalf("requested again after %d and %d appends: %v, want %v", step, second, err, crash.again)
						}
						w.check(3)
						w.noOrphanedHolds([2]int{step, second})
					}
				}
			})
		}
	}
}

// TestCrashBeforeALongPause crashes the process between any two appends, and restarts it after every
// deadline, when another caller has paid for the seats that were free by then.
func TestCrashBeforeALongPause(t *testing.T) {
	for _, crash := range crashes {
		t.Run(crash.name, func(t *testing.T) {
			w := beginInMemory(t, 3, 3, 3)
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
				for _, name := range []events.SeatName{"A-1-1", "A-1-2"} {
					if answer, err := w.book(w.bob(), name); err == nil {
						_, err = w.pay(answer.Booking.ID, w.bob())
						w.want(err, "ok")
					}
				}
				w.checkRecovered(step)
				w.checkEnd(step, id, nil, true)
			}
		})
	}
}
