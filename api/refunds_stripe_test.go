package api

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"admitone/api/payments/stripe/stripetest"
	"admitone/events"
)

// oweRefund returns a shop whose provider is requested to make refunds, with an owed payment for a
// booking that was already paid, and the payment's reference and the path of the refund.
func oweRefund(t *testing.T, before func(s *shop)) (s *shop, payment, refund string) {
	s = newShop(t, func(w *harness) { w.refunds = true })
	booking := s.held("hall", "ada", "A-1-1")
	session := s.checkout(booking)
	s.do("POST", booking+"/payment", external("first", 100, "")).is(200)
	payment = s.stripe.PayWith(s.reopen(session), "pi_second")
	before(s)
	s.deliver(s.stripe.SessionEvent("completed", session), 200)
	id := events.NewRefundID(events.PaymentStream("stripe", payment), events.OwedAlreadyPaid, "")
	return s, payment, "/v1/refunds/" + string(id)
}

// reopen reopens a session that the cursor may have closed.
func (s *shop) reopen(session string) string {
	s.await("the page of a booking that is paid otherwise is closed", func() bool {
		return s.stripe.Sessions()[0].Status == "expired"
	})
	s.stripe.Change(session, func(one *stripetest.Session) { one.Status = "open" })
	return session
}

// awaitRefund waits until a refund has a status, here and at the provider.
func (s *shop) awaitRefund(path, status, atProvider string) {
	s.t.Helper()
	s.await(path+" is "+status+", and "+atProvider+" at the provider", func() bool {
		now := s.do("GET", path, "").is(200)
		there, _ := now["at_provider"].(string)
		return now["status"] == status && there == atProvider
	})
}

// TestRefundIsPaidBack: a refund is requested once, and settled under the provider's reference; repeated events
// about it change nothing. If the provider's refund fails later, the money is owed again, and settled manually.
func TestRefundIsPaidBack(t *testing.T) {
	s, payment, refund := oweRefund(t, func(*shop) {})
	s.awaitRefund(refund, "settled", "")
	created := s.stripe.Refunds()
	if len(created) != 1 || created[0].Amount != 100 || s.do("GET", refund, "").is(200)["settlement"] != created[0].ID {
		t.Errorf("got the refunds %+v; want one of 100, settled under its id", created)
	}
	for _, kind := range []string{"refund.created", "refund.updated", "charge.refund.updated"} {
		s.deliver(s.stripe.SignedEvent(kind, created[0]), 200)
	}
	s.deliver(s.stripe.SignedEvent("refund.failed", s.stripe.SetRefund(created[0].ID, "failed")), 200)
	s.awaitRefund(refund, "owed", "failed")
	s.deliver(s.stripe.SignedEvent("refund.updated", created[0]), 200) // an event that arrives late
	s.awaitRefund(refund, "owed", "failed")
	s.do("POST", refund+"/settlement", `{"reference":"`+created[0].ID+`"}`).problem(409, "payment_reference_used")
	s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).is(200)
	s.awaitRefund(refund, "settled", "")
	if n := s.stripe.Calls("POST /v1/refunds"); n != 1 || s.stripe.Refunded(payment) != 0 {
		t.Errorf("refund requests = %d, want 1; refunded = %d, want 0", n, s.stripe.Refunded(payment))
	}
	s.verifyMoney()
}

// TestPendingRefund: a pending refund stays owed, and can't be settled manually, until the provider has reported
// its result.
func TestPendingRefund(t *testing.T) {
	for end, want := range map[string]string{"succeeded": "settled", "canceled": "owed"} {
		s, _, refund := oweRefund(t, func(s *shop) { s.stripe.SetNewRefundStatus("pending") })
		s.awaitRefund(refund, "owed", "asked")
		s.await("the refund is requested", func() bool { return len(s.stripe.Refunds()) == 1 })
		s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).problem(409, "payment_in_progress")
		s.deliver(s.stripe.SignedEvent("refund.created", s.stripe.Refunds()[0]), 200)
		s.awaitRefund(refund, "owed", "asked")
		s.deliver(s.stripe.SignedEvent("refund.updated", s.stripe.SetRefund(s.stripe.Refunds()[0].ID, end)), 200)
		if want == "settled" {
			s.awaitRefund(refund, want, "")
		} else {
			s.awaitRefund(refund, want, end)
			s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).is(200)
		}
		s.verifyMoney()
	}
}

// TestPendingRefundWithoutReports: the result of a pending refund is polled until it is known, even after a
// restart. A failed refund is owed again, and settled manually.
func TestPendingRefundWithoutReports(t *testing.T) {
	for end, want := range map[string]string{"succeeded": "settled", "failed": "owed"} {
		s, payment, refund := oweRefund(t, func(s *shop) { s.stripe.SetNewRefundStatus("pending") })
		s.await("the refund is requested", func() bool { return len(s.stripe.Refunds()) == 1 })
		s.readAgain()
		s.awaitRefund(refund, "owed", "asked")
		s.stop()
		s.start()
		s.readAgain()
		s.awaitRefund(refund, "owed", "asked")
		s.stripe.SetRefund(s.stripe.Refunds()[0].ID, end)
		if want == "settled" {
			s.awaitRefund(refund, want, "")
		} else {
			s.awaitRefund(refund, want, end)
			s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).is(200)
		}
		if n := s.stripe.Calls("POST /v1/refunds"); n != 1 {
			t.Errorf("the refund of %s was requested %d times, want once", payment, n)
		}
		s.verifyMoney()
	}
}

// readAgain waits until the refunds at the provider have been read again.
func (s *shop) readAgain() {
	s.t.Helper()
	before := s.stripe.Calls("GET /v1/refunds")
	s.await("the refunds are read again", func() bool { return s.stripe.Calls("GET /v1/refunds") > before+1 })
}

// TestRefundWithALostAnswer: a refund whose request got no answer is found by its id, and not requested again.
func TestRefundWithALostAnswer(t *testing.T) {
	var lost atomic.Int32
	s, payment, refund := oweRefund(t, func(s *shop) {
		s.stripe.FailAfter(func(r *http.Request) int {
			if r.Method == http.MethodPost && r.URL.Path == "/v1/refunds" {
				lost.Add(1)
				return 500
			}
			return 0
		})
	})
	s.awaitRefund(refund, "settled", "")
	if n := s.stripe.Calls("POST /v1/refunds"); n != 1 || lost.Load() != 1 || s.stripe.Refunded(payment) != 100 {
		t.Errorf("refund requests = %d, want 1; refunded = %d, want 100", n, s.stripe.Refunded(payment))
	}
	s.verifyMoney()
}

// TestRefundWithAForeignOne: if the payment has a refund that was made elsewhere, none is requested, because it
// may be of the same money. The refund is settled manually.
func TestRefundWithAForeignOne(t *testing.T) {
	s, payment, refund := oweRefund(t, func(s *shop) {
		s.stripe.AddRefund(stripetest.Refund{ID: "re_hand", PaymentIntent: "pi_second", Amount: 100, Status: "succeeded"})
	})
	s.awaitRefund(refund, "owed", "other_refund")
	s.do("POST", refund+"/settlement", `{"reference":"re_hand"}`).is(200)
	s.awaitRefund(refund, "settled", "")
	if n := s.stripe.Calls("POST /v1/refunds"); n != 0 || s.stripe.Refunded(payment) != 100 {
		t.Errorf("refund requests = %d, want 0; refunded = %d, want 100", n, s.stripe.Refunded(payment))
	}
	s.verifyMoney()
}

// TestRefusedRefund: a refund that the provider refuses stays owed, and is settled manually. While the provider is
// unavailable, the request is repeated.
func TestRefusedRefund(t *testing.T) {
	var requested atomic.Int32
	s, _, refund := oweRefund(t, func(s *shop) {
		s.stripe.Fail(func(r *http.Request) int {
			switch n := requested.Load(); {
			case r.URL.Path != "/v1/refunds":
				return 0
			case n < 3:
				requested.Add(1)
				return 503
			case r.Method == http.MethodPost:
				return 400
			}
			return 0
		})
	})
	s.awaitRefund(refund, "owed", "refused")
	s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).is(200)
	s.verifyMoney()
}

// TestRefundsNoLongerRequested: once the server requests no more refunds, an admin settles the
// requested ones, and the log shows why.
func TestRefundsNoLongerRequested(t *testing.T) {
	s, _, refund := oweRefund(t, func(s *shop) {
		s.stripe.Fail(func(r *http.Request) int {
			if r.Method == http.MethodPost && r.URL.Path == "/v1/refunds" {
				return 401
			}
			return 0
		})
	})
	s.awaitRefund(refund, "owed", "asked")
	const body = `{"reference":"by hand"}`
	s.do("POST", refund+"/settlement?override=true&reason=no+key", body).problem(409, "payment_in_progress")
	s.stop()
	s.refunds = false
	s.start()
	s.do("POST", refund+"/settlement", body).problem(409, "payment_in_progress")
	s.do("POST", refund+"/settlement?override=true", body).problem(400, "bad_parameter")
	settled := s.do("POST", refund+"/settlement?override=true&reason=no+key", body).is(200)
	if settled["status"] != "settled" || settled["settlement"] != "by hand" || settled["at_provider"] != nil {
		t.Errorf("the settlement: got %v; want status = settled, settlement = by hand, at_provider = nil", settled)
	}
	s.do("POST", refund+"/settlement", body).is(200)
	stream := string(events.PaymentStream("stripe", "pi_second"))
	if text := s.do("GET", "/v1/streams/"+stream+"/events", "").text; !strings.Contains(text, `"reason":"no key"`) {
		t.Errorf("the payment's events are %s, want the reason \"no key\" in them", text)
	}
	s.awaitRefund(refund, "settled", "")
	s.verifyMoney()
}

// TestRefundOfUnknownPayment: a refund of a payment that Stripe does not know stays owed, and is settled manually.
func TestRefundOfUnknownPayment(t *testing.T) {
	s := newShop(t, func(w *harness) { w.refunds = true })
	s.stripe.Fail(func(*http.Request) int { return 400 })
	booking := s.held("hall", "ada", "A-1-1")
	report := strings.Replace(external("by phone", 99, `,"final":true`), "bank", "stripe", 1)
	refund := "/v1/refunds/" + s.do("POST", booking+"/payment", report).is(200)["refund_id"].(string)
	s.awaitRefund(refund, "owed", "refused")
	s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).is(200)
	s.verifyMoney()
}

// TestRefundWithAUsedReference: a refund stays owed if another was settled manually under its reference.
func TestRefundWithAUsedReference(t *testing.T) {
	s, _, refund := oweRefund(t, func(s *shop) { s.stripe.SetNewRefundStatus("pending") })
	s.await("the refund is requested", func() bool { return len(s.stripe.Refunds()) == 1 })
	other := s.held("hall", "bob", "A-1-5")
	session := s.checkout(other)
	s.stripe.Pay(session)
	s.stripe.Change(session, func(one *stripetest.Session) { one.AmountTotal = 99 })
	s.stripe.Fail(func(r *http.Request) int { // the other refund is not requested
		if r.Method == http.MethodPost && r.URL.Path == "/v1/refunds" {
			return 400
		}
		return 0
	})
	s.deliver(s.stripe.SessionEvent("completed", session), 200)
	wrong := "/v1/refunds/" + string(
		events.NewRefundID(events.PaymentStream("stripe", "pi_"+session), events.OwedWrongSum, ""),
	)
	s.awaitRefund(wrong, "owed", "refused")
	reference := s.stripe.Refunds()[0].ID
	s.do("POST", wrong+"/settlement", `{"reference":"`+reference+`"}`).is(200)
	s.deliver(s.stripe.SignedEvent("refund.updated", s.stripe.SetRefund(reference, "succeeded")), 200)
	s.awaitRefund(refund, "owed", "reference_used")
	s.do("POST", refund+"/settlement", `{"reference":"by hand"}`).is(200)
	s.verifyMoney()
}

// TestRefundsRequestedLater: refunds owed before the server requested any are requested, except
// those settled meanwhile; one that another server requested without getting the answer is found.
func TestRefundsRequestedLater(t *testing.T) {
	s := newShop(t)
	var refunds []string
	for _, seat := range []string{"A-1-1", "A-1-3"} {
		session := s.checkout(s.held("hall", "ada", seat))
		s.stripe.Pay(session)
		s.stripe.Change(session, func(one *stripetest.Session) { one.AmountTotal = 99 })
		s.deliver(s.stripe.SessionEvent("completed", session), 200)
		refunds = append(refunds, "/v1/refunds/"+string(events.NewRefundID(events.PaymentStream("stripe", "pi_"+session),
			events.OwedWrongSum, "")))
	}
	s.do("POST", refunds[0]+"/settlement", `{"reference":"by hand"}`).is(200)
	s.stop()
	s.refunds = true
	s.start()
	s.awaitRefund(refunds[1], "settled", "")
	s.awaitRefund(refunds[0], "settled", "")
	s.stop()
	s.start()
	if got := s.stripe.Refunds(); len(got) != 1 || s.stripe.Calls("POST /v1/refunds") != 1 {
		t.Errorf("got the refunds %+v after %d requests, want one after one", got, s.stripe.Calls("POST /v1/refunds"))
	}
	s.verifyMoney()
}
