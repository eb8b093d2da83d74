package process_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// purchases are cases for each way in which a process can end: completed, or refused at some step.
var purchases = []struct {
	name           string
	balance, limit int64
	taken          events.SeatName // a seat of another holder
	code, end      string
	facts          string
}{
	{"completed", 300, 2, "", "ok", "booked",
		"allowance.taken seat.held seat.held wallet.debited seat.booked seat.booked booking.booked"},
	{"refused at the first step", 300, 1, "", "limit_exceeded", "nothing",
		"wallet.cancelled booking.payment_failed"},
	{"refused within a stage", 300, 2, seats[1], "seat_taken", "nothing",
		"allowance.taken seat.held wallet.cancelled seat.released allowance.released booking.payment_failed"},
	{"refused between stages", 100, 2, "", "insufficient_balance", "nothing",
		"allowance.taken seat.held seat.held " +
			"wallet.cancelled seat.released seat.released allowance.released booking.payment_failed"},
}

// announceCase announces the n-th purchase of case i.
func (w *harness) announceCase(i, n int) purchase {
	w.Helper()
	test := purchases[i]
	p := w.announce(events.BookingID(fmt.Sprintf("b%d-%d", i, n)), test.balance, test.limit)
	if test.taken != "" {
		w.do(p.seat(test.taken), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	}
	return p
}

func refusalCode(err error) string {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return string(refusal.Code)
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}

func shortNames(names []string) string {
	return strings.ReplaceAll(strings.Join(names, " "), ".v1", "")
}

// TestRun checks that the steps are taken in order, and that after a refused one the process is
// closed, the steps taken are undone in reverse order and the announcement is withdrawn before the
// refusal is returned. A run of a process that has ended changes nothing.
func TestRun(t *testing.T) {
	w := newHarness(t)
	for i, test := range purchases {
		t.Run(test.name, func(t *testing.T) {
			p := w.announceCase(i, 0)
			var observed []string
			var mu sync.Mutex
			err := p.resume(t.Context(), w.desk, func(facts []events.Fact) {
				mu.Lock()
				defer mu.Unlock()
				for _, fact := range facts {
					observed = append(observed, fact.Name())
				}
			})
			names, _ := w.recorded(p)
			if end := w.outcome(p, test.balance); refusalCode(err) != test.code || end != test.end {
				t.Errorf("Run = %v, want %s; outcome %q, want %q", err, test.code, end, test.end)
			}
			if got, observedFacts := shortNames(names), shortNames(observed); got != test.facts || observedFacts != test.facts {
				t.Errorf("recorded\n%s\nobserved\n%s\nwant both\n%s", got, observedFacts, test.facts)
			}
			if err := p.resume(t.Context(), w.desk, nil); err != nil {
				t.Error(err)
			}
			if again, _ := w.recorded(p); len(again) != len(names) {
				t.Errorf("after another run: facts %s, want no new ones", shortNames(again))
			}
		})
	}
}

// TestCrash lets a node crash at every step and every undo, before or after it is recorded. It checks
// that another node resumes from the stream and ends the process as without the crash, that no id stands
// for two decisions, and that nothing is decided twice unless it was undone in between.
func TestCrash(t *testing.T) {
	for i, test := range purchases {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted: %t", test.name, persisted), func(t *testing.T) {
				w := newHarness(t)
				for step, crashed := 0, true; crashed; step++ {
					p := w.announceCase(i, step)
					f := &faults{Dispatcher: w.desk, at: step, persisted: persisted, crash: true}
					err := p.resume(t.Context(), f, nil)
					if crashed = f.injected; crashed && !errors.Is(err, errCrashed) {
						t.Fatalf("crash at step %d: error %v, want %v", step, err, errCrashed)
					}
					names, _ := w.recorded(p)
					w.desk = w.node()
					err = p.resume(t.Context(), w.desk, nil)
					if !slices.Contains([]string{"ok", test.code, "not_held"}, refusalCode(err)) {
						t.Errorf("resumed at step %d: %v, want ok, %s or not_held", step, err, test.code)
					}
					w.checkEnd(p, i, step, !slices.Contains(names, "wallet.cancelled.v1"))
				}
			})
		}
	}
}

// checkEnd checks that the purchase has ended like purchases[i], and that no id was used twice. If
// exact, it also checks that the same decisions were made as without faults.
func (w *harness) checkEnd(p purchase, i int, step any, exact bool) {
	w.Helper()
	names, reused := w.recorded(p)
	slices.Sort(names)
	want := strings.Fields(purchases[i].facts)
	slices.Sort(want)
	if end := w.outcome(p, purchases[i].balance); end != purchases[i].end || reused > 0 {
		w.Errorf("step %v: outcome %q, want %q; %d ids used twice, want 0", step, end, purchases[i].end, reused)
	}
	if got, want := shortNames(names), strings.Join(want, " "); exact && got != want {
		w.Errorf("step %v: facts\n%s, want\n%s", step, got, want)
	}
}

// TestUnknownOutcome loses the command or the answer of each step and undo of an announced process.
// It checks that the runner reads the entity, retries, and ends as without the fault.
func TestUnknownOutcome(t *testing.T) {
	for i, test := range purchases {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted: %t", test.name, persisted), func(t *testing.T) {
				w := newHarness(t)
				for step, injected := 0, true; injected; step++ {
					p := w.announceCase(i, step)
					f := &faults{Dispatcher: w.desk, at: step, persisted: persisted}
					err := p.resume(t.Context(), f, nil)
					if injected = f.injected; refusalCode(err) != test.code {
						t.Errorf("step %d: %v, want %v", step, err, test.code)
					}
					w.checkEnd(p, i, step, true)
				}
			})
		}
	}
}

// TestUnknownOutcomeUnannounced checks that a process that is not announced is undone, including the
// step whose outcome is unknown, and that the failure is returned.
func TestUnknownOutcomeUnannounced(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		w := newHarness(t)
		for step, injected := 0, true; injected; step++ {
			p := w.announceCase(0, step)
			f := &faults{Dispatcher: w.desk, at: step, persisted: persisted}
			r := &process.Runner{Entities: f}
			all, err := p.describe(t.Context(), f, r)
			if err != nil {
				t.Fatal(err)
			}
			all.Announced, all.Stages = false, all.Stages[:2]
			err = r.Run(t.Context(), from, all)
			if injected = f.injected; !injected {
				break
			}
			if !errors.Is(err, actors.ErrUnavailable) || w.outcome(p, 300) != "nothing" {
				t.Errorf("step %d, persisted %t: error %v, outcome %s; want %v, nothing",
					step, persisted, err, w.outcome(p, 300), actors.ErrUnavailable)
			}
		}
	}
}

// TestFailureAnnounced checks that a failure undoes nothing of an announced process, that overload is
// returned as an unknown outcome, and that the next run completes the process.
func TestFailureAnnounced(t *testing.T) {
	w := newHarness(t)
	for step := range 7 {
		p := w.announceCase(0, step)
		f := &faults{Dispatcher: w.desk, at: step, err: actors.ErrOverloaded}
		err := p.resume(t.Context(), f, nil)
		if errors.Is(err, actors.ErrOverloaded) || !errors.Is(err, actors.ErrUnavailable) ||
			w.outcome(p, 300) == "nothing" {
			t.Errorf("step %d: error %v, outcome %q; want %v and any outcome but nothing", step, err, w.outcome(p, 300),
				actors.ErrUnavailable)
		}
		if err := p.resume(t.Context(), w.desk, nil); err != nil {
			t.Errorf("step %d, next run: %v, want success", step, err)
		}
		w.checkEnd(p, 0, step, true)
	}
}

// TestRefusalAfterAnotherRunEnded checks that if a refusal means that another run has ended the
// process, all steps are undone, including later ones.
func TestRefusalAfterAnotherRunEnded(t *testing.T) {
	w := newHarness(t)
	for _, ended := range []bool{false, true} {
		p := purchase{id: events.BookingID(fmt.Sprintf("over-%t", ended))}
		w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
		w.do(p.seat(seats[1]), &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour})
		all := &process.Process{ID: string(p.hold())}
		for _, name := range seats {
			all.Stages = append(all.Stages, process.Stage{Steps: []process.Step{{Name: "take", Stream: p.seat(name),
				Do:      &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour},
				Undo:    &seat.Release{HoldID: p.hold(), Reason: events.ReleasedIncomplete},
				Refused: func(context.Context, error) (error, bool) { return errEnded, ended }}}})
		}
		r := process.Runner{Entities: w.desk}
		if err := r.Run(t.Context(), from, all); !errors.Is(err, errEnded) {
			t.Errorf("ended %t: Run = %v, want %v", ended, err, errEnded)
		}
		_, err := w.desk.View(t.Context(), p.seat(seats[1]), func(c core.Core) {
			if free := c.(*seat.Seat).Status() == events.SeatIsFree; free != ended {
				t.Errorf("ended %t: seat of the later step free = %t, want %t", ended, free, ended)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestProcessWithoutUndoIsClosed checks that a process whose steps need no undo is closed before its
// announcement is withdrawn.
func TestProcessWithoutUndoIsClosed(t *testing.T) {
	w := newHarness(t)
	p := purchase{id: "nothing"}
	w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	w.do(p.seat(seats[1]), &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour})
	status := func() (status events.SeatStatus) {
		_, err := w.desk.View(t.Context(), p.seat(seats[1]), func(c core.Core) { status = c.(*seat.Seat).Status() })
		if err != nil {
			t.Error(err)
		}
		return status
	}
	closed := 0
	r := process.Runner{Entities: w.desk}
	err := r.Run(t.Context(), from, &process.Process{ID: string(p.hold()), Announced: true,
		Stages: []process.Stage{{Steps: []process.Step{{Name: "take", Stream: p.seat(seats[0]),
			Do: &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour}}}}},
		Close: func(context.Context) error {
			if closed++; status() != events.SeatIsHeld {
				t.Errorf("at Close: announcement %s, want %s", status(), events.SeatIsHeld)
			}
			return nil
		},
		Withdraw: &process.Step{Name: "announced", Stream: p.seat(seats[1]),
			Undo: &seat.Release{HoldID: p.hold(), Reason: events.ReleasedIncomplete}}})
	if refusalCode(err) != "seat_taken" || closed != 1 || status() != events.SeatIsFree {
		t.Errorf("Run = %v, Close was called %d times, the announcement is %s; want seat_taken, 1, %s",
			err, closed, status(), events.SeatIsFree)
	}
}

// TestRetryOnlyInOrderedStages checks that a refused step is retried only in an ordered stage, even
// if the stage has one step.
func TestRetryOnlyInOrderedStages(t *testing.T) {
	w := newHarness(t)
	p := purchase{id: "again"}
	w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	r := process.Runner{Entities: w.desk}
	for _, ordered := range []bool{false, true} {
		calls := 0
		err := r.Run(t.Context(), from, &process.Process{ID: fmt.Sprint(ordered), Stages: []process.Stage{{Ordered: ordered,
			Steps: []process.Step{{Name: "take", Stream: p.seat(seats[0]),
				Do:    &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour},
				Retry: func(context.Context, error) bool { calls++; return calls < 3 }}}}}})
		if want := map[bool]int{true: 3}[ordered]; refusalCode(err) != "seat_taken" || calls != want {
			t.Errorf("ordered %t: Run = %v, Retry was called %d times; want seat_taken, %d", ordered, err, calls, want)
		}
	}
}

// TestTwoRunners lets two nodes resume one process concurrently, after a third has crashed at each step.
// It checks that both return the result of the process, or not_held if the other has closed it, that no
// id stands for two decisions, and that a completed process has made every decision once.
func TestTwoRunners(t *testing.T) {
	for i, test := range purchases {
		t.Run(test.name, func(t *testing.T) {
			w := newHarness(t)
			other := w.node()
			for step, crashed := 0, true; crashed; step++ {
				p := w.announceCase(i, step)
				f := &faults{Dispatcher: w.node(), at: step, crash: true}
				_ = p.resume(t.Context(), f, nil)
				crashed = f.injected
				var both sync.WaitGroup
				for _, desk := range []*actors.Desk{w.desk, other} {
					both.Go(func() {
						err := p.resume(context.Background(), desk, nil)
						if !slices.Contains([]string{"ok", test.code, "not_held"}, refusalCode(err)) {
							t.Errorf("step %d: %v, want ok, %s or not_held", step, err, test.code)
						}
					})
				}
				both.Wait()
				w.desk = w.node() // reads the whole log
				w.checkEnd(p, i, step, test.end == "booked")
			}
		})
	}
}

// TestReplayedAnswerIsChecked checks that a step whose earlier decision no longer holds is taken
// again under a new id, and that nothing is decided if it still holds.
func TestReplayedAnswerIsChecked(t *testing.T) {
	w := newHarness(t)
	p := purchase{id: "again"}
	hold := &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour}
	all := &process.Process{ID: string(p.hold()), Stages: []process.Stage{{Steps: []process.Step{
		{Name: "take", Stream: p.seat(seats[0]), Do: hold},
	}}}}
	run := func(want int) {
		t.Helper()
		r := process.Runner{Entities: w.desk}
		if err := r.Run(t.Context(), from, all); err != nil {
			t.Fatal(err)
		}
		if names, reused := w.recorded(p); len(names) != want || reused != 0 {
			t.Errorf("facts = %s, want %d; %d ids used twice, want 0", shortNames(names), want, reused)
		}
	}
	for taken := range 3 {
		run(taken + 1)
		run(taken + 1)
		w.do(p.seat(seats[0]), &seat.Release{HoldID: p.hold(), Reason: events.ReleasedCancelled})
	}
	w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	r := process.Runner{Entities: w.desk}
	if err := r.Run(t.Context(), from, all); refusalCode(err) != "seat_taken" {
		t.Errorf("with the seat held by another: Run = %v, want seat_taken", err)
	}
}

// TestID checks that the ids in existing logs never change.
func TestID(t *testing.T) {
	if got := process.ID("booked", "b.1"); got != actors.KeyedCommandID("", "booked/b.1") {
		t.Errorf("ID = %s, want %s", got, actors.KeyedCommandID("", "booked/b.1"))
	}
	const want = "kxn2nC9HShmtRGM9QE0msAA.47DEQpj8HBQ"
	if got := process.ID("booked", "0190a5b4-0000-7000-8000-000000000001.1"); got != want {
		t.Errorf("ID = %s, want %s", got, want)
	}
}

// TestPanic checks that the panic of a concurrent step becomes its error, and ends nothing else.
func TestPanic(t *testing.T) {
	at, err := process.Each([]int{1, 2, 3}, func(i *int) error {
		if *i == 2 {
			panic("two")
		}
		return nil
	})
	if at != 1 || !errors.Is(err, actors.ErrBroken) || !strings.Contains(err.Error(), "two") {
		t.Errorf("Each = %d, %v; want 1, %v with the panic", at, err, actors.ErrBroken)
	}
}
