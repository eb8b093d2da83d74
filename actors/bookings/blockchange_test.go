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

// frontRow has the seats that the changes block and unblock.
var frontRow = []events.SeatName{"A-1-1", "A-1-2", "A-1-3"}

// blindDesk is the desk of a process that sees one seat or area as it was before its first fact.
type blindDesk struct {
	actors.Dispatcher
	stream events.StreamID
}

// View implements actors.Dispatcher.
func (d *blindDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	if stream == d.stream {
		for _, kind := range kinds {
			if kind.Category == stream.Category() {
				read(kind.New())
			}
		}
		return actors.Answer{}, nil
	}
	return d.Dispatcher.View(ctx, stream, read)
}

// blockCrash is a change of blocks during which a process crashes.
type blockCrash struct {
	name    string
	prepare func(w *harness)
	act     func(w *harness) (Blocked, error)
	// before and after are the states of the front row and the areas without and with the change. after is "" if
	// the change is refused.
	before, after string
	// retry is the permitted result of a retry under the same key.
	retry string
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
	{"blocking a seat that has just been taken", func(w *harness) {
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

// crashAfterWithin is like crashAfter, on top of the current desk of the bookings.
func (w *harness) crashAfterWithin(appends int) (firstCrashed func() bool) {
	between := w.Bookings.desk
	d := &crashingDesk{Dispatcher: between, left: appends}
	w.Bookings = w.newBookings(d, w.views(w.seats))
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.crashed
	}
}

// frontRowState returns the states of the front row, and the counts of areas that are not in their initial state.
func (w *harness) frontRowState() string {
	all := w.seatStates(frontRow...)
	for _, a := range areas {
		if c := w.counts(a.ID); c != (events.AreaCounts{Remaining: a.Capacity}) {
			all = append(all, fmt.Sprintf("%s %d %d %d %d", a.ID, c.Remaining, c.Held, c.Booked, c.Blocked))
		}
	}
	return strings.Join(all, ", ")
}

// allAnswered reports whether an answer has the whole front row, or no seats because the change was about areas.
func allAnswered(b Blocked) bool { return len(b.Seats) == 0 || slices.Equal(b.Seats, frontRow) }

// checkBlocksIdle checks that no change of blocks is in progress, and that none has blocked a seat twice.
func (w *harness) checkBlocksIdle() {
	w.Helper()
	if now := w.read().performances[w.gala].Blocks(); now.Open != nil {
		w.Fatalf("got change %d of %s in progress, want none", now.Open.Number, w.gala)
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
				w.Fatalf("change %d: got seat %s blocked twice, want once", f.Change, event.Stream)
			} else {
				seen[key] = true
			}
		}
	}
}

// TestCrashAtEveryStepOfABlock crashes the process after each number of appends of a change of blocks, and again after
// each number of appends of its resumption. The change must be made completely or not at all, and once if it is
// requested again.
func TestCrashAtEveryStepOfABlock(t *testing.T) {
	for _, crash := range blockCrashes {
		for _, retry := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, retry: %t", crash.name, retry), func(t *testing.T) {
				w := newMemoryHarness(t, 3, 3, 0)
				for step, firstCrashed := 0, true; firstCrashed; step++ {
					for second, secondCrashed := 0, true; secondCrashed; second++ {
						w.createPerformance(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 0)
						crash.prepare(w)
						hasCrashed := w.crashAfterWithin(step)
						_, err := crash.act(w)
						if firstCrashed = hasCrashed(); firstCrashed && code(err) != errCrashed.Error() {
							t.Fatalf("crash after %d appends: got error %v, want errCrashed", step, err)
						}
						w.restart()
						hasCrashed = w.crashAfter(second)
						err = w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala)
						if secondCrashed = hasCrashed(); !secondCrashed {
							w.want(err, "ok")
						}
						w.restart()
						if retry {
							seats, err := crash.act(w)
							if code(err) != crash.retry || err == nil && !allAnswered(seats) {
								t.Fatalf("retry after %d and %d appends: got %v, %v; want %s", step, second, seats, err, crash.retry)
							}
						}
						w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
						state := w.frontRowState()
						if state != crash.after && (retry && crash.after != "" || state != crash.before) {
							t.Fatalf("after %d and %d appends: got seats %s, want the state before or after the change", step, second, state)
						}
						w.checkBlocksIdle()
					}
				}
			})
		}
	}
}

// TestBlockWithFaultyAppends makes each append of a change of blocks fail in turn, with and without being
// persisted. A retry must complete the change.
func TestBlockWithFaultyAppends(t *testing.T) {
	for _, crash := range blockCrashes {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted %t", crash.name, persisted), func(t *testing.T) {
				w := newMemoryHarness(t, 3, 3, 0)
				f := &faulty{Store: w.store, persisted: persisted}
				w.store = f
				w.restart()
				for step, hit := int64(1), true; hit; step++ {
					w.createPerformance(fmt.Sprintf("gala-%d", step), 3, 3, 0)
					crash.prepare(w)
					f.countdown.Store(step)
					seats, err := crash.act(w)
					hit = f.countdown.Swap(0) <= 0
					if refused(err) == nil && err != nil {
						seats, err = crash.act(w)
					}
					if code(err) != crash.retry || err == nil && !allAnswered(seats) {
						t.Fatalf("append %d fails: got %v, %v; want %s", step, seats, err, crash.retry)
					}
					w.wrapDesk(nil)
					if state := w.frontRowState(); state != crash.after && (crash.after != "" || state != crash.before) {
						t.Fatalf("append %d fails: got seats %s, want the state before or after the change", step, state)
					}
					w.checkBlocksIdle()
				}
			})
		}
	}
}

// TestBlockOnTwoNodes stops a node at each of its steps until another node has completed the change and made the next
// one. The next change must remain.
func TestBlockOnTwoNodes(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{
		"begin": is[*performance.BeginBlocks], "seat": is[*seat.Block], "last seat": second(is[*seat.Block]),
		"changed": is[*performance.ChangeBlocks],
	} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 3, 0)
			var seats Blocked
			act := func() (err error) {
				w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
				seats, err = blockKeyed(w)
				return err
			}
			err := w.interleave(keeps, act, func() {
				again, err := blockKeyed(w)
				w.want(err, "ok")
				if !slices.Equal(again.Seats, frontRow) {
					t.Errorf("other node: got %v, want Seats %v", again, frontRow)
				}
				_, err = w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
					Seats: frontRow})
				w.want(err, "ok")
				w.want(w.block("crew", "A-1-2"), "ok")
			})
			if w.want(err, "ok"); !slices.Equal(seats.Seats, frontRow) {
				t.Errorf("first node: got %v, want Seats %v", seats, frontRow)
			}
			if state := w.frontRowState(); state != "free , blocked crew, free " {
				t.Errorf("got seats %q, want %q", state, "free , blocked crew, free ")
			}
			w.checkBlocksIdle()
		})
	}
}

// TestBlockWithdrawnByAnotherNode has a node withdraw a change while another node still works on it. The
// change must have no effect.
func TestBlockWithdrawnByAnotherNode(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{
		"seat": is[*seat.Block], "last seat": second(is[*seat.Block]), "changed": is[*performance.ChangeBlocks],
	} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 3, 0)
			act := func() error {
				w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
				_, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press", Seats: frontRow})
				return err
			}
			err := w.interleave(keeps, act, func() {
				number := w.read().performances[w.gala].Blocks().Last
				w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.WithdrawBlocks{Number: number}))
				w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
				w.mustBook("bob", "A-1-3")
			})
			w.want(err, "seat_taken")
			if state := w.frontRowState(); state != "free , free , held " {
				t.Errorf("got seats %q, want %q", state, "free , free , held ")
			}
			w.checkBlocksIdle()
		})
	}
}

// TestDelayedUndoOfABlock stops a node that undoes a change until another node has completed the undo and the seats are
// blocked again. They must remain blocked.
func TestDelayedUndoOfABlock(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	bob := w.mustBook("bob", "A-1-3")
	act := func() error {
		w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
		w.Bookings.desk = &blindDesk{w.Bookings.desk, seat.Stream(w.gala, "A-1-3")}
		return w.block("press", frontRow...)
	}
	err := w.interleave(is[*seat.Unblock], act, func() {
		_, err := w.cancel(bob, "bob")
		w.want(err, "ok")
		w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
		w.wantStates("free ", frontRow...)
		w.want(w.block("press", frontRow...), "ok")
	})
	w.want(err, "seat_taken")
	w.wantStates("blocked press", frontRow...)
	w.checkBlocksIdle()
}

// TestWithdrawnBlockIsNotMade crashes a process that undoes a change. The change must be undone even if its
// seats are free when another process resumes.
func TestWithdrawnBlockIsNotMade(t *testing.T) {
	w := newMemoryHarness(t, 1, 3, 0)
	bob := w.mustBook("bob", "A-1-3")
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return &blindDesk{desk, seat.Stream(w.gala, "A-1-3")} })
	hasCrashed := w.crashAfterWithin(5) // begun, two seats, withdrawn, one seat
	if err := w.block("press", frontRow...); err == nil || !hasCrashed() {
		t.Fatalf("got no crash, error %v; want a crash", err)
	}
	w.restart()
	_, err := w.cancel(bob, "bob")
	w.want(err, "ok")
	w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok")
	w.wantStates("free ", frontRow...)
	w.checkBlocksIdle()
}

// TestKeyedBlockIsMadeOnce checks that a retry under the same key gets the first answer, even after further
// changes.
func TestKeyedBlockIsMadeOnce(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	_, err := blockKeyed(w)
	w.want(err, "ok")
	unblock := Block{Origin: w.keyed("house", "u", "press"), PerformanceID: w.gala, Label: "press", Seats: frontRow}
	for range 2 {
		seats, err := w.Unblock(w.ctx(), unblock)
		if w.want(err, "ok"); !slices.Equal(seats.Seats, frontRow) {
			t.Errorf("unblocked: got %v, want Seats %v", seats, frontRow)
		}
	}
	seats, err := blockKeyed(w)
	if w.want(err, "ok"); !slices.Equal(seats.Seats, frontRow) {
		t.Errorf("retry: got %v, want Seats %v", seats, frontRow)
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

// TestBlockIsOneAppend checks that a change of blocks appends no announcement if the log can append to
// several streams.
func TestBlockIsOneAppend(t *testing.T) {
	if os.Getenv(separatelyEnv) != "" {
		t.Skip("there is no joint append")
	}
	w := newHarness(t, 1, 3, 0)
	before := len(w.read().names)
	w.want(w.block("press", "A-1-1", "A-1-2"), "ok")
	w.want(w.block("press", frontRow...), "ok")
	if got, want := w.factsSince(before), "performance.blocks_changed.v1 seat.blocked.v1 seat.blocked.v1 "+
		"performance.blocks_changed.v1 seat.blocked.v1"; got != want {
		t.Errorf("got facts %s, want no announcements", got)
	}
}

// TestUnblockManySeats unblocks more seats than one change may contain, with a crash in between.
func TestUnblockManySeats(t *testing.T) {
	w := newMemoryHarness(t, 25, 100, 0)
	layout := w.read().performances[w.gala].Layout()
	var all []events.SeatName
	for at := range performance.Seat(layout.Seats()) {
		all = append(all, layout.Name(at))
	}
	for names := range slices.Chunk(all, MaxBlocked) {
		w.want(w.block("press", names...), "ok")
	}
	unblock := Block{Origin: w.keyed("house", "u", "press"), PerformanceID: w.gala, Label: "press", Seats: all}
	hasCrashed := w.crashAfter(MaxBlocked + 500)
	if _, err := w.Unblock(w.ctx(), unblock); err == nil || !hasCrashed() {
		t.Fatal("got no crash, want one")
	}
	w.restart()
	unblock.Seats = all[MaxBlocked/2:] // as listed by a view that lags
	for range 2 {
		seats, err := w.Unblock(w.ctx(), unblock)
		if w.want(err, "ok"); !slices.Equal(seats.Seats, all) {
			t.Errorf("got %d seats unblocked, want %d", len(seats.Seats), len(all))
		}
	}
	w.wantStates("free ", all...)
	w.checkBlocksIdle()
}
