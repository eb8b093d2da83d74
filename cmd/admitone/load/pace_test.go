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
	var received atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if received.Add(1) == 1 {
			time.Sleep(stall)
		}
	}))
	defer server.Close()
	c, err := newCrowd(&Plan{Against: server.URL, Connections: 1, Rate: 1000})
	if err != nil {
		t.Fatal(err)
	}
	c.pace.start(t.Context(), c.plan.Rate)
	c.share(t.Context(), progress.New(t.Output()), "requesting", requests, func(m *member, _ int) {
		m.do(http.MethodPost, "/", nil)
	})
	r := c.report(time.Second)
	// The last request is scheduled after 99 ms, and all but the first are sent after the stall.
	minP50 := float64((stall - requests*time.Millisecond).Milliseconds())
	if r.Answers != requests || r.P50 < minP50 || r.Max < 400 {
		t.Errorf("%d answers, p50 %v ms, max %v ms; want %d answers, p50 at least %v ms, max at least 400 ms",
			r.Answers, r.P50, r.Max, requests, minP50)
	}
}

// TestPaceEndsWithItsContext: an interrupted run does not wait for future requests.
func TestPaceEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var p pace
	p.start(ctx, 1.0/3600)
	p.begin()
	p.next() // the first request is due immediately
	time.AfterFunc(10*time.Millisecond, cancel)
	p.next()
	if ctx.Err() == nil {
		t.Error("next returned before the context ended; want it to wait for the scheduled time")
	}
}

// TestNoPace: without a pace there is no wait.
func TestNoPace(t *testing.T) {
	var p pace
	p.start(t.Context(), 0)
	p.begin()
	for range 1000 {
		if at := p.next(); time.Until(at) > 0 {
			t.Fatalf("next returned the future time %v; want a time that has passed", at)
		}
	}
}
