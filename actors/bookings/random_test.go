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

// TestAnyHistory makes random requests, during some of which the process crashes, while time passes
// and deadlines expire early, late or not at all. After each of them, once unfinished commands are
// resumed, money and seats agree.
func TestAnyHistory(t *testing.T) {
	const limit = 4
	for range 20 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 0))
			w := beginInMemory(t, 2, 4, limit)
			for _, holder := range []events.Holder{"ann", "bob", "cid"} {
				w.charge(holder, 600)
			}
			var ids []events.BookingID
			off := chance.IntN(100) // the step at which it is called off, if there are as many
			for step := range 50 {
				if step == off {
					w.cancelShow()
					w.resume()
				}
				w.clock.move(time.Duration(chance.IntN(4)) * 11 * s)
				if chance.IntN(2) == 0 {
					w.wake()
				}
				died := func() bool { return false }
				if chance.IntN(2) == 0 {
					died = w.dieAfter(chance.IntN(6))
				}
				if id := w.something(chance, ids); id != "" {
					ids = append(ids, id)
				}
				if died() || chance.IntN(10) == 0 {
					w.restart()
					w.clock.move(time.Duration(chance.IntN(3)) * 50 * s) // so long nobody resumed
				} else {
					w.between(nil)
				}
				w.wake()
				w.resume()
				w.check(limit)
			}
			w.clock.move(time.Hour)
			w.wake()
			w.resume()
			w.settled(limit)
		})
	}
}

// something makes one random request, whatever its outcome, and returns the id of a booking that it
// made.
func (w *harness) something(chance *rand.Rand, ids []events.BookingID) events.BookingID {
	holder := []events.Holder{"ann", "bob", "cid"}[chance.IntN(3)]
	if len(ids) > 0 && chance.IntN(3) > 0 {
		id := ids[max(0, len(ids)-1-chance.IntN(4))] // a recent one
		ask := []func(id events.BookingID, by events.Holder) (Answer, error){
			w.pay, w.pay, w.pay, w.extend, w.cancel, w.giveBackOne, w.giveBackOne, w.reportSome, w.intendSome}[chance.IntN(9)]
		_, _ = ask(id, "")
		return ""
	}
	switch chance.IntN(8) {
	case 7: // the sale closes soon, or never
		closes := []time.Time{{}, w.clock.now().Add(15 * s), w.clock.now()}[chance.IntN(3)]
		_, _ = w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.Edit{ClosesAt: &closes})
		return ""
	case 0:
		_, _ = w.step(
			w.ctx(),
			w.origin(string(holder)),
			wallet.Stream(holder),
			&wallet.Charge{ID: "c", Amount: 1 + chance.Int64N(900)},
		)
		return ""
	case 1:
		name := events.SeatName(fmt.Sprintf("A-%d-%d", 1+chance.IntN(2), 1+chance.IntN(4)))
		command := []any{&seat.Block{}, &seat.Unblock{}}[chance.IntN(2)]
		_, _ = w.step(w.ctx(), w.origin("house"), seat.Stream(w.gala, name), command)
		return ""
	case 2:
		answer, _ := w.best(holder, 1+chance.IntN(3))
		return answer.Booking.ID
	}
	row, from := 1+chance.IntN(2), 1+chance.IntN(3)
	names := []events.SeatName{
		events.SeatName(fmt.Sprintf("A-%d-%d", row, from)),
		events.SeatName(fmt.Sprintf("A-%d-%d", row, from+1)),
	}
	answer, _ := w.book(holder, names[:1+chance.IntN(2)]...)
	return answer.Booking.ID
}
