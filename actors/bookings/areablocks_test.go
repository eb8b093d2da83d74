package bookings

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// areaPlaces returns a number of places of an area.
func areaPlaces(id events.AreaID, places int64) events.AreaPlaces {
	return events.AreaPlaces{Area: id, Places: places}
}

func (w *harness) blockAreas(label events.BlockLabel, areas ...events.AreaPlaces) (Blocked, error) {
	return w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: label, Areas: areas})
}

func (w *harness) unblock(label events.BlockLabel, seats ...events.SeatName) (Blocked, error) {
	return w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: label, Seats: seats})
}

func (w *harness) bookPlaces(label events.BlockLabel, holder events.Holder, places ...areaQuantity) (Answer, error) {
	return w.Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala, Holder: holder, Areas: places,
		Label: label})
}

// resize edits the performance so that areas have new sizes.
func (w *harness) resize(sizes ...events.AreaPlaces) error {
	return w.EditAreas(w.ctx(), EditAreas{Origin: w.origin("house"), PerformanceID: w.gala,
		Edit: &performance.Edit{Areas: sizes}})
}

func (w *harness) wantCounts(id events.AreaID, remaining, held, booked, blocked int64) {
	w.Helper()
	want := events.AreaCounts{Remaining: remaining, Held: held, Booked: booked, Blocked: blocked}
	if got := w.counts(id); got != want {
		w.Errorf("%s: got %+v, want %+v", id, got, want)
	}
}

// TestBlockedPlaces checks that bookings which name the label get its places, which are blocked again when
// released.
func TestBlockedPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	w.charge("ann", 1000)
	blocked, err := w.blockAreas("press", areaPlaces("gallery", 1), areaPlaces("floor", 4))
	w.want(err, "ok")
	if want := []events.AreaPlaces{areaPlaces("floor", 4), areaPlaces("gallery", 1)}; !slices.Equal(blocked.Areas, want) {
		t.Errorf("blocked: got %v, want %v", blocked.Areas, want)
	}
	_, err = w.blockAreas("press", areaPlaces("floor", 3)) // already blocked
	w.want(err, "ok")
	w.wantCounts("floor", 6, 0, 0, 4)
	for _, label := range []events.BlockLabel{"", "crew"} {
		_, err = w.bookPlaces(label, "bob", wantPlaces("floor", 7))
		w.want(err, "sold_out")
	}
	answer, err := w.bookPlaces("press", "ann", wantPlaces("floor", 5))
	w.want(err, "ok")
	w.wantCounts("floor", 5, 5, 0, 0)
	_, err = w.blockAreas("press", areaPlaces("floor", 4)) // one more than the label has
	w.want(err, "ok")
	_, err = w.pay(answer.Booking.ID, "ann")
	w.want(err, "ok")
	_, err = w.returnPlace(answer.Booking.ID, "ann", "floor", 2)
	w.want(err, "ok")
	w.wantCounts("floor", 5, 0, 4, 1)
	_, err = w.blockAreas("crew", areaPlaces("floor", 6))
	w.want(err, "sold_out")
	if few := refused(err).Fields["areas"]; !reflect.DeepEqual(few, []AreaLeft{{"floor", 5}}) {
		t.Errorf("got areas %v in the refusal, want %v", few, []AreaLeft{{"floor", 5}})
	}
	unblocked, err := w.unblock("press")
	w.want(err, "ok")
	if want := []events.AreaPlaces{areaPlaces("floor", 1), areaPlaces("gallery", 1)}; !slices.Equal(unblocked.Areas, want) {
		t.Errorf("unblocked: got %v, want %v", unblocked.Areas, want)
	}
	_, err = w.cancel(answer.Booking.ID, "ann")
	w.want(err, "ok")
	w.wantCounts("floor", 7, 0, 0, 3)
	w.checkSettled(0)
	w.checkBlocksIdle()
}

// TestSeatsAndPlacesAreBlockedTogether checks that a request blocks all of its seats and places, or none.
func TestSeatsAndPlacesAreBlockedTogether(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	w.mustBook("ann", "A-1-2")
	both := Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
		Seats: []events.SeatName{"A-1-1", "A-1-2"}, Areas: []events.AreaPlaces{areaPlaces("floor", 4)}}
	_, err := w.Block(w.ctx(), both)
	w.want(err, "seat_taken")
	w.wantCounts("floor", 10, 0, 0, 0)
	both.Origin, both.Seats[1], both.Areas[0].Places = w.origin("house"), "A-1-3", 11
	_, err = w.Block(w.ctx(), both)
	w.want(err, "invalid_field")
	for _, areas := range [][]events.AreaPlaces{{areaPlaces("cellar", 1)}, {areaPlaces("floor", 0)}, {areaPlaces("floor", 1), areaPlaces("floor", 2)}} {
		_, err = w.blockAreas("press", areas...)
		w.want(err, "invalid_field")
	}
	both.Areas[0].Places = 10
	_, err = w.Block(w.ctx(), both)
	w.want(err, "ok")
	w.wantCounts("floor", 0, 0, 0, 10)
	w.wantStates("blocked press", "A-1-1", "A-1-3")
	unblocked, err := w.unblock("press", "A-1-1", "A-1-3")
	w.want(err, "ok")
	if len(unblocked.Seats) != 2 || !slices.Equal(unblocked.Areas, []events.AreaPlaces{areaPlaces("floor", 10)}) {
		t.Errorf("got %v unblocked, want 2 seats and 10 places of the floor", unblocked)
	}
	w.checkBlocksIdle()
}

// TestLatePaymentOfBlockedPlaces checks that places blocked under the booking's own label are available to
// its late payment.
func TestLatePaymentOfBlockedPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	w.charge("ann", 1000)
	_, err := w.blockAreas("press", areaPlaces("floor", 10))
	w.want(err, "ok")
	answer, err := w.bookPlaces("press", "ann", wantPlaces("floor", 6))
	w.want(err, "ok")
	w.clock.move(200 * time.Second)
	w.expireDue()
	w.resume()
	w.wantCounts("floor", 0, 0, 0, 10)
	_, err = w.pay(answer.Booking.ID, "ann")
	w.want(err, "ok")
	w.wantCounts("floor", 0, 0, 6, 4)
	w.checkSettled(0)
}

// TestResizeAreas checks that an edit of several areas is made completely or not at all.
func TestResizeAreas(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	_, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 3)})
	w.want(err, "ok")
	_, err = w.blockAreas("press", areaPlaces("floor", 2))
	w.want(err, "ok")
	w.want(w.resize(areaPlaces("floor", 5), areaPlaces("gallery", 2)), "ok")
	w.wantCounts("floor", 0, 3, 0, 2)
	w.wantCounts("gallery", 2, 0, 0, 0)
	err = w.resize(areaPlaces("gallery", 4), areaPlaces("floor", 4))
	w.want(err, "limit_exceeded")
	if f := refused(err).Fields; f["area"] != events.AreaID("floor") || f["held"] != int64(3) || f["blocked"] != int64(2) {
		t.Errorf("got fields %v, want area floor, held 3, blocked 2", f)
	}
	w.wantCounts("gallery", 2, 0, 0, 0)
	for _, sizes := range []events.AreaPlaces{areaPlaces("floor", 11), areaPlaces("floor", 0), areaPlaces("cellar", 1)} {
		w.want(w.resize(sizes), "invalid_field")
	}
	_, err = w.bookWithPlaces("bob", []areaQuantity{wantPlaces("floor", 1)})
	w.want(err, "sold_out")
	w.want(w.resize(areaPlaces("floor", 10)), "ok")
	answer, err := w.bookWithPlaces("bob", []areaQuantity{wantPlaces("floor", 5)})
	w.want(err, "ok")
	p := w.read().performances[w.gala]
	if want := []events.AreaPlaces{areaPlaces("floor", 10), areaPlaces("gallery", 2)}; !slices.Equal(p.Latest().Areas, want) {
		t.Errorf("got areas %v of the performance, want %v", p.Latest().Areas, want)
	}
	w.charge("bob", 250)
	_, err = w.pay(answer.Booking.ID, "bob")
	w.want(err, "ok")
	w.want(w.resize(areaPlaces("floor", 9)), "limit_exceeded") // blocked places count as taken
	_, err = w.unblock("press")
	w.want(err, "ok")
	w.want(w.resize(areaPlaces("floor", 7)), "limit_exceeded")
	w.want(w.resize(areaPlaces("floor", 8)), "ok")
	w.wantCounts("floor", 0, 3, 5, 0)
	w.checkBlocksIdle()
}

// TestConcurrentEditsOfAreas checks that exactly one of several concurrent edits with the same base is made.
func TestConcurrentEditsOfAreas(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	base := w.read().performances[w.gala].EditRevision()
	got := runConcurrently(5, func(i int) error {
		title := fmt.Sprint("Gala ", i)
		return w.EditAreas(w.ctx(), EditAreas{Origin: w.origin("house"), PerformanceID: w.gala,
			Edit: &performance.Edit{Title: &title, Areas: []events.AreaPlaces{areaPlaces("floor", int64(5+i))}, Base: &base}})
	})
	if got["ok"] != 1 || got["stale_revision"] != 4 {
		t.Errorf("got outcomes %v, want 1 ok and 4 stale_revision", got)
	}
	p := w.read().performances[w.gala]
	if c := w.counts("floor").Capacity(); p.Latest().Areas[0].Places != c || p.Latest().Title != fmt.Sprint("Gala ", c-5) {
		t.Errorf("got performance %+v, capacity of the floor %d; want the title and capacity of one edit", p.Latest(), c)
	}
	w.checkBlocksIdle()
}

// TestSizesAndBlocksDuringBookings resizes and blocks areas while others book. No place may be sold twice or
// lost.
func TestSizesAndBlocksDuringBookings(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	got := runConcurrently(120, func(i int) error {
		var err error
		switch holder := events.Holder(fmt.Sprint("holder-", i)); i % 6 {
		case 0:
			err = w.resize(areaPlaces("floor", int64(3+i%7)), areaPlaces("gallery", int64(1+i%4)))
		case 1:
			_, err = w.blockAreas("press", areaPlaces("floor", int64(1+i%5)), areaPlaces("gallery", 1))
		case 2:
			_, err = w.unblock("press")
		case 3:
			_, err = w.bookPlaces("press", holder, wantPlaces("floor", 2), wantPlaces("gallery", 1))
		default:
			answer, booked := w.bookWithPlaces(holder, []areaQuantity{wantPlaces("floor", int64(1+i%3))})
			if err = booked; err == nil {
				_, err = w.cancel(answer.Booking.ID, holder)
			}
		}
		return err
	})
	for what := range got {
		if !slices.Contains([]string{"ok", "sold_out", "limit_exceeded"}, what) {
			t.Errorf("got outcomes %v, want ok, sold_out and limit_exceeded only", got)
		}
	}
	w.check(0)
	w.checkBlocksIdle()
	w.checkNoOrphanedHolds("afterwards")
}

// base is the base revision of the edits of editKeyed.
var base events.Revision

func editKeyed(w *harness) (Blocked, error) {
	title := "Ball"
	return Blocked{}, w.EditAreas(w.ctx(), EditAreas{Origin: w.keyed("house", "e"+string(w.gala), "sizes"),
		PerformanceID: w.gala, Edit: &performance.Edit{Title: &title, Base: &base,
			Areas: []events.AreaPlaces{areaPlaces("gallery", 4), areaPlaces("floor", 6), areaPlaces("yard", 100)}}})
}

func init() {
	const free = "free , free , free "
	resized := func(w *harness) {
		w.want(w.resize(areaPlaces("gallery", 2)), "ok")
		base = w.read().performances[w.gala].EditRevision()
	}
	place := func(w *harness) {
		_, err := w.bookWithPlaces(w.bob(), []areaQuantity{wantPlaces("floor", 7)})
		w.want(err, "ok")
		w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
			return &blindDesk{desk, area.Stream(w.gala, "floor")}
		})
	}
	both := func(w *harness) (Blocked, error) {
		return w.Block(w.ctx(), Block{Origin: w.keyed("house", "b"+string(w.gala), "both"), PerformanceID: w.gala,
			Label: "press", Seats: frontRow, Areas: []events.AreaPlaces{areaPlaces("yard", 50), areaPlaces("floor", 4)}})
	}
	blockCrashes = append(blockCrashes, []blockCrash{
		{"blocking seats and places", func(*harness) {}, both, free,
			"blocked press, blocked press, blocked press, floor 6 0 0 4, yard 150 0 0 50", "ok"},
		{"blocking places that have just been taken", place, both, free + ", floor 3 7 0 0", "", "sold_out"},
		{"unblocking seats and places", func(w *harness) {
			_, err := both(w)
			w.want(err, "ok")
		}, func(w *harness) (Blocked, error) {
			return w.Unblock(w.ctx(), Block{Origin: w.keyed("house", "u"+string(w.gala), "both"), PerformanceID: w.gala,
				Label: "press", Seats: frontRow})
		}, "blocked press, blocked press, blocked press, floor 6 0 0 4, yard 150 0 0 50", free, "ok"},
		{"resizing areas", resized, editKeyed, free + ", gallery 2 0 0 0", free + ", floor 6 0 0 0, yard 100 0 0 0", "ok"},
		{"resizing an area whose places have just been taken", func(w *harness) { resized(w); place(w) }, editKeyed,
			free + ", floor 3 7 0 0, gallery 2 0 0 0", "", "limit_exceeded"},
	}...)
}

// TestEditOnTwoNodes stops a node at each of its steps until another node has completed the change and made an
// edit. Exactly one of the two edits must be made, and the other must be stale.
func TestEditOnTwoNodes(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{
		"begin": is[*performance.BeginBlocks], "size": is[*area.Resize], "edit": is[*performance.Edit],
		"last size": second(is[*area.Resize]), "made": is[*performance.ChangeBlocks],
	} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 3, 0)
			base = w.read().performances[w.gala].EditRevision()
			w.want(w.resize(areaPlaces("gallery", 2)), "ok")
			base = w.read().performances[w.gala].EditRevision()
			title := "Other"
			act := func() error {
				w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
				_, err := editKeyed(w)
				return err
			}
			want := "stale_revision"
			err := w.interleave(keeps, act, func() {
				err := w.EditAreas(w.ctx(), EditAreas{Origin: w.origin("house"), PerformanceID: w.gala,
					Edit: &performance.Edit{Title: &title, Base: &base, Areas: []events.AreaPlaces{areaPlaces("floor", 5)}}})
				if code(err) == "stale_revision" { // the first node's edit was made before
					want = "ok"
					err = nil
				}
				w.want(err, "ok")
			})
			w.want(err, want)
			p, capacity := w.read().performances[w.gala].Latest(), w.counts("floor").Capacity()
			if want == "ok" && (p.Title != "Ball" || capacity != 6 || w.counts("gallery").Capacity() != 4) ||
				want != "ok" && (p.Title != title || capacity != 5 || w.counts("gallery").Capacity() != 2) {
				t.Errorf("first node %s: got title %q, floor %d, gallery %+v; want one consistent edit", want, p.Title, capacity, w.counts("gallery"))
			}
			w.checkBlocksIdle()
		})
	}
}
