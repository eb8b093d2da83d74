package main

import (
	"fmt"
	"path/filepath"
	"time"
)

const (
	// growthBookings is the number of bookings of the run.
	growthBookings = 300_000
	// growthTurns bounds the turns, of growthEach, in which the first and the last tenth are measured, and
	// fillTurns those of fillEach in between. On a slow machine there are fewer bookings, as the row says.
	growthTurns, fillTurns = 10, 20
	growthEach, fillEach   = 2 * time.Second, 4 * time.Second
)

// growth books single seats on one server.
type growth struct {
	server *server
	halls  int
	booked int
	peak   float64 // the highest rate of a turn
	line           // of the present hall
}

// measureGrowth books single seats in one run, and compares its last tenth with its first.
func measureGrowth(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "growth"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	g := &growth{server: s, line: line{last: venueSeats, done: venueSeats, body: `{"holder":"h-%d","seats":["A-1-%d"]}`}}
	brief, long := &bench{dir: b.dir, each: growthEach}, &bench{dir: b.dir, each: fillEach}
	wasRate, wasCPU, err := g.book(brief, growthBookings/10, growthTurns)
	if err != nil {
		return nil, err
	}
	if _, _, err := g.book(long, growthBookings*9/10, fillTurns); err != nil {
		return nil, err
	}
	rate, cpu, err := g.book(brief, growthBookings, growthTurns)
	if err != nil {
		return nil, err
	}
	return []row{
		{fmt.Sprintf("bookings of a single seat, %d in one run: the last (a tenth of %d at most) as a share of the first",
			g.booked, growthBookings),
			fmt.Sprintf("%.2f; %.0f/s then %.0f/s; %.1f then %.1f µs of CPU each", rate/wasRate, wasRate, rate, wasCPU, cpu),
			"≥ 0.80"},
	}, nil
}

// book books until upTo bookings were made, or for turns turns. It returns the medians of the rates
// and of the CPU time per booking.
func (g *growth) book(b *bench, upTo, turns int) (rate, cpu float64, err error) {
	g.rates, g.cpu = nil, nil
	for ; turns > 0 && g.booked < upTo; turns-- {
		if err := g.room(int(1.5*g.peak*b.each.Seconds()) + 4*connections); err != nil {
			return 0, 0, err
		}
		if err := g.measure(b, g.server, false); err != nil {
			return 0, 0, err
		}
		g.booked += g.seen.count
		g.peak = max(g.peak, g.seen.rate)
	}
	return median(g.rates), median(g.cpu), nil
}

// room creates a new hall if the current one may have fewer than seats free seats.
func (g *growth) room(seats int) error {
	if g.done+min(seats, venueSeats) <= venueSeats {
		return nil
	}
	g.halls++
	id := fmt.Sprint("growth-", g.halls)
	g.path, g.done = "/v1/performances/"+id+"/bookings", 0
	return g.server.post("/v1/performances", performance(id, oneRow(venueSeats)), nil)
}
