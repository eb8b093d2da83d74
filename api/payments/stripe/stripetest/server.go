package stripetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The secrets of the account.
const (
	Key           = "sk_test_admitone"
	WebhookSecret = "whsec_admitone"
)

// Session is a Checkout session.
type Session struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	URL           string            `json:"url,omitempty"`
	Status        string            `json:"status"`
	PaymentStatus string            `json:"payment_status"`
	AmountTotal   int64             `json:"amount_total"`
	Currency      string            `json:"currency"`
	ExpiresAt     int64             `json:"expires_at"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent *string           `json:"payment_intent"`
	// Title of the purchase.
	Title string `json:"-"`
}

// Refund of a payment.
type Refund struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        int64             `json:"amount"`
	Status        string            `json:"status"`
	PaymentIntent string            `json:"payment_intent"`
	Metadata      map[string]string `json:"metadata"`
}

// answer is the answer to a request, repeated for later requests with the same idempotency key.
type answer struct {
	form   url.Values
	status int
	body   any
}

// Server is the API of one account. Its methods may be called at any time.
type Server struct {
	t    testing.TB
	http *httptest.Server
	// before and after are set by Fail and FailAfter; guarded by mu.
	before, after func(r *http.Request) int

	mu       sync.Mutex
	sessions []*Session        // guarded by mu
	refunds  []*Refund         // guarded by mu
	keys     map[string]answer // guarded by mu
	calls    []string          // methods and paths; guarded by mu
	lastID   int               // guarded by mu
	status   string            // of new refunds; guarded by mu
	signer   *signer           // guarded by mu
}

// New starts a server, which stops at the end of the test.
func New(t testing.TB) *Server {
	s := &Server{t: t, keys: map[string]answer{}, status: "succeeded"}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.http.CloseClientConnections()
		s.http.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.signer != nil {
			s.signer.end()
		}
	})
	return s
}

// URL returns the base URL of the API.
func (s *Server) URL() string { return s.http.URL }

// Fail makes requests fail without effect, with the status that before returns, unless that is 0. A nil
// function ends the failures.
func (s *Server) Fail(before func(r *http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// FailAfter is Fail for requests that have been executed: only their answers are lost.
func (s *Server) FailAfter(after func(r *http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = after
}

// SetNewRefundStatus sets the status of new refunds.
func (s *Server) SetNewRefundStatus(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Calls returns the number of requests whose method and path begin with call.
func (s *Server) Calls(call string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, made := range s.calls {
		if strings.HasPrefix(made, call) {
			n++
		}
	}
	return n
}

// Sessions returns copies of all sessions.
func (s *Server) Sessions() (all []Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sessions {
		all = append(all, *one)
	}
	return all
}

// Refunds returns copies of all refunds.
func (s *Server) Refunds() (all []Refund) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.refunds {
		all = append(all, *one)
	}
	return all
}

// Refunded returns the sum of a payment's refunds that have not failed.
func (s *Server) Refunded(payment string) (sum int64) {
	for _, r := range s.Refunds() {
		if r.PaymentIntent == payment && r.Status != "failed" && r.Status != "canceled" {
			sum += r.Amount
		}
	}
	return sum
}

// Pay completes an open session with a new payment, whose reference it returns.
func (s *Server) Pay(session string) (payment string) {
	s.t.Helper()
	return s.PayWith(session, "pi_"+session)
}

// PayWith is Pay with a given reference.
func (s *Server) PayWith(session, payment string) string {
	s.t.Helper()
	s.change(session, "open", func(one *Session) {
		one.Status, one.PaymentStatus, one.PaymentIntent = "complete", "paid", &payment
	})
	return payment
}

// Expire expires an open session.
func (s *Server) Expire(session string) {
	s.t.Helper()
	s.change(session, "open", func(one *Session) { one.Status = "expired" })
}

// Change applies a change to a session in any status.
func (s *Server) Change(session string, change func(*Session)) {
	s.t.Helper()
	s.change(session, "", change)
}

func (s *Server) change(session, was string, change func(*Session)) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.session(session)
	if one == nil || was != "" && one.Status != was {
		s.t.Fatalf("session %s is %+v, want status %q", session, one, was)
	}
	change(one)
}

// session returns a session by id, nil for none. The caller holds mu.
func (s *Server) session(id string) *Session {
	if i := slices.IndexFunc(s.sessions, func(one *Session) bool { return one.ID == id }); i >= 0 {
		return s.sessions[i]
	}
	return nil
}

// AddRefund adds a refund that was not requested over the API.
func (s *Server) AddRefund(r Refund) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refunds = append(s.refunds, &r)
}

// SetRefund sets the status of a refund and returns it.
func (s *Server) SetRefund(id, status string) Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.refunds {
		if r.ID == id {
			r.Status = status
			return *r
		}
	}
	s.t.Fatalf("there is no refund %s", id)
	return Refund{}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if status := before(r); status != 0 {
			write(w, status, failure("api_error", "", "out of order"))
			return
		}
	}
	status, body := s.answer(r)
	if after != nil {
		if lost := after(r); lost != 0 {
			status, body = lost, failure("api_error", "", "out of order")
		}
	}
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func failure(kind, code, message string) any {
	return map[string]any{"error": map[string]any{"type": kind, "code": code, "message": message}}
}

// refusal is the answer to a request with a bad parameter.
func refusal(param, message string) (int, any) {
	return http.StatusBadRequest, map[string]any{"error": map[string]any{"type": "invalid_request_error", "param": param,
		"message": message}}
}

// answer executes a request, once for each idempotency key.
func (s *Server) answer(r *http.Request) (status int, body any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+Key {
		return http.StatusUnauthorized, failure("invalid_request_error", "", "no such key")
	}
	key := r.Header.Get("Idempotency-Key")
	if before, known := s.keys[key]; known && key != "" {
		if !reflect.DeepEqual(before.form, r.Form) {
			return http.StatusBadRequest, failure("idempotency_error", "", "the key was used with other parameters")
		}
		return before.status, before.body
	}
	status, body = s.act(r)
	s.keys[key] = answer{maps.Clone(r.Form), status, body}
	return status, body
}

func (s *Server) act(r *http.Request) (status int, body any) {
	session, expires := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/checkout/sessions/"), "/expire")
	switch call := r.Method + " " + r.URL.Path; {
	case call == "POST /v1/checkout/sessions":
		return s.createSession(r.Form)
	case r.Method == http.MethodPost && expires:
		one := s.session(session)
		if one == nil || one.Status != "open" {
			return refusal("", "only open sessions can be expired")
		}
		one.Status = "expired"
		return http.StatusOK, *one
	case r.Method == http.MethodGet && strings.HasPrefix(call, "GET /v1/checkout/sessions/"):
		if one := s.session(session); one != nil {
			return http.StatusOK, *one
		}
	case call == "GET /v1/refunds":
		return s.listRefunds(r.Form)
	case call == "POST /v1/refunds":
		return s.createRefund(r.Form)
	}
	return http.StatusNotFound, failure("invalid_request_error", "resource_missing", "there is no "+r.URL.Path)
}

func (s *Server) createSession(form url.Values) (status int, body any) {
	const price = "line_items[0][price_data]"
	amount, err := strconv.ParseInt(form.Get(price+"[unit_amount]"), 10, 64)
	if err != nil || amount < 50 {
		return refusal(price+"[unit_amount]", "the amount is too small")
	}
	expires, err := strconv.ParseInt(form.Get("expires_at"), 10, 64)
	if left := time.Until(time.Unix(expires, 0)); err != nil || left < 30*time.Minute || left > 24*time.Hour {
		return refusal("expires_at", "must be between 30 minutes and 24 hours from now")
	}
	if strings.Contains(form.Get("success_url"), "refused") {
		return refusal("success_url", "not a valid URL")
	}
	s.lastID++
	one := &Session{ID: fmt.Sprintf("cs_test_%d", s.lastID), Object: "checkout.session", Status: "open",
		PaymentStatus: "unpaid", AmountTotal: amount, Currency: form.Get(price + "[currency]"), ExpiresAt: expires,
		Metadata: metadata(form),
		Title:    form.Get(price + "[product_data][name]")}
	one.URL = s.http.URL + "/pay/" + one.ID
	s.sessions = append(s.sessions, one)
	return http.StatusOK, *one
}

func metadata(form url.Values) map[string]string {
	found := map[string]string{}
	for name := range form {
		if key, ok := strings.CutPrefix(name, "metadata["); ok {
			found[strings.TrimSuffix(key, "]")] = form.Get(name)
		}
	}
	return found
}

// listRefunds answers with a page of a payment's refunds.
func (s *Server) listRefunds(form url.Values) (status int, body any) {
	refunds, after := []Refund{}, form.Get("starting_after")
	for _, r := range s.refunds {
		if r.PaymentIntent == form.Get("payment_intent") {
			refunds = append(refunds, *r)
		}
	}
	if after != "" {
		refunds = refunds[1+slices.IndexFunc(refunds, func(r Refund) bool { return r.ID == after }):]
	}
	limit, err := strconv.Atoi(form.Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		return refusal("limit", "must be 1 to 100")
	}
	more := len(refunds) > limit
	if more {
		refunds = refunds[:limit]
	}
	return http.StatusOK, map[string]any{"object": "list", "data": refunds, "has_more": more}
}

func (s *Server) createRefund(form url.Values) (status int, body any) {
	payment, sum := form.Get("payment_intent"), int64(0)
	for _, one := range s.sessions {
		if one.PaymentIntent != nil && *one.PaymentIntent == payment {
			sum += one.AmountTotal
		}
	}
	for _, r := range s.refunds {
		if r.PaymentIntent == payment && r.Status != "failed" && r.Status != "canceled" {
			sum -= r.Amount
		}
	}
	amount, err := strconv.ParseInt(form.Get("amount"), 10, 64)
	if err != nil || amount < 1 || amount > sum {
		return http.StatusBadRequest, failure("invalid_request_error", "charge_already_refunded", "more than was paid")
	}
	s.lastID++
	one := &Refund{ID: fmt.Sprintf("re_test_%d", s.lastID), Object: "refund", Amount: amount, Status: s.status,
		PaymentIntent: payment, Metadata: metadata(form)}
	s.refunds = append(s.refunds, one)
	return http.StatusOK, *one
}
