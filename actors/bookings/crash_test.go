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
	mu      sync.Mutex // one command at a time, so that the appends can be counted
	left    int        // guarded by mu
	crashed bool       // guarded by mu
	// backwards makes a crash in AskEach execute the last requests instead of the first.
	backwards bool
}

// Ask executes a command, or fails after the crash.
func (d *crashingDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crashed = d.crashed || d.left == 0; d.crashed {
		return actors.Answer{}, errCrashed
	}
	answer, err := d.Dispatcher.Ask(ctx, request)
	if len(answer.Facts) > 0 && !answer.Replayed {
		d.left--
	}
	return answer, err
}

// AskEach executes commands. If the process crashes meanwhile, only the first commands are executed or, with
// backwards, the last.
func (d *crashingDesk) AskEach(ctx context.Context, requests []actors.Request) ([]actors.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crashed {
		return nil, errCrashed
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
	d.crashed = true
	executed := requests[:d.left]
	if d.backwards {
		executed = requests[len(requests)-d.left:]
	}
	for _, request := range executed {
		_, _ = d.Dispatcher.Ask(ctx, request)
	}
	return nil, errCrashed
}

// AppendsTogether makes processes run their steps concurrently, unless the tests run with oneCommand.
func (d *crashingDesk) AppendsTogether() bool { return os.Getenv(separatelyEnv) == oneCommand }

// View reads an entity, or fails after the crash.
func (d *crashingDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crashed {
		return actors.Answer{}, errCrashed
	}
	return d.Dispatcher.View(ctx, stream, read)
}

// crashAfter makes the process crash after a number of appends.
func (w *harness) crashAfter(appends int) (firstCrashed func() bool) {
	d := &crashingDesk{Dispatcher: w.desk, left: appends, backwards: w.backwards}
	w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return d })
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.crashed
	}
}

// restart closes the desk and opens another on the same log.
func (w *harness) restart() {
	w.Helper()
	closeDesk(w, w.desk)
	w.start(nil)
}

// ann and bob return holders whose names are unique to the current performance.
func (w *harness) ann() events.Holder { return events.Holder("ann-" + string(w.gala)) }
func (w *harness) bob() events.Holder { return events.Holder("bob-" + string(w.gala)) }

// crash is a command during which a process crashes. prepare runs before the command and returns its booking.
type crash struct {
	name    string
	books   bool // the command makes a booking
	prepare func(w *harness) (bookingID events.BookingID)
	act     func(w *harness, bookingID events.BookingID) error
	// finalStatuses lists the permitted final states of the booking without a retry.
	finalStatuses []events.BookingStatus
	// retry lists the permitted results of a retry under the same key.
	retry []string
}

// crashes lists all crashes; init functions of other files add more.
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
		w.createPerformance(string(w.gala)+"-small", 1, 3, 3)
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
		"paying with insufficient balance",
		false,
		func(w *harness) events.BookingID { return w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3") },
		payOvertaken,
		[]events.BookingStatus{events.BookingIsExpired},
		[]string{"insufficient_balance"},
	},
	{"paying late", false, latePayment(false), payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying late after the seats were released", false, latePayment(true), payKeyed,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"paying late with insufficient balance", false, func(w *harness) events.BookingID {
		id := w.mustBook(w.ann(), "A-1-1", "A-1-2", "A-1-3")
		w.clock.move(61 * s)
		return id
	}, payOvertaken, []events.BookingStatus{events.BookingIsExpired}, []string{"insufficient_balance", "hold_expired"}},
	{"paying late for seats of which one is taken", false, func(w *harness) events.BookingID {
		id := latePayment(true)(w)
		w.mustBook(w.bob(), "A-1-2")
		return id
	}, payOvertaken, []events.BookingStatus{events.BookingIsExpired}, []string{"hold_expired"}},
	{"beginning an intent", false, booked, beginIntent, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"beginning an intent after the seats expired", false, latePayment(true), beginIntent,
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
	{"reporting a wrong amount during an intent", false, func(w *harness) events.BookingID {
		id := booked(w)
		w.want(beginIntent(w, id), "ok")
		return id
	}, func(w *harness, id events.BookingID) error {
		_, err := w.report(id, string(w.gala), 299, true)
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"reporting a payment in time", false, booked, reportAll,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"reporting a late payment", false, latePayment(true), reportAll,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"reporting a payment whose seats expire meanwhile", false, booked, reportSlowly,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsBooked}, []string{"ok"}},
	{"reporting a late payment for seats of which one is taken", false, func(w *harness) events.BookingID {
		id := latePayment(true)(w)
		w.mustBook(w.bob(), "A-1-2")
		return id
	}, reportAll, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"reporting a wrong amount", false, booked, func(w *harness, id events.BookingID) error {
		_, err := w.report(id, string(w.gala), 299, true)
		return err
	}, []events.BookingStatus{events.BookingIsExpired}, []string{"ok"}},
	{"releasing an externally paid booking", false, func(w *harness) events.BookingID {
		id := booked(w)
		w.want(reportAll(w, id), "ok")
		return id
	}, cancel, []events.BookingStatus{events.BookingIsBooked, events.BookingIsReleased}, []string{"ok"}},
	{"releasing a held booking", false, booked, cancel,
		[]events.BookingStatus{events.BookingIsExpired, events.BookingIsReleased}, []string{"ok"}},
	{"releasing a paid booking", false, paid, cancel,
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
			w.expireDue()
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

// TestCrashAtEveryStep crashes the process after each number of appends. The command is not retried, retried
// immediately, or retried after it was resumed. After the restart, the log must be consistent and nothing held
// without a booking.
func TestCrashAtEveryStep(t *testing.T) {
	for _, crash := range crashes {
		for _, again := range []string{"no", "immediately", "later", "immediately, backwards", "later, backwards"} {
			t.Run(fmt.Sprintf("%s, retry: %s", crash.name, again), func(t *testing.T) {
				crash.testEveryStep(newMemoryHarness(t, 3, 3, 3), again)
			})
		}
	}
}

// testEveryStep crashes the process after each number of appends, on one log.
func (c *crash) testEveryStep(w *harness, again string) {
	w.Helper()
	again, w.backwards = strings.CutSuffix(again, ", backwards")
	for step, firstCrashed := 0, true; firstCrashed; step++ {
		w.createPerformance(fmt.Sprintf("gala-%d", step), 3, 3, 3)
		id := c.prepare(w)
		hasCrashed := w.crashAfter(step)
		err := c.act(w, id)
		if firstCrashed = hasCrashed(); firstCrashed && code(err) != errCrashed.Error() {
			w.Fatalf("crash after %d appends: got error %v, want errCrashed", step, err)
		}
		w.restart()
		if again != "immediately" {
			w.checkRecovered(step)
			w.checkNoOrphanedHolds(step)
		}
		if again != "no" {
			if err := c.act(w, id); !slices.Contains(c.retry, code(err)) {
				w.Fatalf("retry after %d appends: got %v, want one of %v", step, err, c.retry)
			}
			w.check(3)
			w.checkNoOrphanedHolds(step)
		}
		w.checkEnd(step, id, c.finalStatuses, again != "no")
	}
}

// TestCrashAgainDuringRetry crashes the process after each number of appends of a booking, and again after each
// number of appends of its retry or its resumption.
func TestCrashAgainDuringRetry(t *testing.T) {
	for _, crash := range crashes {
		if !crash.books {
			continue // covered by TestCrashWhileResuming
		}
		for _, retried := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, retried: %t", crash.name, retried), func(t *testing.T) {
				w := newMemoryHarness(t, 3, 3, 3)
				for step, firstCrashed := 0, true; firstCrashed; step++ {
					for second, secondCrashed := 0, true; secondCrashed; second++ {
						w.createPerformance(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 3)
						id := crash.prepare(w)
						hasCrashed := w.crashAfter(step)
						_ = crash.act(w, id)
						firstCrashed = hasCrashed()
						w.restart()
						hasCrashed = w.crashAfter(second)
						if retried {
							_ = crash.act(w, id)
						} else {
							for _, id := range w.read().orphanedBookings() {
								_ = w.Resume(w.ctx(), w.origin("system"), id)
							}
						}
						secondCrashed = hasCrashed()
						w.restart()
						if err := crash.act(w, id); !slices.Contains(crash.retry, code(err)) {
							t.Fatalf("retry after %d and %d appends: got %v, want one of %v", step, second, err, crash.retry)
						}
						w.check(3)
						w.checkNoOrphanedHolds([2]int{step, second})
					}
				}
			})
		}
	}
}

// TestCrashBeforeALongPause crashes the process after each number of appends, and resumes after all deadlines,
// when another holder has paid for seats that were free by then.
func TestCrashBeforeALongPause(t *testing.T) {
	for _, crash := range crashes {
		t.Run(crash.name, func(t *testing.T) {
			w := newMemoryHarness(t, 3, 3, 3)
			for step, firstCrashed := 0, true; firstCrashed; step++ {
				w.createPerformance(fmt.Sprintf("gala-%d", step), 3, 3, 3)
				w.charge(w.bob(), 300)
				id := crash.prepare(w)
				hasCrashed := w.crashAfter(step)
				_ = crash.act(w, id)
				firstCrashed = hasCrashed()
				w.restart()
				w.clock.move(200 * s)
				w.expireDue()
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
