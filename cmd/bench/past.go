package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"admitone/events"
)

// seatsOfPast is the number of seats of the measured performance.
const seatsOfPast = 10_000

// measurePast adds a performance to a log, whose seats are all held and half of them released, and
// measures queries of the state in between: over HTTP, and with a command that opens the log
// itself.
func measurePast(b *bench) ([]row, error) {
	dir, err := b.auditLog()
	if err != nil {
		return nil, err
	}
	s, err := b.serve(dir)
	if err != nil {
		return nil, err
	}
	if err := s.untilReady(); err != nil {
		s.stop()
		return nil, err
	}
	half, booking, err := s.bookHalf()
	if err != nil {
		s.stop()
		return nil, err
	}
	var rows []row
	for _, ask := range []struct{ what, path, aim string }{
		{"a seat map of 10,000 seats at any time", fmt.Sprint("/v1/performances/past/seats?at=", half), "≤ 200 ms"},
		{"a product of 10,000 events at any time", fmt.Sprint("/v1/products/a1?at=", half/2), "≤ 10 ms"},
		{"a booking at any time", fmt.Sprint("/v1/bookings/", booking, "?at=", half), "≤ 10 ms"},
	} {
		took, err := s.timed(ask.path)
		if err != nil {
			s.stop()
			return rows, err
		}
		rows = append(rows, row{ask.what + ", over HTTP", spread(took, "%.1f ms"), ask.aim})
	}
	s.stop()
	for _, show := range []events.PerformanceID{"performance/past", "product/a1", "seat/past~A-1-1"} {
		var took []float64
		for range b.turns {
			d, err := b.admitone("show", string(show), "--at", fmt.Sprint(half), "--store", dir)
			if err != nil {
				return rows, err
			}
			took = append(took, float64(d.Microseconds())/1000)
		}
		rows = append(rows, row{"`show " + string(show) + " --at`, the whole command", spread(took, "%.0f ms"), ""})
	}
	return rows, nil
}

// bookHalf holds all seats of a performance in bookings of fifty, and releases every other booking.
// It returns the position between the two, and one of the bookings.
func (s *server) bookHalf() (half int64, booking string, err error) {
	const rows, row = seatsOfPast / 50, 50
	err = s.post(
		"/v1/performances",
		fmt.Sprintf(`{"id":"past","title":"Past","venue":"Hall","starts_at":"2099-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":%d,"seats_per_row":%d,"price":100}]}`, rows, row),
		nil,
	)
	if err != nil {
		return 0, "", err
	}
	var made struct {
		ID       string
		Position int64
	}
	var bookings []string
	for r := 1; r <= rows; r++ {
		var seats []string
		for n := 1; n <= row; n++ {
			seats = append(seats, fmt.Sprintf("A-%d-%d", r, n))
		}
		body, _ := json.Marshal(map[string]any{"holder": fmt.Sprint("h", r), "seats": seats})
		if err := s.post("/v1/performances/past/bookings", string(body), &made); err != nil {
			return 0, "", err
		}
		bookings = append(bookings, made.ID)
	}
	for r := 0; r < rows; r += 2 {
		if err := s.release("/v1/bookings/" + bookings[r]); err != nil {
			return 0, "", err
		}
	}
	return made.Position, bookings[0], nil
}

func (s *server) release(path string) error {
	ask, err := http.NewRequest(http.MethodDelete, s.url+path, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return err
	}
	return read(answer, path, nil)
}

// timed runs a query twenty times and returns the times in milliseconds.
func (s *server) timed(path string) (took []float64, err error) {
	for range 20 {
		start := time.Now()
		if err := s.get(path, nil); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(start).Microseconds())/1000)
	}
	return took, nil
}
