package cli

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/placement"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// paymentKind is a kind of payment during which the node that takes it is killed, after each of its steps.
type paymentKind struct {
	name string
	// prepare makes the nth purchase of a round, up to its payment.
	prepare func(r *paymentRound, n int) *purchase
	// steps are the facts after which the node is killed.
	steps []string
	// lastFact ends the payment.
	lastFact string
	// counts has the expected number of each fact.
	counts map[string]int
	// status is that of the purchase after a payment.
	status string
}

// purchase is a purchase and the facts of its payment.
type purchase struct {
	kind      *paymentKind
	path      string // of the purchase
	pay, body string // the path and body of the request that pays
	streams   []events.StreamID
	facts     map[string]int // by name
	last      string         // the last fact of the killed node
	resumed   bool           // another node has taken a step
	ended     bool           // the payment has its last fact
	endedAt   time.Time      // the time of the last step
	unpaidAs  string         // the status without a payment
	holder    string
	lostSeat  string // a seat that another holder gets before the payment, or ""
}

// paymentsOfKind is the number of payments of each kind in a round.
const paymentsOfKind = 24

var (
	startedFact   = (&events.BookingPaymentStarted{}).Name()
	debitedFact   = (&events.WalletDebited{}).Name()
	keptFact      = (&events.AllowanceKept{}).Name()
	seatFact      = (&events.SeatBooked{}).Name()
	bookedFact    = (&events.BookingBooked{}).Name()
	receivedFact  = (&events.PaymentReceived{}).Name()
	creditedFact  = (&events.PaymentBooked{}).Name()
	owedFact      = (&events.PaymentOwed{}).Name()
	heldFact      = (&events.SeatHeld{}).Name()
	releasedFact  = (&events.SeatReleased{}).Name()
	failedFact    = (&events.BookingPaymentFailed{}).Name()
	confirmedFact = (&events.ProductConfirmed{}).Name()
)

var paymentKinds = []*paymentKind{
	{name: "a booking from the wallet", prepare: (*paymentRound).fromWallet,
		steps: []string{startedFact, debitedFact, keptFact, seatFact}, lastFact: bookedFact,
		counts: map[string]int{startedFact: 1, debitedFact: 1, keptFact: 1, seatFact: 2, bookedFact: 1},
		status: "booked"},
	{name: "a booking through a provider", prepare: (*paymentRound).throughProvider,
		steps: []string{receivedFact, startedFact, keptFact, seatFact, bookedFact}, lastFact: creditedFact,
		counts: map[string]int{receivedFact: 1, startedFact: 1, keptFact: 1, seatFact: 2, bookedFact: 1, creditedFact: 1,
			owedFact: 0},
		status: "booked"},
	{name: "a late booking with a lost seat", prepare: (*paymentRound).tooLate,
		steps: []string{receivedFact, startedFact, heldFact, failedFact}, lastFact: owedFact,
		counts: map[string]int{receivedFact: 1, startedFact: 1, seatFact: 0, bookedFact: 0, creditedFact: 0, owedFact: 1},
		status: "expired"},
	{name: "a hold of units", prepare: (*paymentRound).forUnits,
		steps: []string{receivedFact, confirmedFact}, lastFact: creditedFact,
		counts: map[string]int{receivedFact: 1, confirmedFact: 1, creditedFact: 1, owedFact: 0},
		status: "confirmed"},
}

// paymentRound is one round of payments, during which the node n3 that takes them is killed.
type paymentRound struct {
	*nodes
	name                string
	hall, late, product string // ids of entities that n3 owns
	log                 *reader
	books               *audit
	all                 []*purchase
	byStream            map[events.StreamID]*purchase
}

// entry returns the node to which the purchases are sent.
func (r *paymentRound) entry() *serverProcess { return r.nodes.all[0] }

func hallKey(id string) placement.Key { return placement.OfPerformance(events.PerformanceID(id)) }

// prepare makes the purchases that are paid in a round.
func (n *nodes) prepare(round int, log *reader, books *audit) *paymentRound {
	n.t.Helper()
	r := &paymentRound{nodes: n, name: fmt.Sprint("r", round), log: log, books: books, byStream: map[events.StreamID]*purchase{}}
	r.hall, r.late = placedAt("n3", hallKey, r.name+"hall", 0), placedAt("n3", hallKey, r.name+"late", 0)
	r.product = placedAt("n3", productKey, r.name+"product", 0)
	const performance = `{"id":%q,"title":"t","venue":"v","starts_at":"2999-01-01T20:00:00Z","hold_seconds":%d,
		%s "sections":[{"id":"A","rows":%d,"seats_per_row":4,"price":100}]}`
	r.entry().must(201, "POST", "/v1/performances",
		fmt.Sprintf(performance, r.hall, 3600, `"limit_per_holder":2,`, 2*paymentsOfKind))
	r.entry().must(201, "POST", "/v1/performances", fmt.Sprintf(performance, r.late, 1, "", paymentsOfKind))
	r.entry().must(201, "POST", "/v1/products",
		fmt.Sprintf(`{"id":%q,"name":"n","stock":%d,"price":100,"hold_seconds":3600}`, r.product, paymentsOfKind))
	r.entry().must(201, "POST", "/v1/wallets/bob"+r.name+"/charges", fmt.Sprintf(`{"amount":%d}`, 100*paymentsOfKind))
	var preparing sync.WaitGroup
	r.all = make([]*purchase, len(paymentKinds)*paymentsOfKind)
	for i, kind := range paymentKinds {
		preparing.Go(func() {
			for k := range paymentsOfKind {
				p := kind.prepare(r, k)
				p.kind, p.facts = kind, map[string]int{}
				r.all[k*len(paymentKinds)+i] = p
			}
		})
	}
	preparing.Wait()
	for _, p := range r.all {
		for _, stream := range p.streams {
			r.byStream[stream] = p
		}
	}
	r.takeLateSeats()
	r.read()
	for _, p := range r.all {
		p.facts, p.last, p.resumed = map[string]int{}, "", false
	}
	return r
}

// book books two seats for a holder, and returns the purchase, with the report of a payment as its request.
func (r *paymentRound) book(performance, prefix string, row int) *purchase {
	r.t.Helper()
	holder := fmt.Sprint(prefix, r.name, "-", row)
	seats := []events.SeatName{events.SeatName(fmt.Sprintf("A-%d-1", row)), events.SeatName(fmt.Sprintf("A-%d-2", row))}
	id := decode[struct{ ID string }](r.t, r.entry().must(201, "POST", "/v1/performances/"+performance+"/bookings",
		fmt.Sprintf(`{"holder":%q,"seats":[%q,%q]}`, holder, seats[0], seats[1]))).ID
	p := &purchase{path: "/v1/bookings/" + id, holder: holder, unpaidAs: "held",
		streams: []events.StreamID{booking.Stream(events.BookingID(id)), events.PaymentStream("bank", holder),
			wallet.Stream(events.Holder(holder)),
			allowance.Stream(events.PerformanceID(performance), events.Holder(holder))}}
	for _, name := range seats {
		p.streams = append(p.streams, seat.Stream(events.PerformanceID(performance), name))
	}
	p.pay, p.body = p.path+"/payment", report(holder, 200)
	return p
}

// report returns the body that reports a payment at a provider.
func report(reference string, amount int) string {
	return fmt.Sprintf(`{"method":"external","provider":"bank","reference":%q,"amount":%d,"currency":"EUR"}`,
		reference, amount)
}

func (r *paymentRound) fromWallet(n int) *purchase {
	p := r.book(r.hall, "wal", 1+n)
	r.entry().must(201, "POST", "/v1/wallets/"+p.holder+"/charges", `{"amount":250}`)
	p.body = "{}"
	return p
}

func (r *paymentRound) throughProvider(n int) *purchase {
	return r.book(r.hall, "ext", 1+paymentsOfKind+n)
}

func (r *paymentRound) tooLate(n int) *purchase {
	p := r.book(r.late, "late", 1+n)
	p.lostSeat, p.unpaidAs = fmt.Sprintf("A-%d-2", 1+n), "expired"
	return p
}

func (r *paymentRound) forUnits(n int) *purchase {
	holder := fmt.Sprint("units", r.name, "-", n)
	path := "/v1/products/" + r.product + "/reservations"
	id := decode[struct{ ID string }](r.t,
		r.entry().must(201, "POST", path, fmt.Sprintf(`{"holder":%q,"hold":true}`, holder))).ID
	path += "/" + id
	return &purchase{path: path, pay: path + "/confirm", body: report(holder, 100), holder: holder, unpaidAs: "held",
		streams: []events.StreamID{events.PaymentStream("bank", holder)}}
}

// takeLateSeats waits until the late bookings have expired, books a seat of each for another holder, and
// waits until no process is open.
func (r *paymentRound) takeLateSeats() {
	r.t.Helper()
	var names []string
	for _, p := range r.all {
		if p.lostSeat != "" {
			names = append(names, fmt.Sprintf("%q", p.lostSeat))
		}
	}
	body := fmt.Sprintf(`{"holder":"bob%s","seats":[%s]}`, r.name, strings.Join(names, ","))
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		status, _, text := r.nodes.all[2].ask("POST", "/v1/performances/"+r.late+"/bookings", body)
		if status == http.StatusCreated {
			id := decode[struct{ ID string }](r.t, text).ID
			r.nodes.all[2].must(200, "POST", "/v1/bookings/"+id+"/payment", "{}")
			break
		}
		if time.Now().After(end) {
			r.t.Fatalf("the seats of the late bookings can't be booked after %v: %d %s; want 201", patience, status, text)
		}
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if r.books.read(r.t); len(r.books.verifier.Open()) == 0 {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("%q are still open after %v, want none", r.books.verifier.Open(), patience)
		}
	}
}

// read counts the facts since the last read.
func (r *paymentRound) read() {
	r.t.Helper()
	r.log.next(func(e *events.Recorded, fact events.Fact, of events.Metadata) {
		p := r.byStream[e.Stream]
		if confirmed, ok := fact.(*events.ProductConfirmed); ok {
			p = r.byStream[confirmed.Payment]
		}
		if p == nil {
			return
		}
		p.facts[e.Type]++
		p.endedAt, p.ended = of.At, p.ended || e.Type == p.kind.lastFact
		if of.Actor == "system" {
			p.resumed = true
		} else {
			p.last = e.Type
		}
	})
}

// kill starts one payment of each kind at a time, with pauses between them, at a node whose log is slow. It
// kills the node, waits until the others have completed the payments, and returns the time of the kill.
func (r *paymentRound) kill(slow *proxy, pause time.Duration) (at time.Time) {
	r.t.Helper()
	victim := r.nodes.all[2]
	slow.setDelay(20 * time.Millisecond)
	var callers sync.WaitGroup
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range paymentsOfKind {
		for _, p := range r.all[i*len(paymentKinds) : (i+1)*len(paymentKinds)] {
			callers.Go(func() {
				if _, _, err := post(client, victim.url+p.pay, p.body, ""); err != nil {
					r.t.Error(err)
				}
			})
		}
		time.Sleep(pause)
	}
	at = time.Now()
	victim.kill()
	slow.setDelay(0)
	callers.Wait()
	for end := at.Add(patience); ; time.Sleep(50 * time.Millisecond) {
		r.read()
		open := 0
		for _, p := range r.all {
			if len(p.facts) > 0 && !p.ended {
				open++
			}
		}
		r.books.read(r.t)
		open += len(r.books.verifier.Open())
		if open == 0 && time.Since(at) > time.Second { // until then, facts of the killed node may arrive
			return at
		}
		if time.Now().After(end) {
			r.t.Fatalf("%d payments or processes are still open %v after the kill, want 0", open, patience)
		}
	}
}

// check checks each payment and counts, in interrupted, the steps after which a payment was interrupted. It
// returns the longest time from the kill to the last step of a payment.
func (r *paymentRound) check(killed time.Time, interrupted map[string]int) (slowest time.Duration) {
	r.t.Helper()
	for _, p := range r.all {
		status, balance := p.unpaidAs, 250
		if len(p.facts) > 0 {
			status, balance = p.kind.status, 50
			for fact, want := range p.kind.counts {
				if p.facts[fact] != want {
					r.t.Errorf("%s, interrupted after %q: %d × %s, want %d", p.kind.name, p.last, p.facts[fact], fact, want)
				}
			}
		}
		if p.facts[heldFact] != p.facts[releasedFact] {
			r.t.Errorf("%s, interrupted after %q: %d seats were held and %d released, want equal numbers",
				p.kind.name, p.last, p.facts[heldFact], p.facts[releasedFact])
		}
		if got := decode[struct{ Status string }](r.t, r.entry().must(200, "GET", p.path, "")).Status; got != status {
			r.t.Errorf("%s, interrupted after %q: status %s, want %s", p.kind.name, p.last, got, status)
		}
		if p.kind.lastFact == bookedFact {
			got := decode[struct{ Balance int }](r.t, r.entry().must(200, "GET", "/v1/wallets/"+p.holder, "")).Balance
			if got != balance {
				r.t.Errorf("%s, interrupted after %q: the balance is %d; want %d", p.kind.name, p.last, got, balance)
			}
		}
		if p.resumed {
			interrupted[p.kind.name+": "+p.last]++
			slowest = max(slowest, p.endedAt.Sub(killed))
		}
	}
	return slowest
}

// remainingSteps returns the steps after which no payment was interrupted yet.
func remainingSteps(interrupted map[string]int) (steps []string) {
	for _, kind := range paymentKinds {
		for _, step := range kind.steps {
			if name := kind.name + ": " + step; interrupted[name] == 0 {
				steps = append(steps, name)
			}
		}
	}
	return steps
}

// TestNodesResumePayments kills the node that takes payments, in one round or more, until payments were
// interrupted after each of their steps. The other nodes complete them within ten seconds. Each purchase is
// paid exactly once, or the money is owed and the seats are free.
func TestNodesResumePayments(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	slow := newProxy(t, "127.0.0.1:0", n.log.host)
	n.launch("n1", n.log.address(), "--currency", "EUR")
	n.launch("n2", n.log.address(), "--currency", "EUR")
	n.launch("n3", strings.Replace(n.log.address(), n.log.host, slow.ln.Addr().String(), 1), "--currency", "EUR")
	log, books, interrupted := newReader(t, n.log.address()), newAudit(t, n.all[0].url), map[string]int{}
	for round := 0; round < timerRounds(t) || len(remainingSteps(interrupted)) > 0; round++ {
		if round == timerRounds(t)+5 {
			t.Fatalf("no payment was interrupted after %v", remainingSteps(interrupted))
		}
		if round > 0 {
			n.all[2].startAgain()
		}
		n.waitForServing(3, n.all...)
		r := n.prepare(round, log, books)
		killed := r.kill(slow, time.Duration(15+5*(round%4))*time.Millisecond)
		slowest := r.check(killed, interrupted)
		t.Logf("round %d: the last payment was completed %v after the kill", round, slowest.Round(time.Millisecond))
		if slowest > 10*time.Second {
			t.Errorf("a payment was completed %v after the kill; want 10s at most", slowest)
		}
	}
	for _, step := range slices.Sorted(maps.Keys(interrupted)) {
		t.Logf("interrupted after %s: %d", step, interrupted[step])
	}
	n.all[0].end()
	n.all[1].end()
	must(t, exitDone, "verify", "--store", n.log.address())
}
