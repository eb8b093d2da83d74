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

// purchases are the ways in which a process ends: completed, or refused at a step of each kind.
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

// begin announces the purchase of case i, number n of its kind.
func (w *harness) begin(i, n int) purchase {
	w.Helper()
	line := purchases[i]
	p := w.announce(events.BookingID(fmt.Sprintf("b%d-%d", i, n)), line.balance, line.limit)
	if line.taken != "" {
		w.do(p.seat(line.taken), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	}
	return p
}

func code(err error) string {
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

// TestRun: the steps are taken in order. After a refused one the process is closed, the steps taken
// are undone in reverse order and the announcement is withdrawn, before the refusal is returned. A
// run of a process that has ended changes nothing.
func TestRun(t *testing.T) {
	w := open(t)
	for i, line := range purchases {
		t.Run(line.name, func(t *testing.T) {
			p := w.begin(i, 0)
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
			if end := w.outcome(p, line.balance); code(err) != line.code || end != line.end {
				t.Errorf("%v, %s, want %s", err, end, line.end)
			}
			if got, seen := shortNames(names), shortNames(observed); got != line.facts || seen != line.facts {
				t.Errorf("%s\n%s, want\n%s", got, seen, line.facts)
			}
			if err := p.resume(t.Context(), w.desk, nil); err != nil {
				t.Error(err)
			}
			if again, _ := w.recorded(p); len(again) != len(names) {
				t.Errorf("run of an ended process led to %s, want no new facts", shortNames(again))
			}
		})
	}
}

// TestCrash: the node crashes at every step and every undo, before or after it is recorded; another
// one resumes from the stream and ends the process as it would have ended. No id stands for two
// decisions, and nothing is decided twice unless it was undone before.
func TestCrash(t *testing.T) {
	for i, line := range purchases {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted: %t", line.name, persisted), func(t *testing.T) {
				w := open(t)
				for step, died := 0, true; died; step++ {
					p := w.begin(i, step)
					f := &faults{Dispatcher: w.desk, at: step, persisted: persisted, gone: true}
					err := p.resume(t.Context(), f, nil)
					if died = f.hit; died && !errors.Is(err, errGone) {
						t.Fatalf("crash at step %d: unexpected error %v", step, err)
					}
					names, _ := w.recorded(p)
					w.desk = w.node()
					if err := p.resume(t.Context(), w.desk, nil); !slices.Contains([]string{"ok", line.code, "not_held"}, code(err)) {
						t.Errorf("resumed at step %d: %v, want the end as without a fault", step, err)
					}
					w.checkEnd(p, i, step, !slices.Contains(names, "wallet.cancelled.v1"))
				}
			})
		}
	}
}

// checkEnd checks that everything is consistent and no id was used twice, and, if exact, that no more
// decisions were made than without faults.
func (w *harness) checkEnd(p purchase, i int, when any, exact bool) {
	w.Helper()
	names, doubles := w.recorded(p)
	slices.Sort(names)
	want := strings.Fields(purchases[i].facts)
	slices.Sort(want)
	if end := w.outcome(p, purchases[i].balance); end != purchases[i].end || doubles > 0 {
		w.Errorf("%v: the process ended in %q with %d ids used twice", when, end, doubles)
	}
	if got, want := shortNames(names), strings.Join(want, " "); exact && got != want {
		w.Errorf("%v:\n%s, want\n%s", when, got, want)
	}
}

// TestUnknownOutcome: any step or undo of an announced process is lost, or executed without an
// answer. The runner reads the entity, decides again, and ends as without the fault.
func TestUnknownOutcome(t *testing.T) {
	for i, line := range purchases {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted: %t", line.name, persisted), func(t *testing.T) {
				w := open(t)
				for step, hit := 0, true; hit; step++ {
					p := w.begin(i, step)
					f := &faults{Dispatcher: w.desk, at: step, persisted: persisted}
					err := p.resume(t.Context(), f, nil)
					if hit = f.hit; code(err) != line.code {
						t.Errorf("step %d: %v, want %v", step, err, line.code)
					}
					w.checkEnd(p, i, step, true)
				}
			})
		}
	}
}

// TestUnknownOutcomeUnannounced: a process that is not announced is undone, with the step whose
// outcome is unknown; the failure is returned.
func TestUnknownOutcomeUnannounced(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		w := open(t)
		for step, hit := 0, true; hit; step++ {
			p := w.begin(0, step)
			f := &faults{Dispatcher: w.desk, at: step, persisted: persisted}
			r := &process.Runner{Entities: f}
			all, err := p.describe(t.Context(), f, r)
			if err != nil {
				t.Fatal(err)
			}
			all.Announced, all.Stages = false, all.Stages[:2]
			err = r.Run(t.Context(), from, all)
			if hit = f.hit; !hit {
				break
			}
			if !errors.Is(err, actors.ErrUnavailable) || w.outcome(p, 300) != "nothing" {
				t.Errorf("step %d, persisted %t: %v, %s, want %v, nothing",
					step, persisted, err, w.outcome(p, 300), actors.ErrUnavailable)
			}
		}
	}
}

// TestFailureAnnounced: a failure undoes nothing of an announced process, and an overload is
// returned as an unknown outcome; the next run completes it.
func TestFailureAnnounced(t *testing.T) {
	w := open(t)
	for step := range 7 {
		p := w.begin(0, step)
		f := &faults{Dispatcher: w.desk, at: step, err: actors.ErrOverloaded}
		err := p.resume(t.Context(), f, nil)
		if errors.Is(err, actors.ErrOverloaded) || !errors.Is(err, actors.ErrUnavailable) ||
			w.outcome(p, 300) == "nothing" {
			t.Errorf("step %d: %v, %s; want a failure without an undo", step, err, w.outcome(p, 300))
		}
		if err := p.resume(t.Context(), w.desk, nil); err != nil {
			t.Errorf("step %d, next run: %v, want success", step, err)
		}
		w.checkEnd(p, 0, step, true)
	}
}

// TestRefusalAfterAnotherRunEnded: a refusal that reports that another run has ended the process causes all steps to be
// undone, including later ones.
func TestRefusalAfterAnotherRunEnded(t *testing.T) {
	w := open(t)
	for _, over := range []bool{false, true} {
		p := purchase{id: events.BookingID(fmt.Sprintf("over-%t", over))}
		w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
		w.do(p.seat(seats[1]), &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour})
		all := &process.Process{ID: string(p.hold())}
		for _, name := range seats {
			all.Stages = append(all.Stages, process.Stage{Steps: []process.Step{{Name: "take", Stream: p.seat(name),
				Do:      &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour},
				Undo:    &seat.Release{HoldID: p.hold(), Reason: events.ReleasedIncomplete},
				Refused: func(context.Context, error) (error, bool) { return errEnded, over }}}})
		}
		r := process.Runner{Entities: w.desk}
		if err := r.Run(t.Context(), from, all); !errors.Is(err, errEnded) {
			t.Error(err)
		}
		_, err := w.desk.View(t.Context(), p.seat(seats[1]), func(c core.Core) {
			if free := c.(*seat.Seat).Status() == events.SeatIsFree; free != over {
				t.Errorf("over %t: the seat is free %t, want the same", over, free)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestProcessWithoutUndoIsClosed: a process whose steps need no undo is closed before its announcement is
// withdrawn.
func TestProcessWithoutUndoIsClosed(t *testing.T) {
	w := open(t)
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
				t.Errorf("closed when the announcement was withdrawn: %s, want %s", status(), events.SeatIsHeld)
			}
			return nil
		},
		Withdraw: &process.Step{Name: "announced", Stream: p.seat(seats[1]),
			Undo: &seat.Release{HoldID: p.hold(), Reason: events.ReleasedIncomplete}}})
	if code(err) != "seat_taken" || closed != 1 || status() != events.SeatIsFree {
		t.Errorf("%v, closed %d times, the announcement is %s, want seat_taken, 1, %s",
			err, closed, status(), events.SeatIsFree)
	}
}

// TestRetryOnlyInOrderedStages: a refused step is sent once more in an ordered stage only, however few
// steps the stage has.
func TestRetryOnlyInOrderedStages(t *testing.T) {
	w := open(t)
	p := purchase{id: "again"}
	w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	r := process.Runner{Entities: w.desk}
	for _, ordered := range []bool{false, true} {
		asked := 0
		err := r.Run(t.Context(), from, &process.Process{ID: fmt.Sprint(ordered), Stages: []process.Stage{{Ordered: ordered,
			Steps: []process.Step{{Name: "take", Stream: p.seat(seats[0]),
				Do:    &seat.Hold{HoldID: p.hold(), Holder: "ann", HoldFor: time.Hour},
				Retry: func(context.Context, error) bool { asked++; return asked < 3 }}}}}})
		if want := map[bool]int{true: 3}[ordered]; code(err) != "seat_taken" || asked != want {
			t.Errorf("ordered %t: %v, Again was called %d times, want seat_taken and %d", ordered, err, asked, want)
		}
	}
}

// TestTwoRunners: two nodes resume one process concurrently, from wherever the first has crashed.
// Both return its end, not_held if the other has closed it. No id stands for two decisions, and a
// completed process has taken every decision once.
func TestTwoRunners(t *testing.T) {
	for i, line := range purchases {
		t.Run(line.name, func(t *testing.T) {
			w := open(t)
			other := w.node()
			for step, died := 0, true; died; step++ {
				p := w.begin(i, step)
				f := &faults{Dispatcher: w.node(), at: step, gone: true}
				_ = p.resume(t.Context(), f, nil)
				died = f.hit
				var both sync.WaitGroup
				for _, desk := range []*actors.Desk{w.desk, other} {
					both.Go(func() {
						if err := p.resume(context.Background(), desk, nil); !slices.Contains(
							[]string{"ok", line.code, "not_held"},
							code(err),
						) {
							t.Errorf("step %d: unexpected error %v", step, err)
						}
					})
				}
				both.Wait()
				w.desk = w.node() // which has read the log
				w.checkEnd(p, i, step, line.end == "booked")
			}
		})
	}
}

// TestReplayedAnswerIsChecked: the answer of an earlier run shows the decision at that time. If that no longer
// holds, the step is taken again under a new id; if it does, nothing is decided.
func TestReplayedAnswerIsChecked(t *testing.T) {
	w := open(t)
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
		if names, doubles := w.recorded(p); len(names) != want || doubles != 0 {
			t.Errorf("facts = %s with %d ids used twice, want the step taken again under a new id", shortNames(names), doubles)
		}
	}
	for taken := range 3 {
		run(taken + 1)
		run(taken + 1)
		w.do(p.seat(seats[0]), &seat.Release{HoldID: p.hold(), Reason: events.ReleasedCancelled})
	}
	w.do(p.seat(seats[0]), &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour})
	r := process.Runner{Entities: w.desk}
	if err := r.Run(t.Context(), from, all); code(err) != "seat_taken" {
		t.Errorf("taken by another: %v, want seat_taken", err)
	}
}

// TestID: the ids in existing logs never change.
func TestID(t *testing.T) {
	if got := process.ID("booked", "b.1"); got != actors.KeyedCommandID("", "booked/b.1") {
		t.Errorf("ID of a booking's step = %s, want the keyed id of existing logs", got)
	}
	if got := process.ID("booked", "0190a5b4-0000-7000-8000-000000000001.1"); got != "kxn2nC9HShmtRGM9QE0msAA.47DEQpj8HBQ" {
		t.Errorf("got %s, want kxn2nC9HShmtRGM9QE0msAA.47DEQpj8HBQ", got)
	}
}

// TestPanic: the panic of a concurrent step becomes its answer, and ends nothing else.
func TestPanic(t *testing.T) {
	at, err := process.Each([]int{1, 2, 3}, func(i *int) error {
		if *i == 2 {
			panic("two")
		}
		return nil
	})
	if at != 1 || !errors.Is(err, actors.ErrBroken) || !strings.Contains(err.Error(), "two") {
		t.Errorf("Each = %d, %v; want ErrBroken of item 1", at, err)
	}
}
