package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"

	"admitone/actors/core"
	"admitone/events"
)

// seatsAttempts is the number of attempts of a person to get seats.
const seatsAttempts = 3

// visit runs the actions of person n. They are derived from n, so that runs are repeatable.
func (c *seatsScenario) visit(m *member, n int) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := c.book(m, rng, c.holder(n))
	if b == nil {
		return
	}
	switch roll := rng.IntN(20); {
	case roll < 10:
		c.pay(m, b)
	case roll < 12:
		c.extend(m, b)
		c.pay(m, b)
	case roll < 14:
		c.release(m, b)
	case roll < 15:
		c.pay(m, b)
		c.release(m, b)
	case roll < 17:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.late = append(c.late, b)
	} // the others do nothing
}

// bookingRequest is the body of a booking: named seats, or a quantity of the best available seats.
type bookingRequest struct {
	Holder events.Holder     `json:"holder"`
	Seats  []events.SeatName `json:"seats,omitempty"`
	Best   *bestAvailable    `json:"best_available,omitempty"`
}

type bestAvailable struct {
	Quantity int `json:"quantity"`
}

// newBookingRequest returns a request for one to four seats: by name, mostly near the front, or the best available.
func (c *seatsScenario) newBookingRequest(rng *rand.Rand, holder events.Holder) bookingRequest {
	quantity := 1 + rng.IntN(4)
	if rng.IntN(3) == 0 {
		return bookingRequest{Holder: holder, Best: &bestAvailable{quantity}}
	}
	section := events.SectionID("A")
	if rng.IntN(3) == 0 {
		section = "B"
	}
	row := 1 + min(rng.IntN(c.rows), rng.IntN(c.rows))
	first := 1 + rng.IntN(max(1, c.perRow-quantity+1))
	w := bookingRequest{Holder: holder}
	for number := first; number < first+quantity && number <= c.perRow; number++ {
		w.Seats = append(w.Seats, events.NewSeatName(section, int64(row), int64(number)))
	}
	return w
}

// book books seats. If they are taken, it tries the offered alternatives, or else the best available seats. It
// returns nil if it gets no booking.
func (c *seatsScenario) book(m *member, rng *rand.Rand, holder events.Holder) *booked {
	w := c.newBookingRequest(rng, holder)
	for range seatsAttempts {
		body, err := json.Marshal(w)
		if err != nil {
			panic(err) // impossible: strings and numbers can always be encoded
		}
		status := m.do(http.MethodPost, c.path()+"/bookings", body)
		if status == http.StatusCreated || unknown(status) {
			return c.record(m, status)
		}
		var refusal struct {
			Code         core.Code
			Alternatives [][]events.SeatName
			Remaining    int
		}
		if json.Unmarshal(m.response.Body(), &refusal) != nil {
			return nil
		}
		switch {
		case refusal.Code == core.CodeSeatTaken && len(refusal.Alternatives) > 0:
			w.Seats = refusal.Alternatives[rng.IntN(len(refusal.Alternatives))]
		case refusal.Code == core.CodeSeatTaken:
			w.Best, w.Seats = &bestAvailable{len(w.Seats)}, nil
		case refusal.Code == core.CodeSoldOut && refusal.Remaining > 0:
			w.Best.Quantity = min(refusal.Remaining, w.Best.Quantity)
		default:
			return nil
		}
	}
	return nil
}

// record records the answer to a booking request. It returns nil if the answer contains no booking.
func (c *seatsScenario) record(m *member, status int) *booked {
	b := &booked{}
	readable := status == http.StatusCreated && json.Unmarshal(m.response.Body(), b) == nil && b.ID != ""
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case readable:
		c.acknowledged = append(c.acknowledged, b)
		return b
	case unknown(status):
		c.unknown++
	default:
		c.unreadable++
	}
	return nil
}

// pay pays the booking, possibly too late. A refusal does not change the recorded status.
func (c *seatsScenario) pay(m *member, b *booked) { b.change(m, http.MethodPost, "/payment") }

// extend extends the hold.
func (c *seatsScenario) extend(m *member, b *booked) { b.change(m, http.MethodPost, "/extension") }

// release releases the booking.
func (c *seatsScenario) release(m *member, b *booked) { b.change(m, http.MethodDelete, "") }

// change sends a request about the booking, and records the status in the answer.
func (b *booked) change(m *member, method, what string) {
	switch status := m.do(method, "/v1/bookings/"+string(b.ID)+what, nil); {
	case unknown(status) || status == http.StatusTooManyRequests: // the server may have made some of the steps
		b.Status = ""
	case status == http.StatusOK:
		var now booked
		if json.Unmarshal(m.response.Body(), &now) != nil || now.ID != b.ID || now.Status == "" {
			now = booked{ExpiresAt: b.ExpiresAt, Status: events.BookingStatus(fmt.Sprintf("%.40q", m.response.Body()))}
		}
		b.Status, b.ExpiresAt = now.Status, now.ExpiresAt
	}
}
