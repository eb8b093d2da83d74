package stripe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/api/payments"
	"admitone/api/payments/stripe"
	"admitone/api/payments/stripe/stripetest"
	"admitone/events"
)

func newProvider(t *testing.T) (*stripetest.Server, *stripe.Provider) {
	s := stripetest.New(t)
	return s, stripe.New(stripe.Config{Key: stripetest.Key, WebhookSecret: stripetest.WebhookSecret, API: s.URL()})
}

func page(intent events.IntentID) *payments.Page {
	return &payments.Page{Booking: "b1", Intent: intent, Amount: 1234, Currency: "EUR",
		Checkout:  events.Checkout{SuccessURL: "https://shop.example/paid", CancelURL: "https://shop.example", Title: "Gala"},
		ExpiresAt: time.Now().Add(31 * time.Minute)}
}

// TestPages: a page is created once for its intent, and closed once; a refusal by Stripe is final,
// and any other failure may be temporary.
func TestPages(t *testing.T) {
	s, p := newProvider(t)
	ctx, first := t.Context(), page("i1")
	made, err := p.OpenPage(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.OpenPage(ctx, first); err != nil || again != made {
		t.Errorf("a second OpenPage = %+v, %v; want %+v", again, err, made)
	}
	session := s.Sessions()[0]
	if len(s.Sessions()) != 1 || session.AmountTotal != 1234 || session.Currency != "eur" || session.Title != "Gala" ||
		session.Metadata["admitone_booking"] != "b1" || session.Metadata["admitone_intent"] != "i1" ||
		session.ExpiresAt != first.ExpiresAt.Unix() {
		t.Errorf("the sessions are %+v, want one for %+v", s.Sessions(), first)
	}
	for range 2 {
		if err := p.ClosePage(ctx, made.ID); err != nil || s.Sessions()[0].Status != "expired" {
			t.Errorf("ClosePage: %v, session %+v; want it expired", err, s.Sessions()[0])
		}
	}
	if err := p.ClosePage(ctx, "cs_none"); err != nil {
		t.Errorf("ClosePage of a missing page: %v, want no error", err)
	}
	open, err := p.OpenPage(ctx, page("i2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{400, 402, 404, 422} { // the request is refused, and the page stays open
		s.Fail(func(r *http.Request) int {
			if strings.HasSuffix(r.URL.Path, "/expire") {
				return status
			}
			return 0
		})
		if err := p.ClosePage(ctx, open.ID); err == nil {
			t.Errorf("ClosePage of an open page answered %d: no error, want one", status)
		}
		s.Fail(func(*http.Request) int { return status })
		if err := p.ClosePage(ctx, open.ID); err == nil {
			t.Errorf("ClosePage of an open page, all requests answered %d: no error, want one", status)
		}
	}
	s.Fail(nil)
	for field, invalidate := range map[string]func(*payments.Page){
		"amount":      func(page *payments.Page) { page.Amount = 1 },
		"success_url": func(page *payments.Page) { page.SuccessURL += "/refused" },
		"":            func(page *payments.Page) { page.ExpiresAt = time.Now() },
	} {
		bad := page(events.IntentID("bad-" + field))
		invalidate(bad)
		refused := (*payments.Refused)(nil)
		if _, err := p.OpenPage(ctx, bad); !errors.As(err, &refused) || refused.Field != field || refused.Detail == "" {
			t.Errorf("OpenPage with a bad page: %v, want a refusal of the field %q", err, field)
		}
	}
	for _, status := range []int{401, 403, 409, 429, 500, 503} {
		s.Fail(func(*http.Request) int { return status })
		refused := (*payments.Refused)(nil)
		if _, err := p.OpenPage(ctx, first); err == nil || errors.As(err, &refused) {
			t.Errorf("OpenPage answered %d: error %v, want a temporary failure", status, err)
		}
		if err := p.ClosePage(ctx, made.ID); err == nil {
			t.Errorf("ClosePage answered %d: no error, want a failure", status)
		}
	}
	limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	s.Fail(func(r *http.Request) int { <-r.Context().Done(); return 500 })
	if _, err := p.OpenPage(limited, first); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("OpenPage without an answer: error %v, want %v", err, context.DeadlineExceeded)
	}
}

// TestRefunds: a refund is made once under its id, and found by it.
func TestRefunds(t *testing.T) {
	s, p := newProvider(t)
	ctx := t.Context()
	made, err := p.OpenPage(ctx, page("i1"))
	if err != nil {
		t.Fatal(err)
	}
	payment := s.Pay(made.ID)
	order := &payments.RefundOrder{ID: "r1", Payment: payment, Amount: 1000}
	s.SetNewRefundStatus("pending")
	first, err := p.Refund(ctx, order)
	if err != nil || first.Status != payments.RefundPending || first.ID != "r1" {
		t.Fatalf("Refund = %+v, %v; want r1, pending", first, err)
	}
	if again, err := p.Refund(ctx, order); err != nil || again != first {
		t.Errorf("a second Refund = %+v, %v; want %+v", again, err, first)
	}
	s.AddRefund(stripetest.Refund{ID: "re_other", PaymentIntent: "pi_other"})
	s.SetRefund(first.Reference, "succeeded")
	for n := range 250 { // three pages of the list
		s.AddRefund(stripetest.Refund{ID: fmt.Sprint("re_failed_", n), PaymentIntent: payment, Status: "failed"})
	}
	all, err := p.Refunds(ctx, payment)
	if err != nil || len(all) != 251 || all[250].Reference != "re_failed_249" || all[0].ID != "r1" ||
		all[0].Status != payments.RefundSucceeded ||
		all[0].Reference != first.Reference || all[0].Payment != payment {
		t.Errorf("Refunds = %+v, %v; want r1, succeeded, and 250 more", all, err)
	}
	refused := (*payments.Refused)(nil)
	if _, err := p.Refund(ctx, &payments.RefundOrder{ID: "r2", Payment: payment, Amount: 1000}); !errors.As(
		err,
		&refused,
	) {
		t.Errorf("a refund of more than was paid: error %v, want a refusal", err)
	}
	s.Fail(func(*http.Request) int { return 404 })
	if _, err := p.Refunds(ctx, "ch_other"); !errors.As(err, &refused) {
		t.Errorf("Refunds of a missing payment: error %v, want a refusal", err)
	}
	s.Fail(func(*http.Request) int { return 500 })
	refused = nil
	if _, err := p.Refunds(ctx, payment); err == nil || errors.As(err, &refused) {
		t.Errorf("Refunds answered 500: error %v, want a temporary failure", err)
	}
}

// TestReports reads events signed by Stripe's library, and no others.
func TestReports(t *testing.T) {
	s, p := newProvider(t)
	made, err := p.OpenPage(t.Context(), page("i1"))
	if err != nil {
		t.Fatal(err)
	}
	read := func(e stripetest.Event) (payments.Report, error) {
		return p.Read(func(name string) string {
			if name != "Stripe-Signature" {
				t.Errorf("Read uses the header %s, want Stripe-Signature only", name)
			}
			return e.Header
		}, e.Payload)
	}
	mustRead := func(e stripetest.Event) payments.Report {
		t.Helper()
		report, err := read(e)
		if err != nil || report.ID == "" {
			t.Fatalf("Read(%s) = %+v, %v; want a report with an id", e.Payload, report, err)
		}
		return report
	}
	slow := "pi_slow" // a payment method that takes days
	s.Change(made.ID, func(one *stripetest.Session) { one.PaymentIntent = &slow })
	if r := mustRead(s.SessionEvent("completed", made.ID)); r.Paid != nil || r.Ended != nil {
		t.Errorf("completed and unpaid: report = %+v, want an empty one", r)
	}
	if r := mustRead(s.SessionEvent("expired", made.ID)); r.Ended == nil ||
		*r.Ended != (payments.Ended{Booking: "b1", Intent: "i1"}) {
		t.Errorf("expired: report = %+v, want the end of i1", r)
	}
	payment := s.Pay(made.ID)
	want := payments.Paid{Booking: "b1", Reference: payment, Amount: 1234, Currency: "EUR"}
	for _, kind := range []string{"completed", "async_payment_succeeded"} {
		if r := mustRead(s.SessionEvent(kind, made.ID)); r.Paid == nil || *r.Paid != want {
			t.Errorf("%s: report = %+v, want the payment %+v", kind, r, want)
		}
	}
	expanded := s.SignedEvent("checkout.session.completed", map[string]any{"payment_status": "paid", "amount_total": 1234,
		"currency": "eur", "metadata": map[string]string{"admitone_booking": "b1"},
		"payment_intent": map[string]string{"id": payment, "object": "payment_intent"}})
	if r := mustRead(expanded); r.Paid == nil || *r.Paid != want {
		t.Errorf("with an expanded payment intent: report = %+v, want the payment %+v", r, want)
	}
	for _, kind := range []string{"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"} {
		r := mustRead(s.SignedEvent(kind, stripetest.Refund{ID: "re", PaymentIntent: payment, Status: "failed",
			Metadata: map[string]string{"admitone_refund": "r1"}}))
		if r.Refund == nil ||
			*r.Refund != (payments.Refund{Payment: payment, Reference: "re", ID: "r1", Status: payments.RefundFailed}) {
			t.Errorf("%s: report = %+v, want the failed refund r1", kind, r)
		}
	}
	for kind, object := range map[string]any{
		"charge.refunded": stripetest.Refund{ID: "ch"}, "checkout.session.async_payment_failed": s.Sessions()[0],
		"checkout.session.completed": map[string]any{"payment_status": "paid", "payment_intent": "pi_another_shop"},
		"checkout.session.expired":   "no session", "payment_intent.succeeded": nil,
	} {
		if r := mustRead(s.SignedEvent(kind, object)); r.Paid != nil || r.Ended != nil || r.Refund != nil {
			t.Errorf("%s: report = %+v, want an empty one", kind, r)
		}
	}
	if r, err := read(signed(s, `{"id":`, stripetest.WebhookSecret, time.Now())); err != nil || r != (payments.Report{}) {
		t.Errorf("malformed JSON: %+v, %v; want an empty report", r, err)
	}
}

func signed(s *stripetest.Server, payload, secret string, at time.Time) stripetest.Event {
	return stripetest.Event{Payload: []byte(payload), Header: s.Sign([]byte(payload), secret, at)}
}

// TestSignatures: one valid signature of several suffices, within five minutes, over the exact bytes of
// the payload.
func TestSignatures(t *testing.T) {
	s, p := newProvider(t)
	const payload = `{"id":"evt_1","type":"x"}`
	good := signed(s, payload, stripetest.WebhookSecret, time.Now()).Header
	old := signed(s, payload, "whsec_old", time.Now()).Header
	_, signature, _ := strings.Cut(old, ",")
	for name, test := range map[string]struct {
		header  string
		payload string
		valid   bool
	}{
		"unchanged":              {good, payload, true},
		"before an older secret": {good + "," + signature, payload, true},
		"after an older secret":  {strings.Replace(good, ",", ","+signature+",", 1), payload, true},
		"four minutes old": {signed(s, payload, stripetest.WebhookSecret, time.Now().Add(-4*time.Minute)).Header, payload,
			true},
		"over five minutes old": {signed(s, payload, stripetest.WebhookSecret, time.Now().Add(-301*time.Second)).Header,
			payload, false},
		"of a different secret": {old, payload, false},
		"of a different scheme": {strings.Replace(good, "v1=", "v0=", 1), payload, false},
		"of a different time":   {strings.Replace(good, "t=", "t=1", 1), payload, false},
		"of other bytes":        {good, payload + " ", false},
		"missing":               {"", payload, false},
		"empty":                 {"t=1,v1=", payload, false},
	} {
		_, err := p.Read(func(string) string { return test.header }, []byte(test.payload))
		if (err == nil) != test.valid || err != nil && !errors.Is(err, payments.ErrForged) {
			t.Errorf("signature %s: error %v, want valid: %t", name, err, test.valid)
		}
	}
}

// TestCurrencies: only currencies whose minor units are the same at Stripe are accepted.
func TestCurrencies(t *testing.T) {
	for code, accepted := range map[string]bool{"EUR": true, "USD": true, "KRW": true, "JPY": true, "KWD": true, "HUF": true,
		"CLP": true, "ISK": false, "UGX": false, "MGA": false} {
		c, known := events.CurrencyOf(code)
		if err := stripe.CheckCurrency(c); !known || (err == nil) != accepted {
			t.Errorf("CheckCurrency(%s): error %v, want accepted: %t", code, err, accepted)
		}
	}
}

// TestCheckAPI: the key is never sent in plain text.
func TestCheckAPI(t *testing.T) {
	for api, accepted := range map[string]bool{"https://api.example": true, "https://api.example:1/base": true,
		"http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost": true, "http://api.example": false,
		"http://127.api.example": false, "https://": false, "api.example": false, "https://u:p@api.example": false,
		"ftp://api.example": false, "https://api.example?x": false} {
		if err := stripe.CheckAPI(api); (err == nil) != accepted {
			t.Errorf("CheckAPI(%s): error %v, want accepted: %t", api, err, accepted)
		}
	}
}
