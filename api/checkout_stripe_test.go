package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/api/payments/stripe"
	"admitone/api/payments/stripe/stripetest"
	"admitone/events"
)

// shop is a server whose payment provider is a fake Stripe, with a performance of nine seats at 100 in a hall.
type shop struct {
	*harness
	stripe *stripetest.Server
}

func newShop(t *testing.T, change ...func(*harness)) *shop {
	s := &shop{stripe: stripetest.New(t)}
	s.harness = newHarness(t, append(change, withEuros, func(w *harness) {
		w.provider = stripe.New(
			stripe.Config{Key: stripetest.Key, WebhookSecret: stripetest.WebhookSecret, API: s.stripe.URL()},
		)
	})...)
	s.fixCurrency()
	s.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	return s
}

// checkout requests a payment page for a booking, and returns the id of its session.
func (s *shop) checkout(booking string) string {
	s.t.Helper()
	url := s.do("POST", booking+"/checkout", newCheckout).is(201)["url"].(string)
	return url[strings.LastIndexByte(url, '/')+1:]
}

// deliver sends an event and checks the status of the answer.
func (s *shop) deliver(e stripetest.Event, want int) {
	s.t.Helper()
	if status := e.Send("http://" + s.address); status != want {
		s.t.Errorf("got status %d for the event %s, want %d", status, e.Payload, want)
	}
}

// await waits until a condition holds. what describes it.
func (s *shop) await(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not in time: %s", what)
		}
	}
}

// checkBooking checks the status of a booking.
func (s *shop) checkBooking(booking, want string) {
	s.t.Helper()
	if got := s.do("GET", booking, "").is(200)["status"]; got != want {
		s.t.Errorf("%s: got status %v, want %s", booking, got, want)
	}
}

// checkRefunds checks the references of the refunds with a status, and returns the refunds.
func (s *shop) checkRefunds(status string, want ...string) []any {
	s.t.Helper()
	var got []string
	all := items(s.do("GET", "/v1/refunds?status="+status, ""))
	for _, item := range all {
		item := item.(map[string]any)
		got = append(got, fmt.Sprint(item["cause"], " ", item["amount"], item["currency"], " ", item["reference"]))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("got %s refunds %q, want %q", status, got, want)
	}
	return all
}

// received returns the number of received payments in the log.
func (s *shop) received() (n int) {
	for e, err := range events.All(s.t.Context(), s.store, 0) {
		s.must(err)
		if e.Type == (&events.PaymentReceived{}).Name() {
			n++
		}
	}
	return n
}

// TestPaidOnAPage: the page of a booking is created once, and five concurrent copies of the event about its payment
// record one payment.
func TestPaidOnAPage(t *testing.T) {
	s := newShop(t)
	booking := s.held("hall", "ada", "A-1-1")
	session := s.checkout(booking)
	s.checkBooking(booking, "awaiting_payment")
	s.do("POST", booking+"/checkout", newCheckout).is(200)
	created := s.stripe.Sessions()
	if len(created) != 1 || created[0].AmountTotal != 100 || created[0].Title != "t" ||
		s.stripe.Calls("POST /v1/checkout/sessions") != 1 {
		t.Errorf("got sessions %+v; want one over 100 with the title t, created by one call", created)
	}
	slow := "pi_" + session // of a payment method that takes days
	s.stripe.Change(session, func(one *stripetest.Session) { one.PaymentIntent = &slow })
	s.deliver(s.stripe.SessionEvent("completed", session), 200)
	s.checkBooking(booking, "awaiting_payment")
	payment := s.stripe.Pay(session)
	var all sync.WaitGroup
	for range 5 {
		e := s.stripe.SessionEvent("async_payment_succeeded", session)
		all.Go(func() { s.deliver(e, 200) })
	}
	all.Wait()
	s.deliver(s.stripe.SessionEvent("completed", session), 200)
	s.deliver(s.stripe.SessionEvent("expired", session), 200)
	s.checkBooking(booking, "booked")
	if n := s.received(); n != 1 {
		t.Errorf("%d payments were received, want 1", n)
	}
	s.do("DELETE", booking, "").is(200)
	s.checkRefunds("owed", "released 100EUR "+payment)
	s.verifyMoney()
}

// TestForgedReports: events without a valid, recent signature are refused, and change nothing.
func TestForgedReports(t *testing.T) {
	s := newShop(t)
	booking := s.held("hall", "ada", "A-1-1")
	session := s.checkout(booking)
	s.stripe.Pay(session)
	e := s.stripe.SessionEvent("completed", session)
	e.Header = s.stripe.Sign(e.Payload, "whsec_another", time.Now())
	s.deliver(e, 403)
	e.Header = s.stripe.Sign(e.Payload, stripetest.WebhookSecret, time.Now().Add(-10*time.Minute))
	s.deliver(e, 403)
	e.Header = ""
	s.deliver(e, 403)
	e.Payload = []byte(strings.Repeat(" ", maxReport+1))
	s.deliver(e, 413)
	s.checkBooking(booking, "awaiting_payment")
	if n := s.received(); n != 0 {
		t.Errorf("%d payments were received, want 0", n)
	}
}

// TestExpiredPages: the expiry of a page ends only the page's own intent. A later payment for the page holds the seats
// again if they are free, and its refund is owed, once, if they are sold.
func TestExpiredPages(t *testing.T) {
	s := newShop(t)
	ada, bob := s.held("hall", "ada", "A-1-1"), s.held("hall", "bob", "A-1-3")
	first, bobs := s.checkout(ada), s.checkout(bob)
	for session, booking := range map[string]string{first: ada, bobs: bob} {
		s.stripe.Pay(session)
		s.deliver(s.stripe.SessionEvent("expired", session), 200)
		s.checkBooking(booking, "held")
	}
	second := s.checkout(ada)
	if second == first {
		t.Errorf("got the page %s of an intent that has ended, want a new one", first)
	}
	s.deliver(s.stripe.SessionEvent("expired", first), 200)
	s.checkBooking(ada, "awaiting_payment")
	s.deliver(s.stripe.SessionEvent("completed", first), 200)
	s.checkBooking(ada, "booked")
	s.await("the page of an intent is closed once another payment has ended the intent", func() bool {
		for _, one := range s.stripe.Sessions() {
			if one.ID == second {
				return one.Status == "expired"
			}
		}
		return false
	})
	s.do("DELETE", bob, "").is(200)
	s.held("hall", "eve", "A-1-3")
	s.deliver(s.stripe.SessionEvent("completed", bobs), 200)
	s.deliver(s.stripe.SessionEvent("completed", bobs), 200)
	s.checkBooking(bob, "released")
	s.checkRefunds("owed", "released 100EUR pi_"+bobs)
	s.verifyMoney()
}

// lapseBooking creates a booking that has expired, with a page that was paid although its intent has ended. The
// hall must have short holds. It returns the path of the booking and the id of the session.
func (s *shop) lapseBooking(hall, holder, seat string) (booking, session string) {
	s.t.Helper()
	s.await("a page is created before the hold expires", func() bool {
		a := s.do("POST", "/v1/performances/"+hall+"/bookings", fmt.Sprintf(`{"holder":%q,"seats":[%q]}`, holder, seat))
		booking = a.header.Get("Location")
		return a.status == 201 && s.do("POST", booking+"/checkout", newCheckout).status == 201
	})
	created := s.stripe.Sessions()
	session = created[len(created)-1].ID
	s.stripe.Pay(session)
	s.do("DELETE", booking+"/payment-intent", "").is(200)
	s.await("the booking expires", func() bool { return s.do("GET", booking, "").is(200)["status"] == "expired" })
	return booking, session
}

// TestLatePages: a payment after the expiry of its booking holds the seats again if they are free, and its refund
// is owed, once, if they are sold. Seats that an intent has held longer than the booking are released when the
// intent expires.
func TestLatePages(t *testing.T) {
	s := newShop(t, func(w *harness) { w.sweeps = true })
	s.do("POST", "/v1/performances", `{"id":"short","title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z",`+
		`"hold_seconds":1,"sections":[{"id":"A","rows":1,"seats_per_row":9,"price":100}]}`).is(201)
	free, freeSession := s.lapseBooking("short", "ada", "A-1-1")
	_, soldSession := s.lapseBooking("short", "bob", "A-1-3")
	s.do("POST", "/v1/wallets/eve/charges", `{"amount":100}`).is(201)
	s.await("the seats are free again, and sold", func() bool {
		a := s.do("POST", "/v1/performances/short/bookings", `{"holder":"eve","seats":["A-1-3"]}`)
		return a.status == 201 && s.do("POST", a.header.Get("Location")+"/payment", `{}`).status == 200
	})
	for range 2 {
		s.deliver(s.stripe.SessionEvent("completed", freeSession), 200)
		s.deliver(s.stripe.SessionEvent("completed", soldSession), 200)
	}
	s.checkBooking(free, "booked")
	s.checkRefunds("owed", "late 100EUR pi_"+soldSession)
	s.verifyMoney()
}

// TestWrongSums: the amount of a session is received and, if it is not the price or in another currency, owed in full.
func TestWrongSums(t *testing.T) {
	s := newShop(t)
	sum, currency := s.held("hall", "ada", "A-1-1"), s.held("hall", "bob", "A-1-3")
	first, second := s.checkout(sum), s.checkout(currency)
	s.stripe.Pay(first)
	s.stripe.Change(first, func(one *stripetest.Session) { one.AmountTotal = 99 })
	s.deliver(s.stripe.SessionEvent("completed", first), 200)
	s.checkBooking(sum, "held")
	s.stripe.Pay(second)
	s.stripe.Change(second, func(one *stripetest.Session) { one.Currency = "usd" })
	s.deliver(s.stripe.SessionEvent("completed", second), 200)
	s.checkBooking(currency, "held")
	s.checkRefunds("owed", "wrong_sum 99EUR pi_"+first, "wrong_sum 100USD pi_"+second)
	// A second report with the same reference is no new payment, whatever its amount.
	s.stripe.Change(first, func(one *stripetest.Session) { one.AmountTotal = 100 })
	s.deliver(s.stripe.SessionEvent("completed", first), 200)
	// One reference pays for one booking.
	third := s.checkout(s.held("hall", "eve", "A-1-5"))
	s.stripe.PayWith(third, "pi_"+first)
	s.deliver(s.stripe.SessionEvent("completed", third), 200)
	// A session of a different log changes nothing.
	s.stripe.Change(third, func(one *stripetest.Session) { one.Metadata["admitone_booking"] = "none" })
	s.deliver(s.stripe.SessionEvent("completed", third), 200)
	s.stripe.Change(third, func(one *stripetest.Session) { one.Metadata = nil })
	s.deliver(s.stripe.SessionEvent("completed", third), 200)
	s.deliver(s.stripe.SessionEvent("expired", third), 200)
	if n := s.received(); n != 2 {
		t.Errorf("%d payments were received, want 2", n)
	}
	s.verifyMoney()
}

// TestReleasedWhilePaid: a booking with an open page can be released once its intent has ended. The page is closed,
// and a payment that came before is owed.
func TestReleasedWhilePaid(t *testing.T) {
	s := newShop(t)
	booking := s.held("hall", "ada", "A-1-1")
	session := s.checkout(booking)
	s.do("DELETE", booking, "").problem(409, "payment_in_progress")
	payment := s.stripe.Pay(session)
	intent := s.do("GET", booking, "").is(200)["intent"].(string)
	s.do("DELETE", booking+"/payment-intent?intent="+intent, "").is(200)
	s.do("DELETE", booking, "").is(200)
	s.deliver(s.stripe.SessionEvent("completed", session), 200)
	s.checkRefunds("owed", "released 100EUR "+payment)
	other := s.held("hall", "bob", "A-1-3")
	open := s.checkout(other)
	s.do("DELETE", other+"/payment-intent", "").is(200)
	s.await("its page is closed",
		func() bool { return s.stripe.Sessions()[1].ID == open && s.stripe.Sessions()[1].Status == "expired" })
	s.verifyMoney()
}

// TestSilentProvider: if the provider does not answer, the intent stays open, and the next request continues it. If it
// refuses, the intent ends. A page whose answer was lost is found again, and closed although no booking refers to it.
func TestSilentProvider(t *testing.T) {
	s := newShop(t)
	booking := s.held("hall", "ada", "A-1-1")
	down := func(*http.Request) int { return 500 }
	s.stripe.Fail(down)
	if a := s.do("POST", booking+"/checkout", newCheckout); a.problem(503, "provider_unavailable") == nil ||
		a.header.Get("Retry-After") == "" {
		t.Errorf("got headers %v, want Retry-After", a.header)
	}
	s.checkBooking(booking, "awaiting_payment")
	s.stripe.Fail(nil)
	s.stripe.FailAfter(down)
	s.do("POST", booking+"/checkout", newCheckout).problem(503, "provider_unavailable")
	s.stripe.FailAfter(nil)
	if n := len(s.stripe.Sessions()); n != 1 {
		t.Errorf("sessions = %d, want 1", n)
	}
	created := s.do("POST", booking+"/checkout", newCheckout)
	created.is(201)
	if created.header.Get("Idempotent-Replay") != "" {
		t.Error("got Idempotent-Replay in the first answer with a page, want none")
	}
	s.do("POST", booking+"/checkout", newCheckout).is(200)
	lost := s.held("hall", "bob", "A-1-3")
	s.stripe.FailAfter(down)
	s.do("POST", lost+"/checkout", newCheckout).problem(503, "provider_unavailable")
	s.do("DELETE", lost+"/payment-intent", "").is(200)
	s.stripe.FailAfter(nil)
	s.await("the page to which no booking refers is closed", func() bool {
		all := s.stripe.Sessions()
		return len(all) == 2 && all[1].Status == "expired"
	})
	refused := s.held("hall", "eve", "A-1-5")
	got := s.do("POST", refused+"/checkout", strings.Replace(newCheckout, "paid", "refused", 1)).problem(422,
		"invalid_field")
	if got["field"] != "success_url" {
		t.Errorf("got field %v, want success_url", got["field"])
	}
	s.checkBooking(refused, "held")
	s.verifyMoney()
}

// TestKeyOfACheckout: a retry with the same Idempotency-Key gets the same page while the page is open, and a new one
// afterwards.
func TestKeyOfACheckout(t *testing.T) {
	s := newShop(t)
	booking := s.held("hall", "ada", "A-1-1")
	send := func(want int) any {
		return s.do("POST", booking+"/checkout", newCheckout, "Idempotency-Key", "k").is(want)["url"]
	}
	first := send(201)
	if repeated := send(201); repeated != first {
		t.Errorf("repeated checkout = %v, want %v", repeated, first)
	}
	s.do("DELETE", booking+"/payment-intent", "").is(200)
	if next := send(201); next == first {
		t.Errorf("checkout after the intent has ended = %v, want a new page", next)
	}
	free := `{"id":"free","title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z","sections":[{"id":"A","rows":1,` +
		`"seats_per_row":2,"price":0}]}`
	s.do("POST", "/v1/performances", free).is(201)
	s.do("POST", s.held("free", "ada", "A-1-1")+"/checkout", newCheckout).problem(422, "invalid_field")
}

// TestUndurableReports: an event that can't be stored is not acknowledged.
func TestUndurableReports(t *testing.T) {
	s := newShop(t)
	session := s.checkout(s.held("hall", "ada", "A-1-1"))
	s.stripe.Pay(session)
	e := s.stripe.SessionEvent("completed", session)
	s.must(s.store.Close())
	s.deliver(e, 503)
}

// TestLargeReports: an event may have up to 1 MiB, and its signature is checked.
func TestLargeReports(t *testing.T) {
	s := newShop(t)
	invoice := func(size int) stripetest.Event {
		return s.stripe.SignedEvent("invoice.paid",
			map[string]any{"id": "in_1", "object": "invoice", "note": strings.Repeat("x", size)})
	}
	s.deliver(invoice(100<<10), 200)
	s.deliver(invoice(1_000_000), 200)
	s.deliver(invoice(1<<20), 413)
	forged := invoice(200 << 10)
	forged.Payload[len(forged.Payload)-10] ^= 1
	s.deliver(forged, 403)
}
