package actors

import (
	"math/rand/v2"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// call is what somebody asked of the lamp.
type call struct {
	what  string // reserve, hold, confirm, release, stock
	slot  int    // of the reservation
	units int64
}

// lampSeen is what came back.
type lampSeen struct {
	code      string
	remaining int64
}

// slots is how many reservations one history may have.
const slots = 80

// lampState is what the lamp's rules say, in the plainest way: a value that can
// be compared.
type lampState struct {
	stock, now int64
	taken      [slots]struct{ units, expires int64 } // expires: seconds; 0 if sold
}

func (s *lampState) remaining() int64 {
	left := s.stock
	for _, r := range s.taken {
		left -= r.units
	}
	return left
}

// step says what a call does to the lamp and what it answers.
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
	if input == (glance{}) {
		return lampSeen{"ok", s.remaining()}, s
	}
	c := input.(call)
	r := &s.taken[c.slot]
	refused := ""
	switch c.what {
	case "reserve", "hold":
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

// lampSubject is the lamp as histories are made of it.
func lampSubject() *subject {
	next := 0 // the next free slot
	return &subject{
		stream: lamp, create: &product.Create{ID: "lamp", Name: "Lamp", Stock: 6, HoldSeconds: 60},
		init: lampState{stock: 6},
		think: func(chance *rand.Rand) any {
			what := []string{"reserve", "hold", "hold", "hold", "confirm", "confirm", "release", "release", "stock", "look", "wait"}[chance.IntN(11)]
			switch what {
			case "reserve", "hold":
				next++
				return call{what, next - 1, 1 + chance.Int64N(3)}
			case "stock":
				return call{what: what, units: 3 + chance.Int64N(6)}
			case "look":
				return glance{}
			case "wait":
				return pause(25 * time.Second)
			}
			return call{what: what, slot: chance.IntN(next + 1)}
		},
		look: func(c core.Core) any { return lampSeen{"ok", c.(*product.Product).Remaining()} },
		see:  seeLamp,
	}
}

func (c call) command() core.Command {
	id := events.ID{15: byte(c.slot)}
	switch c.what {
	case "reserve", "hold":
		return &product.Reserve{ReservationID: id, Holder: "ann", Quantity: c.units, Hold: c.what == "hold"}
	case "confirm":
		return &product.Confirm{ReservationID: id}
	case "release":
		return &product.Release{ReservationID: id}
	}
	return &product.Edit{Stock: &c.units}
}

// seeLamp puts an answer the way the lamp's rules do.
func seeLamp(answer Answer, refusal *core.Refusal) any {
	if refusal != nil {
		seen := lampSeen{code: string(refusal.Code)}
		if seen.code == "sold_out" {
			seen.remaining = refusal.Fields["remaining"].(int64)
		}
		return seen
	}
	seen := lampSeen{code: "ok"}
	switch f := answer.Facts[0].(type) {
	case *events.ProductReserved:
		seen.remaining = f.Remaining
	case *events.ProductHeld:
		seen.remaining = f.Remaining
	case *events.ProductConfirmed:
		seen.remaining = f.Remaining
	case *events.ProductReleased:
		seen.remaining = f.Remaining
	case *events.ProductEdited:
		seen.remaining = f.Remaining
	}
	return seen
}

// TestLampHistoriesAreLinearizable: see linearizable.
func TestLampHistoriesAreLinearizable(t *testing.T) { linearizable(t, lampSubject) }
