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

// stripeShop is a server with Stripe as its provider, and a model of Stripe that outlives it.
type stripeShop struct {
	t       *testing.T
	stripe  *stripetest.Server
	client  *http.Client
	store   string
	args    []string
	process *process
	made    int
	mu      sync.Mutex
	unheard []stripetest.Event // events not yet answered with 200; guarded by mu
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

// must sends a request that must succeed, and returns a member of the answer.
func (w *stripeShop) must(path, body, member string) string {
	w.t.Helper()
	status, answer, err := post(w.client, w.process.url+path, body, "")
	var members map[string]any
	if err == nil && status != 0 {
		err = json.Unmarshal([]byte(answer), &members)
	}
	if err != nil || status == 0 {
		w.t.Fatalf("%s: %d, %v: %s; want status > 0", path, status, err, answer)
	}
	return fmt.Sprint(members[member])
}

// sell makes a booking and pays it on its page; the webhook is sent later. Every third one is paid
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
	w.unheard = append(w.unheard, w.stripe.SessionEvent("completed", session))
}

// deliver sends all webhooks that were not accepted yet, concurrently, and calls meanwhile, which
// gets a token for each that was answered with 200.
func (w *stripeShop) deliver(meanwhile func(received <-chan struct{})) {
	w.mu.Lock()
	all, url := w.unheard, w.process.url
	w.unheard = nil
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
			w.unheard = append(w.unheard, e)
		})
	}
	go func() { sending.Wait(); close(received) }()
	meanwhile(received)
	sending.Wait()
}

// TestKill9Payments kills the server repeatedly while Stripe's webhooks are in flight, and while
// refunds are requested from Stripe. Stripe resends webhooks that were not answered with success.
// In the end the money of both sides agrees to the unit, each refund was paid once, and verify
// search nothing.
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
		cut += len(w.unheard)
	}
	t.Logf("%d webhooks were cut off", cut)
	w.launch()
	for end := time.Now().Add(patience); len(w.unheard) > 0; w.deliver(func(<-chan struct{}) {}) {
		if time.Now().After(end) {
			t.Fatalf("%d events are not taken", len(w.unheard))
		}
	}
	w.giveBack()
	w.settled()
	w.process.kill()
	if status := Run(context.Background(), []string{"verify", "--store", w.store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// giveBack releases one paid booking.
func (w *stripeShop) giveBack() {
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
			w.t.Fatalf("Do: %v, %v; want StatusCode = StatusOK", answer, err)
		}
		answer.Body.Close()
		return
	}
	w.t.Error("nothing is booked")
}

// tillLog is the money according to the log.
type tillLog struct {
	*audit
	payments map[events.StreamID]*row.Payment
}

func (w *stripeShop) read() *tillLog {
	w.t.Helper()
	s := &tillLog{newAudit(w.t, w.process.url), map[events.StreamID]*row.Payment{}}
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

// settled waits until nothing is open or owed, and compares the money of both sides.
func (w *stripeShop) settled() {
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
			w.t.Fatalf("Open() = %q, want nothing", s.verifier.Open())
		}
		s = w.read()
	}
	sessions := w.stripe.Sessions()
	if len(s.payments) != w.made || len(sessions) != w.made {
		w.t.Errorf("%d payments and %d sessions for %d bookings; want %v and %v",
			len(s.payments), len(sessions), w.made, w.made, w.made)
	}
	given := 0
	for i := range sessions {
		payment := *sessions[i].PaymentIntent
		p := s.payments[events.PaymentStream("stripe", payment)]
		if p == nil || p.Received != sessions[i].AmountTotal || p.Refunded != w.stripe.Refunded(payment) ||
			p.Booked+p.Refunded != p.Received || p.Booked != 0 && p.Booked != 100 {
			w.t.Errorf("%s: %d were paid and %d refunded; the log has %+v", payment, sessions[i].AmountTotal,
				w.stripe.Refunded(payment), p)
			continue
		}
		if len(p.Refunds) > 0 {
			given++
		}
	}
	if n := len(w.stripe.Refunds()); n != given || n != w.made/3+1 {
		w.t.Errorf("%d refunds there, %d here, and of %d bookings every third and one more was refunded", n, given, w.made)
	}
}
