package cli

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"admitone/actors/placement"
	"admitone/actors/seat"
	"admitone/events"
)

// paymentStep names how far the payment of a booking got before a moment, according to the log.
func (d *drill) paymentStep(at *serverProcess, booking, holder string, seats []string, moment time.Time) string {
	d.t.Helper()
	taken := map[string]int{}
	for _, stream := range append(seats, "booking-"+booking, "wallet-"+holder) {
		text := at.must(200, "GET", "/v1/streams/"+url.PathEscape(stream)+"/events?limit=500", "")
		for _, e := range decoded[struct {
			Items []struct {
				Type string
				Time time.Time
			}
		}](d.t, text).Items {
			if !e.Time.After(moment) {
				taken[e.Type]++
			}
		}
	}
	switch {
	case taken["booking.booked.v1"] > 0:
		return "booking booked"
	case taken["seat.booked.v1"] == len(seats):
		return "all seats booked"
	case taken["seat.booked.v1"] > 0:
		return "one seat booked"
	case taken["wallet.debited.v1"] > 0:
		return "wallet debited"
	case taken["booking.payment_started.v1"] > 0:
		return "payment started"
	}
	return "nothing"
}

// TestNodesResumePayments: bookings are paid at their owner, which is killed meanwhile. Other nodes complete every
// payment that has begun within 10 s, once, although no caller asks them to.
func TestNodesResumePayments(t *testing.T) {
	t.Parallel()
	d := newDrill(t, true)
	interrupted := map[string]int{}
	for round := range timerRounds(t) {
		d.payAndKill(round, interrupted)
	}
	t.Logf("the last step before the kill: %v", interrupted)
	for _, s := range d.n {
		s.end()
	}
	must(t, exitDone, "verify", "--store", d.log.address())
}

// payAndKill pays bookings at the third node, kills it at a random moment, and checks the outcome at the first.
func (d *drill) payAndKill(round int, interrupted map[string]int) {
	d.t.Helper()
	const bookings, price, charged = 12, 100, 1000
	key := func(id string) placement.Key { return placement.OfPerformance(events.PerformanceID(id)) }
	id := placedAt("n3", key, fmt.Sprintf("paid%d-", round), 0)
	d.n[0].must(201, "POST", "/v1/performances", fmt.Sprintf(`{"id":%q,"title":"t","venue":"v",
		"starts_at":"2999-01-01T20:00:00Z","sections":[{"id":"A","rows":1,"seats_per_row":%d,"price":%d}]}`,
		id, 2*bookings, price))
	ids, holders, seats := make([]string, bookings), make([]string, bookings), make([][]string, bookings)
	for i := range bookings {
		holders[i] = fmt.Sprintf("h%d-%d", round, i)
		d.n[0].must(201, "POST", "/v1/wallets/"+holders[i]+"/charges", fmt.Sprintf(`{"amount":%d}`, charged))
		first, second := fmt.Sprintf("A-1-%d", 2*i+1), fmt.Sprintf("A-1-%d", 2*i+2)
		for _, name := range []string{first, second} {
			seats[i] = append(seats[i], string(seat.Stream(events.PerformanceID(id), events.SeatName(name))))
		}
		ids[i] = decoded[struct{ ID string }](d.t, d.n[0].must(201, "POST", "/v1/performances/"+id+"/bookings",
			fmt.Sprintf(`{"holder":%q,"seats":[%q,%q]}`, holders[i], first, second))).ID
	}
	log := newReader(d.t, d.log.address())
	log.next(func(*events.Recorded, events.Fact, events.Metadata) {})
	var callers sync.WaitGroup
	for i, id := range ids {
		callers.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond) // so that they are at different steps
			_, _, _ = post(http.DefaultClient, d.n[2].url+"/v1/bookings/"+id+"/payment", `{}`, "")
		})
	}
	for begun, end := false, time.Now().Add(patience); !begun; {
		if time.Now().After(end) {
			d.t.Fatal("no payment begins")
		}
		log.next(func(e *events.Recorded, _ events.Fact, _ events.Metadata) {
			begun = begun || e.Type == "booking.payment_started.v1"
		})
	}
	time.Sleep(time.Duration(rand.Int64N(int64(10 * time.Millisecond))))
	killed := time.Now()
	d.n[2].kill()
	callers.Wait()
	time.Sleep(time.Second) // appends that were on their way have arrived
	for i := range ids {
		d.resumed(ids[i], holders[i], seats[i], charged, 2*price, killed, interrupted)
	}
	d.t.Logf("the last payment was completed within %v of the kill", time.Since(killed))
	d.n[2].again()
	d.settled(3)
}

// resumed waits until a payment that had begun is completed, and checks the wallet.
func (d *drill) resumed(id, holder string, seats []string, charged, price int, killed time.Time,
	interrupted map[string]int) {
	d.t.Helper()
	step := d.paymentStep(d.n[0], id, holder, seats, killed)
	interrupted[step]++
	want, balance := "booked", charged-price
	if step == "nothing" {
		want, balance = "held", charged
	}
	status := ""
	for status != want && time.Since(killed) < 10*time.Second {
		status = decoded[struct{ Status string }](d.t, d.n[0].must(200, "GET", "/v1/bookings/"+id, "")).Status
		time.Sleep(20 * time.Millisecond)
	}
	if status != want {
		d.t.Errorf("10 s after the kill a booking is %s, want %s; the last step was: %s", status, want, step)
	}
	got := decoded[struct{ Balance int }](d.t, d.n[0].must(200, "GET", "/v1/wallets/"+holder, "")).Balance
	if got != balance {
		d.t.Errorf("the wallet of a booking that is %s has %d, want %d; the last step was: %s", status, got, balance, step)
	}
}
