package api

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// arena is a plan of 1,000 rows of 100 seats, with a floor of 20,000 places.
func arena() string {
	var plan strings.Builder
	plan.WriteString(`{"id":"arena","name":"Arena","size":{"width":2000,"height":2000},` +
		`"focal_point":{"x":1000,"y":0},"categories":[{"name":"Seat"},{"name":"Floor"}],"zones":[{"name":"Floor",` +
		`"position":{"x":0,"y":0},"rows":[],"areas":[` +
		`{"id":"floor","capacity":20000,"category":"Floor","shape":"rectangle","rectangle":{"width":90,"height":40}}]}`)
	for zone := range 100 {
		fmt.Fprintf(&plan, `,{"name":"Z%[1]d","zone_id":"Z%[1]d","position":{"x":%[2]d,"y":%[3]d},"rows":[`, zone,
			200*(zone%10), 200*(zone/10))
		for row := range 10 {
			fmt.Fprintf(&plan, `%s{"row_number":"%d","position":{"x":0,"y":%d},"seats":[`, ","[:min(row, 1)], row+1, 10*row)
			for seat := range 100 {
				fmt.Fprintf(&plan, `%s{"seat_guid":"%d-%d-%d","seat_number":"%d","position":{"x":%d,"y":0},"category":"Seat"}`,
					","[:min(seat, 1)], zone, row, seat, seat+1, seat)
			}
			plan.WriteString("]}")
		}
		plan.WriteString("]}")
	}
	return plan.String() + "]}"
}

// TestArenaCosts prints the cost of 100,000 seats and 20,000 standing places, and checks that a
// snapshot has at most 1.5 MB.
func TestArenaCosts(t *testing.T) {
	w := newHarness(t)
	plan, before := arena(), heapInUse()
	start := time.Now()
	w.do("POST", "/v1/plans", plan).is(201)
	t.Logf("the plan of %d bytes is stored in %v", len(plan), time.Since(start).Round(time.Millisecond))
	start = time.Now()
	w.do("POST", "/v1/performances", `{"id":"show","title":"Show","venue":"Arena","starts_at":"2099-01-01T20:00:00Z",`+
		`"plan":"arena","prices":{"Seat":100,"Floor":50}}`).is(201)
	t.Logf("the performance is created in %v", time.Since(start).Round(time.Microsecond))
	w.do("GET", "/v1/performances/show", "").is(200)
	peer := w.dial("/ws")
	for _, topic := range []string{"seats:show", "performance:show"} {
		start = time.Now()
		peer.Send(`{"event":"subscribe","data":{"topics":["` + topic + `"]}}`)
		frame, _ := peer.Next()
		t.Logf("the snapshot of %s has %d bytes, in %v", topic, len(frame.Data), time.Since(start).Round(time.Microsecond))
		if frame.Event != "snapshot" || len(frame.Data) > 1_500_000 {
			t.Errorf("the first frame of %s is a %s of %d bytes, want a snapshot of at most 1,500,000", topic, frame.Event, len(frame.Data))
		}
	}
	t.Logf("together they take %d KB of memory", (heapInUse()-before)/1000)
	w.do("POST", "/v1/performances/show/bookings", `{"holder":"ann","seats":["Z50-5-50"],"areas":{"floor":3}}`).is(201)
	for range 2 {
		frame, _ := peer.Next()
		t.Logf("a %s has %d bytes", frame.Event, len(frame.Data))
	}
	times := make([]time.Duration, 500)
	for i := range times {
		times[i] = refusalTime(t, w, i)
	}
	slices.Sort(times)
	t.Logf("a seat that is taken is refused in %v (median of %d)", times[len(times)/2], len(times))
}

// refusalTime requests a taken seat, without the network, and returns the time until the refusal.
func refusalTime(t *testing.T, w *harness, i int) time.Duration {
	var c fasthttp.RequestCtx
	c.Request.Header.SetMethod("POST")
	c.Request.SetRequestURI("/v1/performances/show/bookings")
	c.Request.Header.SetContentType("application/json")
	c.Request.Header.SetHost("127.0.0.1")
	c.Request.SetBodyString(fmt.Sprintf(`{"holder":"h-%d","seats":["Z50-5-50"]}`, i))
	start := time.Now()
	w.server.app.Server().Handler(&c)
	elapsed := time.Since(start)
	if c.Response.StatusCode() != 409 {
		t.Fatalf("got %d %s; want status 409", c.Response.StatusCode(), c.Response.Body())
	}
	return elapsed
}

// heapInUse returns the size of the reachable heap, in bytes.
func heapInUse() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
