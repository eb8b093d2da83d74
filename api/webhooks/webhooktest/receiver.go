package webhooktest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"admitone/events"
)

// Delivery is a request to a receiver.
type Delivery struct {
	At     time.Time
	Header http.Header
	Body   []byte
	Event  events.CloudEvent // the decoded body
	// Accepted means that the receiver answered with success.
	Accepted bool
}

// ID returns the event's id, from the header.
func (d *Delivery) ID() string { return d.Header.Get("webhook-id") }

// Receiver is an HTTP server that records its deliveries.
type Receiver struct {
	t      testing.TB
	server *httptest.Server
	answer func(w http.ResponseWriter, n int, d *Delivery) int

	mu       sync.Mutex
	got      []*Delivery     // guarded by mu
	accepted map[string]bool // ids of accepted events; guarded by mu
}

// NewReceiver starts a receiver that answers the n-th request (from 1) with the status that answer
// returns; a nil answer means 204. answer may set headers.
func NewReceiver(t testing.TB, answer func(w http.ResponseWriter, n int, d *Delivery) int) *Receiver {
	r := &Receiver{t: t, answer: answer, accepted: map[string]bool{}}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *Receiver) serve(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the server was killed
	}
	d := &Delivery{At: time.Now(), Header: request.Header.Clone(), Body: body}
	if err := json.Unmarshal(body, &d.Event); err != nil {
		r.t.Errorf("the body %.200s is not a CloudEvent: %v", body, err)
	}
	r.mu.Lock()
	r.got = append(r.got, d)
	n := len(r.got)
	r.mu.Unlock()
	status := http.StatusNoContent
	if r.answer != nil {
		status = r.answer(w, n, d)
	}
	r.mu.Lock()
	if d.Accepted = status >= 200 && status <= 299; d.Accepted {
		r.accepted[d.ID()] = true
	}
	r.mu.Unlock()
	w.WriteHeader(status)
}

// URL returns the address for deliveries.
func (r *Receiver) URL() string { return r.server.URL + "/hooks" }

// Close stops the server.
func (r *Receiver) Close() {
	r.server.CloseClientConnections()
	r.server.Close()
}

// All returns the deliveries so far.
func (r *Receiver) All() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Delivery, len(r.got))
	for i, d := range r.got {
		all[i] = *d
	}
	return all
}

// Accepted returns the accepted events, each once, in the order in which they were first accepted.
func (r *Receiver) Accepted() (all []events.CloudEvent) {
	seen := map[string]bool{}
	for _, d := range r.All() {
		if d.Accepted && !seen[d.ID()] {
			seen[d.ID()] = true
			all = append(all, d.Event)
		}
	}
	return all
}

// Await returns once n different events were accepted. It fails the test if timeout passes without a new
// one.
func (r *Receiver) Await(n int, timeout time.Duration) {
	r.t.Helper()
	last, end := 0, time.Now().Add(timeout)
	for {
		r.mu.Lock()
		now := len(r.accepted)
		r.mu.Unlock()
		switch {
		case now >= n:
			return
		case now > last:
			last, end = now, time.Now().Add(timeout)
		case time.Now().After(end):
			r.t.Fatalf("%d of %d events were delivered", now, n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// CheckBodies checks that each event of want was accepted, and that the body of each delivery equals its
// event in the log.
func (r *Receiver) CheckBodies(want []events.Recorded) {
	r.t.Helper()
	body := map[string]string{}
	for i := range want {
		body[want[i].ID.String()] = string(events.AppendCloudEvent(nil, &want[i]))
	}
	for _, d := range r.All() {
		if body[d.ID()] != string(d.Body) {
			r.t.Errorf("the body of %s is %s, want %s", d.ID(), d.Body, body[d.ID()])
			return
		}
	}
	if n := len(r.Accepted()); n != len(want) {
		r.t.Errorf("%d of %d events were delivered", n, len(want))
	}
}

// CheckOrder is CheckBodies, and checks that the events of each stream were accepted in order.
func (r *Receiver) CheckOrder(want []events.Recorded) {
	r.t.Helper()
	r.CheckBodies(want)
	last := map[events.StreamID]events.Revision{}
	accepted := r.Accepted()
	for i := range accepted {
		e := &accepted[i]
		if before, some := last[e.Stream]; some && e.Revision < before {
			r.t.Errorf("%s: revision %d was accepted after %d", e.Stream, e.Revision, before)
		}
		last[e.Stream] = e.Revision
	}
}
