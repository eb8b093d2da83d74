package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// pastSeats is the number of seats of the measured performance.
const pastSeats = 10_000

// measurePast adds a performance to a log, holds all its seats and releases half of them. Then it
// measures queries for the state before the releases: over HTTP, and with a subcommand that opens
// the log itself.
func measurePast(b *bench) ([]row, error) {
	dir, err := b.auditLog()
	if err != nil {
		return nil, err
	}
	s, err := b.serve(dir)
	if err != nil {
		return nil, err
	}
	if err := s.waitReady(); err != nil {
		s.stop()
		return nil, err
	}
	position, booking, err := s.bookHalf()
	if err != nil {
		s.stop()
		return nil, err
	}
	var rows []row
	for _, query := range []struct{ what, path, target string }{
		{"a seat map of 10,000 seats at any time", fmt.Sprint("/v1/performances/past/seats?at=", position), "≤ 200 ms"},
		{"a product of 10,000 events at any time", fmt.Sprint("/v1/products/a1?at=", position/2), "≤ 10 ms"},
		{"a booking at any time", fmt.Sprint("/v1/bookings/", booking, "?at=", position), "≤ 10 ms"},
	} {
		took, err := s.timeQuery(query.path)
		if err != nil {
			s.stop()
			return rows, err
		}
		rows = append(rows, row{query.what + ", over HTTP", spread(took, "%.1f ms"), query.target})
	}
	s.stop()
	for _, entity := range []string{"performance/past", "product/a1", "seat/past~A-1-1"} {
		var took []float64
		for range b.turns {
			d, err := b.timeAdmitone("show", entity, "--at", fmt.Sprint(position), "--store", dir)
			if err != nil {
				return rows, err
			}
			took = append(took, float64(d.Microseconds())/1000)
		}
		rows = append(rows, row{"`show " + entity + " --at`, the whole command", spread(took, "%.0f ms"), ""})
	}
	return rows, nil
}

// bookHalf holds all seats of a performance in bookings of fifty, and then releases every other
// booking. It returns the log's position before the releases, and the id of a released booking.
func (s *server) bookHalf() (position int64, booking string, err error) {
	const seatsPerRow = 50
	const rows = pastSeats / seatsPerRow
	err = s.post(
		"/v1/performances",
		fmt.Sprintf(`{"id":"past","title":"Past","venue":"Hall","starts_at":"2099-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":%d,"seats_per_row":%d,"price":100}]}`, rows, seatsPerRow),
		nil,
	)
	if err != nil {
		return 0, "", err
	}
	var booked struct {
		ID       string
		Position int64
	}
	var bookings []string
	for r := 1; r <= rows; r++ {
		var seats []string
		for n := 1; n <= seatsPerRow; n++ {
			seats = append(seats, fmt.Sprintf("A-%d-%d", r, n))
		}
		body, _ := json.Marshal(map[string]any{"holder": fmt.Sprint("h", r), "seats": seats})
		if err := s.post("/v1/performances/past/bookings", string(body), &booked); err != nil {
			return 0, "", err
		}
		bookings = append(bookings, booked.ID)
	}
	for r := 0; r < rows; r += 2 {
		if err := s.release("/v1/bookings/" + bookings[r]); err != nil {
			return 0, "", err
		}
	}
	return booked.Position, bookings[0], nil
}

// release deletes a booking.
func (s *server) release(path string) error {
	request, err := http.NewRequest(http.MethodDelete, s.url+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return read(response, path, nil)
}

// timeQuery runs a query twenty times and returns the times in milliseconds.
func (s *server) timeQuery(path string) (took []float64, err error) {
	for range 20 {
		start := time.Now()
		if err := s.get(path, nil); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(start).Microseconds())/1000)
	}
	return took, nil
}
