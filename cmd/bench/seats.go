package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// venueSeats is the number of seats of the largest performance.
	venueSeats = 100_000
	// competitorsPerSeat is the number of concurrent requests for one seat.
	competitorsPerSeat = 100
)

// venue returns the request body that creates a performance with venueSeats seats in ten sections.
func venue(id string) string {
	sections := ""
	for i := range 10 {
		sections += fmt.Sprintf(`,{"id":"S%d","rows":25,"seats_per_row":400,"price":5000}`, i)
	}
	return performance(id, sections[1:])
}

// performance returns the request body that creates a performance, whose holds outlast any measurement. The sections
// are a list of JSON objects.
func performance(id, sections string) string {
	return fmt.Sprintf(
		`{"id":%q,"title":"x","venue":"y","starts_at":"2999-01-01T20:00:00Z","hold_seconds":3600,"sections":[%s]}`,
		id,
		sections,
	)
}

// oneRow returns a section of one row, so that a number identifies a seat.
func oneRow(seats int) string {
	return fmt.Sprintf(`{"id":"A","rows":1,"seats_per_row":%d,"price":5000}`, seats)
}

// measureSeats measures numbered seats over HTTP: uncontended bookings of single seats, many requests for one seat,
// and a large performance.
func measureSeats(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "seats"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	rows, err := measureBookings(b, s)
	if err != nil {
		return rows, err
	}
	for _, measure := range []func(*bench, *server) ([]row, error){measureOneSeat, measureVenue} {
		more, err := measure(b, s)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// measureBookings compares bookings of single seats with requests to /yardstick, a route that only decodes and
// answers. Each turn has a new performance, so that seats do not run out.
func measureBookings(b *bench, s *server) ([]row, error) {
	yardstick := &workload{name: "yardstick", path: "/yardstick", last: venueSeats, body: `{"holder":"h-%d"}`}
	bookings := &workload{last: venueSeats, body: `{"holder":"h-%d","seats":["A-1-%d"]}`}
	for turn := range b.turns {
		id := fmt.Sprint("spread-", turn)
		if err := s.post("/v1/performances", performance(id, oneRow(venueSeats)), nil); err != nil {
			return nil, err
		}
		bookings.path, bookings.done = "/v1/performances/"+id+"/bookings", 0
		for _, w := range []*workload{yardstick, bookings} {
			if err := w.measure(b, s, false); err != nil {
				return nil, err
			}
		}
	}
	return []row{
		{fmt.Sprintf("bookings of a single seat over HTTP, every seat another, %d connections", connections),
			fmt.Sprintf(
				"%s; p50 %s, p99 %s; %.1f µs of CPU each (yardstick %s, %.1f)",
				spread(bookings.rates, "%.0f/s"),
				bookings.result.p50,
				bookings.result.p99,
				median(bookings.cpu),
				spread(yardstick.rates, "%.0f/s"),
				median(yardstick.cpu),
			), ""},
		{"… as a share of the yardstick", spread(ratios(bookings.rates, yardstick.rates), "%.2f"), ""},
	}, nil
}

// measureOneSeat measures rounds of a hundred concurrent requests for one seat, on open connections. A round takes
// until all requests are answered.
func measureOneSeat(b *bench, s *server) ([]row, error) {
	rounds := 10 * b.turns
	if err := s.post("/v1/performances", performance("wanted", oneRow(rounds+1)), nil); err != nil {
		return nil, err
	}
	client := &fasthttp.HostClient{Addr: s.url[len("http://"):], MaxConns: competitorsPerSeat}
	defer client.CloseIdleConnections()
	var took []time.Duration
	for round := range rounds + 1 {
		d, err := competeForSeat(client, s.url+"/v1/performances/wanted/bookings", fmt.Sprintf("A-1-%d", round+1))
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first round opens the connections
			took = append(took, d)
		}
	}
	slices.Sort(took)
	return []row{{fmt.Sprintf("%d want one seat: until all have their answer, of %d rounds", competitorsPerSeat, rounds),
		fmt.Sprintf("median %v, worst %v", took[len(took)/2].Round(10*time.Microsecond),
			took[len(took)-1].Round(10*time.Microsecond)), ""}}, nil
}

// competeForSeat runs one round and checks that exactly one request gets the seat.
func competeForSeat(client *fasthttp.HostClient, url, seat string) (time.Duration, error) {
	statuses := make([]int, competitorsPerSeat)
	failed := make([]error, competitorsPerSeat)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range competitorsPerSeat {
		wg.Go(func() {
			var request fasthttp.Request
			var response fasthttp.Response
			request.SetRequestURI(url)
			request.Header.SetMethod("POST")
			request.Header.SetContentType("application/json")
			request.SetBodyString(fmt.Sprintf(`{"holder":"h-%d","seats":[%q]}`, i, seat))
			<-start
			failed[i] = client.Do(&request, &response)
			statuses[i] = response.StatusCode()
		})
	}
	began := time.Now()
	close(start)
	wg.Wait()
	took := time.Since(began)
	got := map[int]int{}
	for i, status := range statuses {
		if failed[i] != nil {
			return 0, failed[i]
		}
		got[status]++
	}
	if got[201] != 1 || got[409] != competitorsPerSeat-1 {
		return 0, fmt.Errorf("the requests for seat %s had these numbers of answers by status: %v; want one 201, else 409",
			seat, got)
	}
	return took, nil
}

// measureVenue measures the creation of large performances, and the snapshot of one for a new subscriber.
func measureVenue(b *bench, s *server) ([]row, error) {
	var took []float64
	for turn := range b.turns {
		began := time.Now()
		if err := s.post("/v1/performances", venue(fmt.Sprint("hall-", turn)), nil); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	began := time.Now()
	conn, snapshot, err := watch(s, "seats:hall-0")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return []row{
		{"a performance of 100,000 seats, created", spread(took, "%.1f ms"), "≤ 2 s"},
		{
			"… the snapshot of all its seats over WebSocket",
			fmt.Sprintf("%d KB, there after %v", len(snapshot)/1000, time.Since(began).Round(100*time.Microsecond)),
			"≤ 1 MB",
		},
	}, nil
}

// measureVenueMemory measures the server's memory for 100,000 free seats, after their creation and a snapshot of
// them for a subscriber.
func measureVenueMemory(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "hall"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	createAndWatch := func(id, body string) error {
		if err := s.post("/v1/performances", body, nil); err != nil {
			return err
		}
		conn, _, err := watch(s, "seats:"+id)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	if err := createAndWatch("warm", performance("warm", oneRow(10))); err != nil {
		return nil, err
	}
	before := s.resident()
	if err := createAndWatch("hall", venue("hall")); err != nil {
		return nil, err
	}
	return []row{{"100,000 untouched seats (resident memory of the server), made and shown",
		fmt.Sprintf("%.1f MB", float64(s.resident()-before)/1e6), "≤ 20 MB"}}, nil
}
