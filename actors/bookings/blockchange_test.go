package bookings

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

var frontRow = []events.SeatName{"A-1-1", "A-1-2", "A-1-3"}

// blindDesk is the desk of a process that sees a seat, or an area, as free.
type blindDesk struct {
	actors.Dispatcher
	stream events.StreamID
}

// View reads an entity, or the seat or area as it was before its first fact.
func (o *blindDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	if stream == o.stream {
		for _, kind := range kinds {
			if kind.Category == stream.Category() {
				read(kind.New())
			}
		}
		return actors.Answer{}, nil
	}
	return o.Dispatcher.View(ctx, stream, read)
}

// blockCrash is a change of blocks during which a process crashes.
type blockCrash struct {
	name    string
	prepare func(w *harness)
	act     func(w *harness) (Blocked, error)
	// before and after are the states of the front row and the areas without the change and with
	// it.
	before, after string
	again         string
}

func blockKeyed(w *harness) (Blocked, error) {
	return w.Block(
		w.ctx(),
		Block{Origin: w.keyed("house", "b"+string(w.gala), "press"), PerformanceID: w.gala, Label: "press",
			Seats: frontRow},
	)
}

var blockCrashes = []blockCrash{
	{
		"blocking",
		func(*harness) {},
		blockKeyed,
		"free , free , free ",
		"blocked press, blocked press, blocked press",
		"ok",
	},
	{"blocking seats that are partly blocked", func(w *harness) { w.want(w.block("press", "A-1-2"), "ok") }, blockKeyed,
		"free , blocked press, free ", "blocked press, blocked press, blocked press", "ok"},
	{"blocking what has just been taken", func(w *harness) {
		// Without an added place, which would stay taken.
		_, err := w.Bookings.Book(w.ctx(), Book{Origin: w.origin(string(w.bob())), PerformanceID: w.gala, Holder: w.bob(),
			Seats: []events.SeatName{"A-1-3"}})
		w.want(err, "ok")
		w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
			return &blindDesk{desk, seat.Stream(w.gala, "A-1-3")}
		})
	}, blockKeyed, "free , free , held ", "", "seat_taken"},
	{"unblocking", func(w *harness) { w.want(w.block("press", frontRow...), "ok") },
		func(w *harness) (Blocked, error) {
			return w.Unblock(w.ctx(), Block{Origin: w.keyed("house", "u"+string(w.gala), "press"), PerformanceID: w.gala,
				Label: "press", Seats: frontRow})
		}, "blocked press, blocked press, blocked press", "free , free , free ", "ok"},
}

// dieAfterIn is dieAfter, in addition to the dispatcher already between.
func (w *harness) dieAfterIn(appends int) (died func() bool) {
	between := w.Bookings.desk
	d := &crashingDesk{Dispatcher: between, left: appends}
	w.Bookings = w.newBookings(d, w.views(w.seats))
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.gone
	}
}

// frontRowState returns the states of the front row, and of areas that differ from the initial
// state.
func (w *harness) frontRowState() string {
	all := w.seatStates(frontRow...)
	for _, a := range areas {
		if c := w.counts(a.ID); c != (events.AreaCounts{Remaining: a.Capacity}) {
			all = append(all, fmt.Sprintf("%s %d %d %d %d", a.ID, c.Remaining, c.Held, c.Booked, c.Blocked))
		}
	}
	return strings.Join(all, ", ")
}

// allAnswered reports whether an answer lists everything that a change concerned: the front row,
// unless it concerned areas only.
func allAnswered(b Blocked) bool { return len(b.Seats) == 0 || slices.Equal(b.Seats, frontRow) }

// atRest checks that no change of blocks is in progress, and none has blocked a seat twice.
func (w *harness) atRest() {
	w.Helper()
	if now := w.read().performances[w.gala].Blocks(); now.Open != nil {
		w.Fatalf("change %d of %s is still in progress", now.Open.Number, w.gala)
	}
	seen := map[string]bool{}
	for event, err := range events.All(w.ctx(), w.store, 0) {
		if err != nil {
			w.Fatal(err)
		}
		if fact, err := event.Decode(); err != nil {
			w.Fatal(err)
		} else if f, ok := fact.(*events.SeatBlocked); ok && f.Change > 0 {
			if key := fmt.Sprint(event.Stream, f.Change); seen[key] {
				w.Fatalf("change %d has blocked %s twice", f.Change, event.Stream)
			} else {
				seen[key] = true
			}
		}
	}
}

// TestABlockAndACrashAtEveryStep crashes the process between any two appends of a change of blocks,
// and again between any two appends of its resumption. The change is made completely or not at all;
// requested again, it is made once.
func TestABlockAndACrashAtEveryStep(t *testing.T) {
	for _, crash := range blockCrashes {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, again: %t", crash.name, again), func(t *testing.T) {
				w := beginInMemory(t, 3, 3, 0)
				for step, died := 0, true; died; step++ {
					for second, diedAgain := 0, true; diedAgain; second++ {
						w.perform(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 0)
						crash.prepare(w)
						gone := w.dieAfterIn(step)
						_, err := crash.act(w)
						if died = gone(); died && code(err) != errGone.Error() {
							t.Fatalf("crash after %d appends: unexpected error %v", step, err)
						}
						w.restart()
						gone = w.dieAfter(second)
						err = w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala)
						if diedAgain = gone(); !diedAgain {
							w.want(err, "ok")
						}
						w.restart()
						if again {
							seats, err := crash.act(w)
							if code(err) != crash.again || err == nil && !allAnswered(seats) {
								t.Fatalf("requested again after %d and %d appends: %v, %v; want %s", step, second, seats, err, crash.again)
							}
						}
						w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
						stands := w.frontRowState()
						if stands != crash.after && (again && crash.after != "" || stands != crash.before) {
							t.Fatalf("after %d and %d appends the seats are %s, want the state before or after the change", step, second, stands)
						}
						w.atRest()
					}
				}
			})
		}
	}
}

// TestABlockAndFaultyAppends: each append in turn fails, whether or not it is in the log. Callers
// only get a failure, and a retry returns all the seats.
func TestABlockAndFaultyAppends(t *testing.T) {
	for _, crash := range blockCrashes {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted %t", crash.name, persisted), func(t *testing.T) {
				w := beginInMemory(t, 3, 3, 0)
				f := &faulty{Store: w.store, persisted: persisted}
				w.store = f
				w.restart()
				for step, hit := int64(1), true; hit; step++ {
					w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 0)
					crash.prepare(w)
					f.in.Store(step)
					seats, err := crash.act(w)
					hit = f.in.Swap(0) <= 0
					if refused(err) == nil && err != nil {
						seats, err = crash.act(w)
					}
					if code(err) != crash.again || err == nil && !allAnswered(seats) {
						t.Fatalf("append %d fails: %v, %v; want %s", step, seats, err, crash.again)
					}
					w.wrapDesk(nil)
					if stands := w.frontRowState(); stands != crash.after && (crash.after != "" || stands != crash.before) {
						t.Fatalf("append %d fails: the seats are %s, want the state before or after the change", step, stands)
					}
					w.atRest()
				}
			})
		}
	}
}

// TestBlockOnTwoNodes stops a node at each of its steps until another one has ended the change
// and made the next one, which remains.
func TestBlockOnTwoNodes(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{
		"begin": is[*performance.BeginBlocks], "seat": is[*seat.Block], "last seat": second(is[*seat.Block]),
		"changed": is[*performance.ChangeBlocks],
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 3, 0)
			var seats Blocked
			act := func() (err error) {
				w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
				seats, err = blockKeyed(w)
				return err
			}
			err := w.later(keeps, act, func() {
				again, err := blockKeyed(w)
				w.want(err, "ok")
				if !slices.Equal(again.Seats, frontRow) {
					t.Errorf("the other node answers %v, want Seats %v", again, frontRow)
				}
				_, err = w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
					Seats: frontRow})
				w.want(err, "ok")
				w.want(w.block("crew", "A-1-2"), "ok")
			})
			if w.want(err, "ok"); !slices.Equal(seats.Seats, frontRow) {
				t.Errorf("the first node answers %v, want Seats %v", seats, frontRow)
			}
			if stands := w.frontRowState(); stands != "free , blocked crew, free " {
				t.Errorf("the seats are %s, want free , blocked crew, free ", stands)
			}
			w.atRest()
		})
	}
}

// TestABlockThatAnotherNodeHasWithdrawn: one node finds a seat taken and undoes the change, while
// another works on it and finds the seat free again. The change has no effect.
func TestABlockThatAnotherNodeHasWithdrawn(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{
		"seat": is[*seat.Block], "last seat": second(is[*seat.Block]), "changed": is[*performance.ChangeBlocks],
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 3, 0)
			act := func() error {
				w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
				_, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press", Seats: frontRow})
				return err
			}
			err := w.later(keeps, act, func() {
				number := w.read().performances[w.gala].Blocks().Last
				w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.WithdrawBlocks{Number: number}))
				w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
				w.mustBook("bob", "A-1-3")
			})
			w.want(err, "seat_taken")
			if stands := w.frontRowState(); stands != "free , free , held " {
				t.Errorf("the seats are %s, want free , free , held ", stands)
			}
			w.atRest()
		})
	}
}

// TestALateUndoOfABlock stops a node that undoes a change until another one has completed the undo,
// and the seats are blocked again. They remain blocked.
func TestALateUndoOfABlock(t *testing.T) {
	w := begin(t, 1, 3, 0)
	bob := w.mustBook("bob", "A-1-3")
	act := func() error {
		w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
		w.Bookings.desk = &blindDesk{w.Bookings.desk, seat.Stream(w.gala, "A-1-3")}
		return w.block("press", frontRow...)
	}
	err := w.later(is[*seat.Unblock], act, func() {
		_, err := w.cancel(bob, "bob")
		w.want(err, "ok")
		w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
		w.wantStates("free ", frontRow...)
		w.want(w.block("press", frontRow...), "ok")
	})
	w.want(err, "seat_taken")
	w.wantStates("blocked press", frontRow...)
	w.atRest()
}

// TestAWithdrawnBlockIsNotMade: a process crashes while it undoes a change, and the obstacle is
// gone when the next one resumes.
func TestAWithdrawnBlockIsNotMade(t *testing.T) {
	w := beginInMemory(t, 1, 3, 0)
	bob := w.mustBook("bob", "A-1-3")
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return &blindDesk{desk, seat.Stream(w.gala, "A-1-3")} })
	gone := w.dieAfterIn(5) // begun, two seats, withdrawn, one seat
	if err := w.block("press", frontRow...); err == nil || !gone() {
		t.Fatalf("the process did not crash: %v", err)
	}
	w.restart()
	_, err := w.cancel(bob, "bob")
	w.want(err, "ok")
	w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
	w.wantStates("free ", frontRow...)
	w.atRest()
}

// TestAKeyedBlockIsMadeOnce: a retry under the same key gets the first answer, whatever has
// happened since.
func TestAKeyedBlockIsMadeOnce(t *testing.T) {
	w := begin(t, 1, 3, 0)
	_, err := blockKeyed(w)
	w.want(err, "ok")
	unblock := Block{Origin: w.keyed("house", "u", "press"), PerformanceID: w.gala, Label: "press", Seats: frontRow}
	for range 2 {
		seats, err := w.Unblock(w.ctx(), unblock)
		if w.want(err, "ok"); !slices.Equal(seats.Seats, frontRow) {
			t.Errorf("unblocked are %v, want Seats %v", seats, frontRow)
		}
	}
	seats, err := blockKeyed(w)
	if w.want(err, "ok"); !slices.Equal(seats.Seats, frontRow) {
		t.Errorf("the retry is answered %v, want Seats %v", seats, frontRow)
	}
	w.wantStates("free ", frontRow...)
	w.want(w.block("press", frontRow...), "ok")
	_, err = w.Unblock(w.ctx(), unblock)
	w.want(err, "ok")
	w.wantStates("blocked press", frontRow...)
	unblock.Origin = w.keyed("house", "u", "crew")
	_, err = w.Unblock(w.ctx(), unblock)
	w.want(err, "idempotency_key_reused")
}

// TestABlockIsOneAppend: a block is one append if the log can append to several streams.
func TestABlockIsOneAppend(t *testing.T) {
	if os.Getenv(separately) != "" {
		t.Skip("there is no joint append")
	}
	w := begin(t, 1, 3, 0)
	before := len(w.read().names)
	w.want(w.block("press", "A-1-1", "A-1-2"), "ok")
	w.want(w.block("press", frontRow...), "ok")
	if got, want := w.since(before), "performance.blocks_changed.v1 seat.blocked.v1 seat.blocked.v1 "+
		"performance.blocks_changed.v1 seat.blocked.v1"; got != want {
		t.Errorf("the log has %s, want one append", got)
	}
}

// TestUnblockingManySeats: a label has more seats than one change may contain.
func TestUnblockingManySeats(t *testing.T) {
	w := beginInMemory(t, 25, 100, 0)
	layout := w.read().performances[w.gala].Layout()
	var all []events.SeatName
	for at := range performance.Seat(layout.Seats()) {
		all = append(all, layout.Name(at))
	}
	for names := range slices.Chunk(all, MaxBlocked) {
		w.want(w.block("press", names...), "ok")
	}
	unblock := Block{Origin: w.keyed("house", "u", "press"), PerformanceID: w.gala, Label: "press", Seats: all}
	gone := w.dieAfter(MaxBlocked + 500)
	if _, err := w.Unblock(w.ctx(), unblock); err == nil || !gone() {
		t.Fatal("the process did not crash")
	}
	w.restart()
	unblock.Seats = all[MaxBlocked/2:] // the list of a view that has seen a part
	for range 2 {
		seats, err := w.Unblock(w.ctx(), unblock)
		if w.want(err, "ok"); !slices.Equal(seats.Seats, all) {
			t.Errorf("%d seats are unblocked, want %d", len(seats.Seats), len(all))
		}
	}
	w.wantStates("free ", all...)
	w.atRest()
}
