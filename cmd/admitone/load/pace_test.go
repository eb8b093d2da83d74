package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"admitone/cmd/admitone/progress"
)

// TestLatencyCountsFromTheIntendedTime: a server that stalls once is slow for every request
// scheduled in the meantime.
func TestLatencyCountsFromTheIntendedTime(t *testing.T) {
	const stall, requests = 400 * time.Millisecond, 100
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 1 {
			time.Sleep(stall)
		}
	}))
	defer server.Close()
	c, err := newCrowd(&Plan{Against: server.URL, Connections: 1, Rate: 1000})
	if err != nil {
		t.Fatal(err)
	}
	c.pace.start(t.Context(), c.plan.Rate)
	c.share(t.Context(), progress.New(t.Output()), "asking", requests, func(m *member, _ int) {
		m.do(http.MethodPost, "/", nil)
	})
	r := c.report(time.Second)
	// The last was due after 99 ms, and none was begun before the stall was over.
	least := float64((stall - requests*time.Millisecond).Milliseconds())
	if r.Answers != requests || r.P50 < least || r.Max < 400 {
		t.Errorf("of %d answers the median took %v ms, the longest %v ms; it should be %v ms at least", r.Answers, r.P50,
			r.Max, least)
	}
}

// TestPaceEndsWithItsContext: an interrupted run does not wait for future requests.
func TestPaceEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var p pace
	p.start(ctx, 1.0/3600)
	p.begin()
	p.next() // the first is due at once
	time.AfterFunc(10*time.Millisecond, cancel)
	p.next()
	if ctx.Err() == nil {
		t.Error("a request did not wait for its moment")
	}
}

// TestNoPace: without a pace there is no wait.
func TestNoPace(t *testing.T) {
	var p pace
	p.start(t.Context(), 0)
	p.begin()
	for range 1000 {
		if at := p.next(); time.Until(at) > 0 {
			t.Fatal("a future time")
		}
	}
}
