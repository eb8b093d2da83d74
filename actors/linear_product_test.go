package actors

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// call is a command to the lamp.
type call struct {
	what  string // reserve, hold, confirm, pay, release, stock, close
	slot  int    // of the reservation
	units int64
}

// lampSeen is the answer to a call.
type lampSeen struct {
	code      string
	remaining int64
}

// slots is the number of reservations in a history.
const slots = 80

// lampState is a naive model of the lamp, as a comparable value.
type lampState struct {
	stock, now int64
	closes     int64                                 // seconds, 0 for never
	taken      [slots]struct{ units, expires int64 } // expires: seconds; 0 if sold
	paid       [slots]bool                           // by an external payment, even if released since
}

func (s *lampState) remaining() int64 {
	left := s.stock
	for _, r := range s.taken {
		left -= r.units
	}
	return left
}

// step returns the answer to a call and the state after it.
func (s lampState) step(input any) (any, any) {
	if waited, ok := input.(pause); ok {
		s.now += int64(time.Duration(waited) / time.Second)
		return nil, s
	}
	for i, r := range s.taken {
		if r.expires != 0 && r.expires < s.now {
			s.taken[i].units, s.taken[i].expires = 0, 0
		}
	}
	if input == (readInput{}) {
		return lampSeen{"ok", s.remaining()}, s
	}
	c := input.(call)
	r := &s.taken[c.slot]
	refused := ""
	switch c.what {
	case "reserve", "hold":
		if s.closes > 0 && s.now >= s.closes {
			return lampSeen{code: "sale_closed"}, s
		}
		if s.remaining() < c.units {
			return lampSeen{code: "sold_out", remaining: s.remaining()}, s
		}
		r.units = c.units
		if c.what == "hold" {
			r.expires = s.now + 60
		}
	case "confirm":
		if r.units == 0 {
			refused = "not_found"
		} else if r.expires == 0 {
			refused = "already_confirmed"
		}
		r.expires = 0
	case "pay":
		if s.paid[c.slot] {
			return lampSeen{code: "nothing"}, s
		}
		if r.units == 0 {
			refused = "not_found"
		} else {
			r.expires, s.paid[c.slot] = 0, true
		}
	case "close":
		s.closes = c.units
	case "release":
		if r.units == 0 {
			refused = "not_found"
		}
		r.units, r.expires = 0, 0
	case "stock":
		if s.remaining()+c.units-s.stock < 0 {
			refused = "limit_exceeded"
		} else {
			s.stock = c.units
		}
	}
	if refused != "" {
		return lampSeen{code: refused}, s
	}
	return lampSeen{code: "ok", remaining: s.remaining()}, s
}

// lampSubject is the lamp as a subject of histories.
func lampSubject() *subject {
	next := 0 // the next free slot
	return &subject{
		stream: lamp, create: &product.Create{ID: "lamp", Name: "Lamp", Stock: 6, HoldSeconds: 60},
		init: lampState{stock: 6},
		randomInput: func(rng *rand.Rand) any {
			what := []string{"reserve", "hold", "hold", "hold", "confirm", "confirm", "pay", "pay",
				"release", "release", "stock", "close", "look", "wait"}[rng.IntN(14)]
			switch what {
			case "reserve", "hold":
				next++
				return call{what, next - 1, 1 + rng.Int64N(3)}
			case "stock":
				return call{what: what, units: 3 + rng.Int64N(6)}
			case "close": // soon, or never
				return call{what: what, units: []int64{0, 0, 25, 50}[rng.IntN(4)]}
			case "look":
				return readInput{}
			case "wait":
				return pause(25 * time.Second)
			}
			return call{what: what, slot: rng.IntN(next + 1)}
		},
		readState:  func(c core.Core) any { return lampSeen{"ok", c.(*product.Product).Remaining()} },
		readAnswer: observeLamp,
	}
}

func (c call) command() core.Command {
	id := events.ID{15: byte(c.slot)}
	switch c.what {
	case "reserve", "hold":
		return &product.Reserve{ReservationID: id, Holder: "ann", Quantity: c.units, Hold: c.what == "hold"}
	case "confirm":
		return &product.Confirm{ReservationID: id}
	case "pay": // each reservation has a payment of its own, which is reported again and again
		return &product.Pay{ReservationID: id, Payment: events.PaymentStream("bank", fmt.Sprint(c.slot))}
	case "release":
		return &product.Release{ReservationID: id}
	case "close":
		at := time.Time{}
		if c.units > 0 {
			at = began.Add(time.Duration(c.units) * time.Second)
		}
		return &product.Edit{ClosesAt: &at}
	}
	return &product.Edit{Stock: &c.units}
}

// observeLamp converts an answer to the model's form.
func observeLamp(answer Answer, refusal *core.Refusal) any {
	if refusal != nil {
		seen := lampSeen{code: string(refusal.Code)}
		if seen.code == "sold_out" {
			seen.remaining = refusal.Fields["remaining"].(int64)
		}
		return seen
	}
	if len(answer.Facts) == 0 {
		return lampSeen{code: "nothing"}
	}
	seen := lampSeen{code: "ok"}
	switch f := answer.Facts[0].(type) {
	case *events.ProductReserved:
		seen.remaining = f.Remaining
	case *events.ProductHeld:
		seen.remaining = f.Remaining
	case *events.ProductConfirmed:
		seen.remaining = f.Remaining
	case *events.ProductPaid:
		seen.remaining = f.Remaining
	case *events.ProductReleased:
		seen.remaining = f.Remaining
	case *events.ProductEdited:
		seen.remaining = f.Remaining
	}
	return seen
}

// TestLampHistoriesAreLinearizable: see checkLinearizable.
func TestLampHistoriesAreLinearizable(t *testing.T) { checkLinearizable(t, lampSubject) }
