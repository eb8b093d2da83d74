package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/api/payments/stripe/stripetest"
	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections/row"
)

// stripeShop is a server with Stripe as its payment provider, and a fake of Stripe that outlives the
// server.
type stripeShop struct {
	t       *testing.T
	stripe  *stripetest.Server
	client  *http.Client
	store   string
	args    []string
	process *process
	made    int // bookings
	mu      sync.Mutex
	// undelivered has the events that were not answered with 200. It is guarded by mu during deliver.
	undelivered []stripetest.Event
}

func newStripeShop(t *testing.T) *stripeShop {
	w := &stripeShop{t: t, stripe: stripetest.New(t), client: &http.Client{Timeout: patience}, store: t.TempDir()}
	dir := t.TempDir()
	key, secret := filepath.Join(dir, "key"), filepath.Join(dir, "secret")
	for file, text := range map[string]string{key: stripetest.Key, secret: stripetest.WebhookSecret} {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.args = []string{"--currency", "EUR", "--stripe-key-file", key, "--stripe-webhook-secret-file", secret, "--stripe-api",
		w.stripe.URL(), "--stripe-refunds"}
	return w
}

func (w *stripeShop) launch() { w.process = launch(w.t, w.store, w.args...) }

// must sends a POST, which must succeed, and returns a member of the answer.
func (w *stripeShop) must(path, body, member string) string {
	w.t.Helper()
	status, answer, err := post(w.client, w.process.url+path, body, "")
	var members map[string]any
	if err == nil && status != 0 {
		err = json.Unmarshal([]byte(answer), &members)
	}
	if err != nil || status == 0 {
		w.t.Fatalf("POST %s: %d, %v: %s; want success", path, status, err, answer)
	}
	return fmt.Sprint(members[member])
}

// sell makes a booking and pays it on Stripe's page; deliver sends the webhook. Every third booking is paid
// with a wrong amount.
func (w *stripeShop) sell() {
	w.t.Helper()
	w.made++
	booking := w.must("/v1/performances/hall/bookings", fmt.Sprintf(`{"holder":"h-%d","seats":["A-1-%d"]}`, w.made, w.made), "id")
	url := w.must("/v1/bookings/"+booking+"/checkout", `{"success_url":"https://shop.example","cancel_url":"https://shop.example"}`,
		"url")
	session := url[strings.LastIndexByte(url, '/')+1:]
	w.stripe.Pay(session)
	if w.made%3 == 0 {
		w.stripe.Change(session, func(one *stripetest.Session) { one.AmountTotal = 99 })
	}
	w.undelivered = append(w.undelivered, w.stripe.SessionEvent("completed", session))
}

// deliver sends all undelivered webhooks concurrently. Meanwhile it calls meanwhile, with a channel that
// receives a value for each webhook answered with 200.
func (w *stripeShop) deliver(meanwhile func(received <-chan struct{})) {
	w.mu.Lock()
	all, url := w.undelivered, w.process.url
	w.undelivered = nil
	w.mu.Unlock()
	var sending sync.WaitGroup
	received := make(chan struct{}, len(all))
	for _, e := range all {
		sending.Go(func() {
			if e.Send(url) == http.StatusOK {
				received <- struct{}{}
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.undelivered = append(w.undelivered, e)
		})
	}
	go func() { sending.Wait(); close(received) }()
	meanwhile(received)
	sending.Wait()
}

// TestKill9Payments kills the server repeatedly while Stripe's webhooks are in flight, and while
// refunds are requested from Stripe. Stripe resends webhooks that were not answered with success. In the
// end the money of both sides agrees to the cent, each refund was paid once, and verify finds nothing.
func TestKill9Payments(t *testing.T) {
	t.Parallel()
	w := newStripeShop(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	cut := 0
	for cycle := range killCount(5) {
		w.launch()
		if cycle == 0 {
			w.must("/v1/performances", `{"id":"hall","title":"Hall","venue":"v","starts_at":"2999-01-01T20:00:00Z",`+
				`"hold_seconds":3600,"sections":[{"id":"A","rows":1,"seats_per_row":1000,"price":100}]}`, "id")
		}
		for range 6 {
			w.sell()
		}
		w.deliver(func(received <-chan struct{}) {
			for range random.IntN(6) {
				<-received
			}
			w.process.kill()
		})
		cut += len(w.undelivered)
	}
	t.Logf("%d webhooks were cut off", cut)
	w.launch()
	for end := time.Now().Add(patience); len(w.undelivered) > 0; w.deliver(func(<-chan struct{}) {}) {
		if time.Now().After(end) {
			t.Fatalf("%d webhooks are still not accepted after %v, want 0", len(w.undelivered), patience)
		}
	}
	w.releaseOne()
	w.waitForSettlement()
	w.process.kill()
	if status := Run(context.Background(), []string{"verify", "--store", w.store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// releaseOne gives one paid booking back.
func (w *stripeShop) releaseOne() {
	w.t.Helper()
	for _, b := range w.read().bookings {
		if b.Status != events.BookingIsBooked {
			continue
		}
		request, err := http.NewRequest(http.MethodDelete, w.process.url+"/v1/bookings/"+string(b.ID), nil)
		if err != nil {
			w.t.Fatal(err)
		}
		answer, err := w.client.Do(request)
		if err != nil || answer.StatusCode != http.StatusOK {
			w.t.Fatalf("DELETE %s: %v, %v; want status 200", request.URL, answer, err)
		}
		answer.Body.Close()
		return
	}
	w.t.Error("no booking is booked, want one to give back")
}

// paymentLog has the bookings and payments according to the log.
type paymentLog struct {
	*audit
	payments map[events.StreamID]*row.Payment
}

func (w *stripeShop) read() *paymentLog {
	w.t.Helper()
	s := &paymentLog{newAudit(w.t, w.process.url), map[events.StreamID]*row.Payment{}}
	s.read(w.t)
	log, err := remote.New(w.process.url, "")
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	for e, err := range events.All(w.t.Context(), log, 0) {
		if err == nil && e.Stream.Category() == events.PaymentCategory {
			if s.payments[e.Stream] == nil {
				s.payments[e.Stream] = &row.Payment{}
			}
			err = s.payments[e.Stream].Apply(&e)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return s
}

// waitForSettlement waits until no process is open and nothing is owed, and compares the money of both
// sides.
func (w *stripeShop) waitForSettlement() {
	w.t.Helper()
	s := w.read()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		remaining := int64(len(s.verifier.Open()))
		for _, p := range s.payments {
			remaining += p.Open + p.Owed
		}
		if remaining == 0 {
			break
		}
		if time.Now().After(end) {
			w.t.Fatalf("after %v %q are open, and payments are open or owed with a sum of %d; want nothing",
				patience, s.verifier.Open(), remaining-int64(len(s.verifier.Open())))
		}
		s = w.read()
	}
	sessions := w.stripe.Sessions()
	if len(s.payments) != w.made || len(sessions) != w.made {
		w.t.Errorf("%d payments and %d sessions, want one of each for each of %d bookings",
			len(s.payments), len(sessions), w.made)
	}
	refunded := 0
	for i := range sessions {
		payment := *sessions[i].PaymentIntent
		p := s.payments[events.PaymentStream("stripe", payment)]
		if p == nil || p.Received != sessions[i].AmountTotal || p.Refunded != w.stripe.Refunded(payment) ||
			p.Booked+p.Refunded != p.Received || p.Booked != 0 && p.Booked != 100 {
			w.t.Errorf("%s: the log has %+v; want %d received and %d refunded, as at Stripe, and the rest booked",
				payment, p, sessions[i].AmountTotal, w.stripe.Refunded(payment))
			continue
		}
		if len(p.Refunds) > 0 {
			refunded++
		}
	}
	if n := len(w.stripe.Refunds()); n != refunded || n != w.made/3+1 {
		w.t.Errorf("%d refunds at Stripe and %d payments with refunds in the log, want %d of both", n, refunded, w.made/3+1)
	}
}
