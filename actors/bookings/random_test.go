package bookings

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestRandomHistory makes random requests about seats and places, some under a label, about blocks, and about the sizes
// of areas. The process crashes during some of them, while time passes and deadlines expire early, late or not at all.
// After each request, once unfinished commands are resumed, money, seats and places must agree.
func TestRandomHistory(t *testing.T) {
	const limit = 4
	for range 20 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			w := newMemoryHarness(t, 2, 4, limit)
			for _, holder := range []events.Holder{"ann", "bob", "cid"} {
				w.charge(holder, 600)
			}
			var ids []events.BookingID
			off := rng.IntN(100) // the step at which the performance is cancelled, if that step is reached
			for step := range 50 {
				if step == off {
					w.cancelPerformance()
					w.resume()
				}
				w.clock.move(time.Duration(rng.IntN(4)) * 11 * s)
				if rng.IntN(2) == 0 {
					w.expireDue()
				}
				hasCrashed := func() bool { return false }
				if rng.IntN(2) == 0 {
					hasCrashed = w.crashAfter(rng.IntN(6))
				}
				if id := w.randomStep(rng, ids); id != "" {
					ids = append(ids, id)
				}
				if hasCrashed() || rng.IntN(10) == 0 {
					w.restart()
					w.clock.move(time.Duration(rng.IntN(3)) * 50 * s) // the time before unfinished commands are resumed
				} else {
					w.wrapDesk(nil)
				}
				w.expireDue()
				w.resume()
				w.check(limit)
				w.checkBlocksIdle()
			}
			w.clock.move(time.Hour)
			w.expireDue()
			w.resume()
			w.checkSettled(limit)
		})
	}
}

// randomStep makes one random request, and returns the id of a booking that it has made. It ignores refusals.
func (w *harness) randomStep(rng *rand.Rand, ids []events.BookingID) events.BookingID {
	holder := []events.Holder{"ann", "bob", "cid"}[rng.IntN(3)]
	if len(ids) > 0 && rng.IntN(3) > 0 {
		id := ids[max(0, len(ids)-1-rng.IntN(4))] // a recent one
		ask := []func(id events.BookingID, by events.Holder) (Answer, error){
			w.pay, w.pay, w.pay, w.extend, w.cancel, w.returnFirst, w.returnFirst, w.reportNew, w.beginShortIntent}[rng.IntN(9)]
		_, _ = ask(id, "")
		return ""
	}
	switch rng.IntN(12) {
	case 9:
		w.changeBlocksAtRandom(rng)
		return ""
	case 10, 11:
		return w.bookRandom(rng, holder)
	case 7: // the sale closes soon, or never
		closes := []time.Time{{}, w.clock.now().Add(15 * s), w.clock.now()}[rng.IntN(3)]
		_, _ = w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.Edit{ClosesAt: &closes})
		return ""
	case 0:
		_, _ = w.step(
			w.ctx(),
			w.origin(string(holder)),
			wallet.Stream(holder),
			&wallet.Charge{ID: "c", Amount: 1 + rng.Int64N(900)},
		)
		return ""
	case 1:
		name := events.SeatName(fmt.Sprintf("A-%d-%d", 1+rng.IntN(2), 1+rng.IntN(4)))
		command := []any{&seat.Block{}, &seat.Unblock{}}[rng.IntN(2)]
		_, _ = w.step(w.ctx(), w.origin("house"), seat.Stream(w.gala, name), command)
		return ""
	case 2:
		answer, _ := w.best(holder, 1+rng.IntN(3))
		return answer.Booking.ID
	}
	row, from := 1+rng.IntN(2), 1+rng.IntN(3)
	names := []events.SeatName{
		events.SeatName(fmt.Sprintf("A-%d-%d", row, from)),
		events.SeatName(fmt.Sprintf("A-%d-%d", row, from+1)),
	}
	answer, _ := w.book(holder, names[:1+rng.IntN(2)]...)
	return answer.Booking.ID
}

// randomLabel returns one of two labels, or none.
func randomLabel(rng *rand.Rand) events.BlockLabel {
	return []events.BlockLabel{"", "press", "crew"}[rng.IntN(3)]
}

// bookRandom books random seats and places, and returns the id of the booking. It ignores refusals.
func (w *harness) bookRandom(rng *rand.Rand, holder events.Holder) events.BookingID {
	cmd := Book{Origin: w.origin(string(holder)), PerformanceID: w.gala, Holder: holder, Restricted: true,
		Label: randomLabel(rng)}
	if rng.IntN(2) == 0 {
		cmd.Seats = append(cmd.Seats, events.SeatName(fmt.Sprintf("A-%d-%d", 1+rng.IntN(2), 1+rng.IntN(4))))
	}
	for _, places := range []areaQuantity{{Area: "floor"}, {Area: "gallery", PriceType: "member"},
		{Area: "gallery", PriceType: "child"}} {
		if places.Quantity = rng.Int64N(3); places.Quantity > 0 {
			cmd.Areas = append(cmd.Areas, places)
		}
	}
	answer, _ := w.Book(w.ctx(), cmd)
	return answer.Booking.ID
}

// changeBlocksAtRandom changes random blocks or sizes of areas. It ignores refusals.
func (w *harness) changeBlocksAtRandom(rng *rand.Rand) {
	row := 1 + rng.IntN(2)
	change := Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: []events.BlockLabel{"press", "crew"}[row-1]}
	switch rng.IntN(4) {
	case 0:
		change.Rows = []string{fmt.Sprint("A-", row)}
		_, _ = w.Block(w.ctx(), change)
	case 1:
		change.Seats = []events.SeatName{events.SeatName(fmt.Sprintf("A-%d-%d", 1+rng.IntN(2), 1+rng.IntN(4)))}
		change.Areas = []events.AreaPlaces{areaPlaces("gallery", 1+rng.Int64N(2)), areaPlaces("floor", 1+rng.Int64N(4))}
		_, _ = w.Block(w.ctx(), change)
	case 2:
		for number := range 8 {
			change.Seats = append(change.Seats, events.SeatName(fmt.Sprintf("A-%d-%d", 1+number/4, 1+number%4)))
		}
		_, _ = w.Unblock(w.ctx(), change)
	case 3:
		_ = w.resize(areaPlaces("floor", 4+rng.Int64N(7)), areaPlaces("gallery", 1+rng.Int64N(4)))
	}
}
