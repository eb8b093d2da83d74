package load

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"

	"admitone/events"
)

// concertTries is how often a person asks for other seats after a refusal.
const concertTries = 3

// visit is what a person does, the same in every run: the number decides.
func (c *concert) visit(m *member, n int) {
	chance := rand.New(rand.NewPCG(1, uint64(n)))
	b := c.book(m, chance, c.holder(n))
	if b == nil {
		return
	}
	switch fate := chance.IntN(20); {
	case fate < 10:
		c.pay(m, b)
	case fate < 12:
		c.extend(m, b)
		c.pay(m, b)
	case fate < 14:
		c.giveBack(m, b)
	case fate < 15:
		c.pay(m, b)
		c.giveBack(m, b)
	case fate < 17:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.late = append(c.late, b)
	} // the others never come back
}

// wish is what a person asks for. Seats are the body's member of that name, or
// Quantity the best ones.
type wish struct {
	Holder string   `json:"holder"`
	Seats  []string `json:"seats,omitempty"`
	Best   *best    `json:"best_available,omitempty"`
}

type best struct {
	Quantity int `json:"quantity"`
}

// wish is one to four seats: by name and near the front, or the best ones.
func (c *concert) wish(chance *rand.Rand, holder string) wish {
	quantity := 1 + chance.IntN(4)
	if chance.IntN(3) == 0 {
		return wish{Holder: holder, Best: &best{quantity}}
	}
	section := "A"
	if chance.IntN(3) == 0 {
		section = "B"
	}
	row := 1 + min(chance.IntN(c.rows), chance.IntN(c.rows))
	first := 1 + chance.IntN(max(1, c.perRow-quantity+1))
	w := wish{Holder: holder}
	for number := first; number < first+quantity && number <= c.perRow; number++ {
		w.Seats = append(w.Seats, events.SeatName(section, int64(row), int64(number)))
	}
	return w
}

// book asks for seats; after a refusal for those that were offered instead, and then
// for the best ones. It returns nil if nothing came of it.
func (c *concert) book(m *member, chance *rand.Rand, holder string) *booked {
	w := c.wish(chance, holder)
	for range concertTries {
		body, err := json.Marshal(w)
		if err != nil {
			panic(err) // strings and numbers
		}
		status := m.do(http.MethodPost, c.path()+"/bookings", body)
		if status == http.StatusCreated || unknown(status) {
			return c.take(m, status)
		}
		var refusal struct {
			Code         string
			Alternatives [][]string
			Remaining    int
		}
		if json.Unmarshal(m.response.Body(), &refusal) != nil {
			return nil
		}
		switch {
		case refusal.Code == "seat_taken" && len(refusal.Alternatives) > 0:
			w.Seats = refusal.Alternatives[chance.IntN(len(refusal.Alternatives))]
		case refusal.Code == "seat_taken":
			w.Best, w.Seats = &best{len(w.Seats)}, nil
		case refusal.Code == "sold_out" && refusal.Remaining > 0:
			w.Best.Quantity = min(refusal.Remaining, w.Best.Quantity)
		default:
			return nil
		}
	}
	return nil
}

// take writes down a booking that may have come about.
func (c *concert) take(m *member, status int) *booked {
	b := &booked{}
	readable := status == http.StatusCreated && json.Unmarshal(m.response.Body(), b) == nil && b.ID != ""
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case readable:
		c.told = append(c.told, b)
		return b
	case unknown(status):
		c.unknown++
	default:
		c.unreadable++
	}
	return nil
}

// pay pays, also when it is too late. A refusal leaves what was told before.
func (c *concert) pay(m *member, b *booked) { b.change(m, http.MethodPost, "/payment") }

// extend asks for more time.
func (c *concert) extend(m *member, b *booked) { b.change(m, http.MethodPost, "/extension") }

// giveBack ends the booking.
func (c *concert) giveBack(m *member, b *booked) { b.change(m, http.MethodDelete, "") }

// change asks for something to be done about the booking, and takes down how it
// stands then.
func (b *booked) change(m *member, method, what string) {
	switch status := m.do(method, "/v1/bookings/"+b.ID+what, nil); {
	case unknown(status) || status == http.StatusTooManyRequests: // one of several steps may have been one too many
		b.Status = ""
	case status == http.StatusOK:
		var now booked
		if json.Unmarshal(m.response.Body(), &now) != nil || now.ID != b.ID || now.Status == "" {
			now = booked{ExpiresAt: b.ExpiresAt, Status: events.BookingStatus(fmt.Sprintf("%.40q", m.response.Body()))}
		}
		b.Status, b.ExpiresAt = now.Status, now.ExpiresAt
	}
}
