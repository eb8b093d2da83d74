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

// Delivery is a request that a receiver got.
type Delivery struct {
	At     time.Time
	Header http.Header
	Body   []byte
	Event  events.CloudEvent // of the body
	// Taken says that the receiver answered with success.
	Taken bool
}

// ID is the event's, from the header.
func (d *Delivery) ID() string { return d.Header.Get("webhook-id") }

// Receiver is an HTTP server that keeps its deliveries.
type Receiver struct {
	t      testing.TB
	server *httptest.Server
	answer func(w http.ResponseWriter, n int, d *Delivery) int

	mu    sync.Mutex
	got   []*Delivery     // guarded by mu
	taken map[string]bool // ids of the events that it took; guarded by mu
}

// NewReceiver starts one that answers the n-th request (from 1) with the status that answer returns;
// nil is always 204. answer may set headers.
func NewReceiver(t testing.TB, answer func(w http.ResponseWriter, n int, d *Delivery) int) *Receiver {
	r := &Receiver{t: t, answer: answer, taken: map[string]bool{}}
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
		r.t.Errorf("a body that is no CloudEvent: %v: %.200s", err, body)
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
	if d.Taken = status >= 200 && status <= 299; d.Taken {
		r.taken[d.ID()] = true
	}
	r.mu.Unlock()
	w.WriteHeader(status)
}

// URL of the receiver.
func (r *Receiver) URL() string { return r.server.URL + "/hooks" }

// Close ends it.
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

// Taken returns the events that it took, each once, in the order in which it took them first.
func (r *Receiver) Taken() (all []events.CloudEvent) {
	seen := map[string]bool{}
	for _, d := range r.All() {
		if d.Taken && !seen[d.ID()] {
			seen[d.ID()] = true
			all = append(all, d.Event)
		}
	}
	return all
}

// Await returns once it has taken n different events. It fails if none has arrived for patience.
func (r *Receiver) Await(n int, patience time.Duration) {
	r.t.Helper()
	last, end := 0, time.Now().Add(patience)
	for {
		r.mu.Lock()
		now := len(r.taken)
		r.mu.Unlock()
		switch {
		case now >= n:
			return
		case now > last:
			last, end = now, time.Now().Add(patience)
		case time.Now().After(end):
			r.t.Fatalf("%d of %d events were delivered", now, n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// CheckBodies checks that each of want was taken, and that the body of each delivery is its event as
// the log has it.
func (r *Receiver) CheckBodies(want []events.Recorded) {
	r.t.Helper()
	body := map[string]string{}
	for i := range want {
		body[want[i].ID.String()] = string(events.AppendCloudEvent(nil, &want[i]))
	}
	for _, d := range r.All() {
		if body[d.ID()] != string(d.Body) {
			r.t.Errorf("%s: %s; want %s", d.ID(), d.Body, body[d.ID()])
			return
		}
	}
	if n := len(r.Taken()); n != len(want) {
		r.t.Errorf("%d of %d events were delivered", n, len(want))
	}
}

// CheckOrder is CheckBodies, and checks that the events of a stream were accepted in its order.
func (r *Receiver) CheckOrder(want []events.Recorded) {
	r.t.Helper()
	r.CheckBodies(want)
	last := map[events.StreamID]events.Revision{}
	taken := r.Taken()
	for i := range taken {
		e := &taken[i]
		if before, some := last[e.Stream]; some && e.Revision < before {
			r.t.Errorf("%s: revision %d after %d", e.Stream, e.Revision, before)
		}
		last[e.Stream] = e.Revision
	}
}
