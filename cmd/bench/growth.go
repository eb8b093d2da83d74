package main

import (
	"fmt"
	"path/filepath"
	"time"
)

const (
	// growthBookings is the number of bookings in the run. A slow machine makes fewer within the bounds below.
	growthBookings = 300_000
	// The first and the last tenth are measured in at most growthTurns turns each.
	growthTurns = 10
	growthTurn  = 2 * time.Second
	// The bookings in between are made in at most fillTurns turns.
	fillTurns = 20
	fillTurn  = 4 * time.Second
)

// growth books single seats on one server.
type growth struct {
	server   *server
	halls    int
	booked   int
	peak     float64 // the highest rate of a turn
	workload         // of requests for the current hall
}

// measureGrowth books single seats in one run, and compares the last tenth of the bookings with the first.
func measureGrowth(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "growth"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	g := &growth{server: s}
	g.last, g.done, g.body = venueSeats, venueSeats, `{"holder":"h-%d","seats":["A-1-%d"]}`
	measured, fill := &bench{dir: b.dir, duration: growthTurn}, &bench{dir: b.dir, duration: fillTurn}
	firstRate, firstCPU, err := g.book(measured, growthBookings/10, growthTurns)
	if err != nil {
		return nil, err
	}
	if _, _, err := g.book(fill, growthBookings*9/10, fillTurns); err != nil {
		return nil, err
	}
	rate, cpu, err := g.book(measured, growthBookings, growthTurns)
	if err != nil {
		return nil, err
	}
	return []row{
		{fmt.Sprintf("bookings of a single seat, %d in one run: the last (a tenth of %d at most) as a share of the first",
			g.booked, growthBookings),
			fmt.Sprintf("%.2f; %.0f/s then %.0f/s; %.1f then %.1f µs of CPU each",
				rate/firstRate, firstRate, rate, firstCPU, cpu),
			"≥ 0.80"},
	}, nil
}

// book books until the run has total bookings, but for at most the given number of turns. It returns
// the medians of the rates per second and of the CPU time per booking in µs.
func (g *growth) book(b *bench, total, turns int) (rate, cpu float64, err error) {
	g.rates, g.cpu = nil, nil
	for ; turns > 0 && g.booked < total; turns-- {
		if err := g.ensureFree(int(1.5*g.peak*b.duration.Seconds()) + 4*connections); err != nil {
			return 0, 0, err
		}
		if err := g.measure(b, g.server, false); err != nil {
			return 0, 0, err
		}
		g.booked += g.result.count
		g.peak = max(g.peak, g.result.rate)
	}
	return median(g.rates), median(g.cpu), nil
}

// ensureFree creates a new hall if the current one may have fewer free seats than the given number.
func (g *growth) ensureFree(seats int) error {
	if g.done+min(seats, venueSeats) <= venueSeats {
		return nil
	}
	g.halls++
	id := fmt.Sprint("growth-", g.halls)
	g.path, g.done = "/v1/performances/"+id+"/bookings", 0
	return g.server.post("/v1/performances", performance(id, oneRow(venueSeats)), nil)
}
