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

// wayToPay is a kind of payment whose node is killed at each of its steps.
type wayToPay struct {
	name string
	// prepare makes the nth purchase of a round, which is paid then.
	prepare func(r *payingRound, n int) *purchase
	// steps are the facts after which the node is killed; the last fact of all ends the payment.
	steps []string
	ends  string
	// once lists how often other facts occur.
	once map[string]int
	// status is the purchase's in the end, if it was paid.
	status string
}

// purchase is a purchase and the facts of its payment.
type purchase struct {
	way       *wayToPay
	path      string // of the purchase
	pay, body string // the request that pays
	streams   []events.StreamID
	facts     map[string]int // by name
	last      string         // the last fact of the killed node
	resumed   bool           // another node has taken a step
	ended     bool           // the payment is booked or owed
	endedAt   time.Time      // the time of the last step
	unpaidAs  string         // the status without a payment
	holder    string
	gone      string // a seat that another holder gets before the payment
}

const paidEach = 24

var (
	startedFact = (&events.BookingPaymentStarted{}).Name()
	debitedFact = (&events.WalletDebited{}).Name()
	keptFact    = (&events.AllowanceKept{}).Name()
	seatFact    = (&events.SeatBooked{}).Name()
	bookedFact  = (&events.BookingBooked{}).Name()
	arrivedFact = (&events.PaymentReceived{}).Name()
	countedFact = (&events.PaymentBooked{}).Name()
	owedFact    = (&events.PaymentOwed{}).Name()
	heldFact    = (&events.SeatHeld{}).Name()
	freedFact   = (&events.SeatReleased{}).Name()
	failedFact  = (&events.BookingPaymentFailed{}).Name()
	soldFact    = (&events.ProductConfirmed{}).Name()
)

var waysToPay = []*wayToPay{
	{name: "a booking from the wallet", prepare: (*payingRound).fromWallet,
		steps: []string{startedFact, debitedFact, keptFact, seatFact}, ends: bookedFact,
		once:   map[string]int{startedFact: 1, debitedFact: 1, keptFact: 1, seatFact: 2, bookedFact: 1},
		status: "booked"},
	{name: "a booking through a provider", prepare: (*payingRound).throughProvider,
		steps: []string{arrivedFact, startedFact, keptFact, seatFact, bookedFact}, ends: countedFact,
		once: map[string]int{arrivedFact: 1, startedFact: 1, keptFact: 1, seatFact: 2, bookedFact: 1, countedFact: 1,
			owedFact: 0},
		status: "booked"},
	{name: "a late booking with a lost seat", prepare: (*payingRound).tooLate,
		steps: []string{arrivedFact, startedFact, heldFact, failedFact}, ends: owedFact,
		once:   map[string]int{arrivedFact: 1, startedFact: 1, seatFact: 0, bookedFact: 0, countedFact: 0, owedFact: 1},
		status: "expired"},
	{name: "a hold of units", prepare: (*payingRound).forUnits,
		steps: []string{arrivedFact, soldFact}, ends: countedFact,
		once:   map[string]int{arrivedFact: 1, soldFact: 1, countedFact: 1, owedFact: 0},
		status: "confirmed"},
}

// payingRound is one kill of the node that takes payments.
type payingRound struct {
	*nodes
	name                string
	hall, late, product string // owned by the node that is killed
	log                 *reader
	books               *audit
	all                 []*purchase
	of                  map[events.StreamID]*purchase
}

// at is the node that prepares.
func (r *payingRound) at() *serverProcess { return r.nodes.all[0] }

func hallKey(id string) placement.Key { return placement.OfPerformance(events.PerformanceID(id)) }

// prepare makes what is paid in a round.
func (n *nodes) prepare(round int, log *reader, books *audit) *payingRound {
	n.t.Helper()
	r := &payingRound{nodes: n, name: fmt.Sprint("r", round), log: log, books: books, of: map[events.StreamID]*purchase{}}
	r.hall, r.late = placedAt("n3", hallKey, r.name+"hall", 0), placedAt("n3", hallKey, r.name+"late", 0)
	r.product = placedAt("n3", productKey, r.name+"product", 0)
	const performance = `{"id":%q,"title":"t","venue":"v","starts_at":"2999-01-01T20:00:00Z","hold_seconds":%d,
		%s "sections":[{"id":"A","rows":%d,"seats_per_row":4,"price":100}]}`
	r.at().must(201, "POST", "/v1/performances",
		fmt.Sprintf(performance, r.hall, 3600, `"limit_per_holder":2,`, 2*paidEach))
	r.at().must(201, "POST", "/v1/performances", fmt.Sprintf(performance, r.late, 1, "", paidEach))
	r.at().must(201, "POST", "/v1/products",
		fmt.Sprintf(`{"id":%q,"name":"n","stock":%d,"price":100,"hold_seconds":3600}`, r.product, paidEach))
	r.at().must(201, "POST", "/v1/wallets/bob"+r.name+"/charges", fmt.Sprintf(`{"amount":%d}`, 100*paidEach))
	var preparing sync.WaitGroup
	r.all = make([]*purchase, len(waysToPay)*paidEach)
	for i, way := range waysToPay {
		preparing.Go(func() {
			for k := range paidEach {
				p := way.prepare(r, k)
				p.way, p.facts = way, map[string]int{}
				r.all[k*len(waysToPay)+i] = p
			}
		})
	}
	preparing.Wait()
	for _, p := range r.all {
		for _, stream := range p.streams {
			r.of[stream] = p
		}
	}
	r.loseSeats()
	r.read()
	for _, p := range r.all {
		p.facts, p.last, p.resumed = map[string]int{}, "", false
	}
	return r
}

// book books seats for a holder, and returns the purchase that a provider's report pays.
func (r *payingRound) book(performance, prefix string, row int) *purchase {
	r.t.Helper()
	holder := fmt.Sprint(prefix, r.name, "-", row)
	seats := []events.SeatName{events.SeatName(fmt.Sprintf("A-%d-1", row)), events.SeatName(fmt.Sprintf("A-%d-2", row))}
	id := decoded[struct{ ID string }](r.t, r.at().must(201, "POST", "/v1/performances/"+performance+"/bookings",
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

// report is the body of a provider's report.
func report(reference string, amount int) string {
	return fmt.Sprintf(`{"method":"external","provider":"bank","reference":%q,"amount":%d,"currency":"EUR"}`,
		reference, amount)
}

func (r *payingRound) fromWallet(n int) *purchase {
	p := r.book(r.hall, "wal", 1+n)
	r.at().must(201, "POST", "/v1/wallets/"+p.holder+"/charges", `{"amount":250}`)
	p.body = "{}"
	return p
}

func (r *payingRound) throughProvider(n int) *purchase { return r.book(r.hall, "ext", 1+paidEach+n) }

func (r *payingRound) tooLate(n int) *purchase {
	p := r.book(r.late, "late", 1+n)
	p.gone, p.unpaidAs = fmt.Sprintf("A-%d-2", 1+n), "expired"
	return p
}

func (r *payingRound) forUnits(n int) *purchase {
	holder := fmt.Sprint("units", r.name, "-", n)
	path := "/v1/products/" + r.product + "/reservations"
	id := decoded[struct{ ID string }](r.t,
		r.at().must(201, "POST", path, fmt.Sprintf(`{"holder":%q,"hold":true}`, holder))).ID
	path += "/" + id
	return &purchase{path: path, pay: path + "/confirm", body: report(holder, 100), holder: holder, unpaidAs: "held",
		streams: []events.StreamID{events.PaymentStream("bank", holder)}}
}

// loseSeats waits until the late bookings have expired, and books a seat of each for another holder. No step
// of anything remains then.
func (r *payingRound) loseSeats() {
	r.t.Helper()
	var names []string
	for _, p := range r.all {
		if p.gone != "" {
			names = append(names, fmt.Sprintf("%q", p.gone))
		}
	}
	body := fmt.Sprintf(`{"holder":"bob%s","seats":[%s]}`, r.name, strings.Join(names, ","))
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		status, _, text := r.nodes.all[2].ask("POST", "/v1/performances/"+r.late+"/bookings", body)
		if status == http.StatusCreated {
			id := decoded[struct{ ID string }](r.t, text).ID
			r.nodes.all[2].must(200, "POST", "/v1/bookings/"+id+"/payment", "{}")
			break
		}
		if time.Now().After(end) {
			r.t.Fatalf("the late bookings keep their seats: %d %s", status, text)
		}
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if r.books.read(r.t); len(r.books.verifier.Open()) == 0 {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("Open() = %q", r.books.verifier.Open())
		}
	}
}

// read counts the facts that have followed.
func (r *payingRound) read() {
	r.t.Helper()
	r.log.next(func(e *events.Recorded, fact events.Fact, of events.Metadata) {
		p := r.of[e.Stream]
		if confirmed, is := fact.(*events.ProductConfirmed); is {
			p = r.of[confirmed.Payment]
		}
		if p == nil {
			return
		}
		p.facts[e.Type]++
		p.endedAt, p.ended = of.At, p.ended || e.Type == p.way.ends
		if of.Actor == "system" {
			p.resumed = true
		} else {
			p.last = e.Type
		}
	})
}

// kill starts a payment every few milliseconds, kills their node meanwhile, and waits until the others have
// taken the remaining steps. It returns the time of the kill.
func (r *payingRound) kill(slow *proxy, pause time.Duration) (at time.Time) {
	r.t.Helper()
	victim := r.nodes.all[2]
	slow.slow(20 * time.Millisecond)
	var callers sync.WaitGroup
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range paidEach {
		for _, p := range r.all[i*len(waysToPay) : (i+1)*len(waysToPay)] {
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
	slow.slow(0)
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
		if open == 0 && time.Since(at) > time.Second { // what was sent to the log has arrived by then
			return at
		}
		if time.Now().After(end) {
			r.t.Fatalf("%d payments are not resumed", open)
		}
	}
}

// check checks each payment, and counts the steps at which one was interrupted. It returns the time from the
// kill to the last step.
func (r *payingRound) check(killed time.Time, hit map[string]int) (slowest time.Duration) {
	r.t.Helper()
	for _, p := range r.all {
		status, balance := p.unpaidAs, 250
		if len(p.facts) > 0 {
			status, balance = p.way.status, 50
			for fact, times := range p.way.once {
				if p.facts[fact] != times {
					r.t.Errorf("%s, interrupted after %q: %d × %s; want %d", p.way.name, p.last, p.facts[fact], fact, times)
				}
			}
		}
		if p.facts[heldFact] != p.facts[freedFact] {
			r.t.Errorf("%s, interrupted after %q: seats are not free again: %v", p.way.name, p.last, p.facts)
		}
		if got := decoded[struct{ Status string }](r.t, r.at().must(200, "GET", p.path, "")).Status; got != status {
			r.t.Errorf("%s, interrupted after %q: it is %s; want %s", p.way.name, p.last, got, status)
		}
		if p.way.ends == bookedFact {
			got := decoded[struct{ Balance int }](r.t, r.at().must(200, "GET", "/v1/wallets/"+p.holder, "")).Balance
			if got != balance {
				r.t.Errorf("%s, interrupted after %q: the balance is %d; want %d", p.way.name, p.last, got, balance)
			}
		}
		if p.resumed {
			hit[p.way.name+": "+p.last]++
			slowest = max(slowest, p.endedAt.Sub(killed))
		}
	}
	return slowest
}

// missing returns the steps after which no payment was interrupted yet.
func missing(hit map[string]int) (steps []string) {
	for _, way := range waysToPay {
		for _, step := range way.steps {
			if name := way.name + ": " + step; hit[name] == 0 {
				steps = append(steps, name)
			}
		}
	}
	return steps
}

// TestNodesResumePayments: the node that takes payments is killed while some are at each of their steps. Others
// complete them at most ten seconds later, and each purchase is paid exactly once, or the money is owed and
// the seats are free. A kill is repeated until every step was hit.
func TestNodesResumePayments(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	slow := newProxy(t, "127.0.0.1:0", n.log.host)
	n.begin("n1", n.log.address(), "--currency", "EUR")
	n.begin("n2", n.log.address(), "--currency", "EUR")
	n.begin("n3", strings.Replace(n.log.address(), n.log.host, slow.ln.Addr().String(), 1), "--currency", "EUR")
	log, books, hit := newReader(t, n.log.address()), newAudit(t, n.all[0].url), map[string]int{}
	for round := 0; round < timerRounds(t) || len(missing(hit)) > 0; round++ {
		if round == timerRounds(t)+5 {
			t.Fatalf("no payment was interrupted after %v", missing(hit))
		}
		if round > 0 {
			n.all[2].again()
		}
		n.agree(3, n.all...)
		r := n.prepare(round, log, books)
		killed := r.kill(slow, time.Duration(15+5*(round%4))*time.Millisecond)
		slowest := r.check(killed, hit)
		t.Logf("round %d: the last payment was completed %v after the kill", round, slowest.Round(time.Millisecond))
		if slowest > 10*time.Second {
			t.Errorf("a payment was completed %v after the kill; want 10s at most", slowest)
		}
	}
	for _, step := range slices.Sorted(maps.Keys(hit)) {
		t.Logf("interrupted after %s: %d", step, hit[step])
	}
	n.all[0].end()
	n.all[1].end()
	must(t, exitDone, "verify", "--store", n.log.address())
}
