package actors

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/events/embedded"
)

// call is what somebody asked of the lamp, or the passing of time.
type call struct {
	what  string // reserve, hold, confirm, release, stock, look, wait
	slot  int    // of the reservation
	units int64  // or seconds
}

// outcomeSeen is what came back. An unknown one may or may not have happened.
type outcomeSeen struct {
	code      string
	remaining int64
	unknown   bool
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
func (s lampState) step(c call) (outcomeSeen, lampState) {
	if c.what == "wait" {
		s.now += c.units
		return outcomeSeen{}, s
	}
	for i, r := range s.taken {
		if r.expires != 0 && r.expires < s.now {
			s.taken[i].units, s.taken[i].expires = 0, 0
		}
	}
	r := &s.taken[c.slot]
	refused := ""
	switch c.what {
	case "reserve", "hold":
		if s.remaining() < c.units {
			return outcomeSeen{code: "sold_out", remaining: s.remaining()}, s
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
		return outcomeSeen{code: refused}, s
	}
	return outcomeSeen{code: "ok", remaining: s.remaining()}, s
}

var lampModel = porcupine.Model{
	Init: func() any { return lampState{stock: 6} },
	Step: func(state, input, output any) (bool, any) {
		want, next := state.(lampState).step(input.(call))
		got := output.(outcomeSeen)
		return got.unknown || got == want, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
}

// history is callers at work on the lamp while its desk comes and goes.
type history struct {
	dir     string
	clock   clock
	moments atomic.Int64

	mu    sync.Mutex
	desk  *Desk              // guarded by mu
	store *embedded.Store    // guarded by mu
	ctx   context.Context    // of the callers of desk; guarded by mu
	leave context.CancelFunc // guarded by mu
	slot  int                // the next free one; guarded by mu
	ops   []porcupine.Operation
}

// TestHistoriesAreLinearizable: whatever callers see could have happened in one
// order, one at a time, though the desk is closed, or abandoned with commands under
// way, and opened again in between.
func TestHistoriesAreLinearizable(t *testing.T) {
	for name, restart := range map[string]func(*history, testing.TB){
		"without a restart": nil,
		"closed and opened": (*history).reopen,
		"killed and opened": (*history).kill,
	} {
		t.Run(name, func(t *testing.T) {
			for range 6 {
				linear(t, restart)
			}
		})
	}
}

func linear(t *testing.T, restart func(*history, testing.TB)) {
	seed := rand.Uint64()
	h := &history{dir: t.TempDir()}
	h.open(t)
	mustCreate(t, h.desk, 6)
	var all sync.WaitGroup
	for caller := range 6 {
		chance := rand.New(rand.NewPCG(seed, uint64(caller)))
		all.Go(func() {
			for n := range 10 {
				if restart != nil && caller == 0 && n%4 == 3 {
					restart(h, t)
				}
				h.do(caller, h.think(chance))
			}
		})
	}
	all.Wait()
	h.do(0, call{what: "look"})
	result := porcupine.CheckOperationsTimeout(lampModel, h.ops, time.Minute)
	if result != porcupine.Ok {
		t.Errorf("seed %d: %v: %d operations", seed, result, len(h.ops))
		for _, op := range h.ops {
			t.Logf("%d %d-%d %s", op.ClientId, op.Call, op.Return, lampModel.DescribeOperation(op.Input, op.Output))
		}
	}
	audit(t, h.store, nil)
}

// open needs mu, or nobody else about.
func (h *history) open(t testing.TB) {
	h.store = openLog(t, h.dir)
	h.desk = openDesk(t, h.store, func(c *Config) { c.Now, c.Snapshots, c.SnapshotEvery = h.clock.now, h.store, 8 })
	h.ctx, h.leave = context.WithCancel(context.Background())
	t.Cleanup(h.leave)
}

// reopen stops and starts as one should.
func (h *history) reopen(t testing.TB) {
	closeDesk(t, h.desk)
	h.mu.Lock()
	defer h.mu.Unlock()
	mustClose(t, h.store)
	h.open(t)
}

// kill leaves everything that is under way where it is.
func (h *history) kill(t testing.TB) {
	h.leave()
	h.mu.Lock()
	defer h.mu.Unlock()
	mustClose(t, h.store)
	h.open(t)
}

// think of something to ask.
func (h *history) think(chance *rand.Rand) call {
	h.mu.Lock()
	defer h.mu.Unlock()
	what := []string{"reserve", "hold", "hold", "hold", "confirm", "confirm", "release", "release", "stock", "look", "wait"}[chance.IntN(11)]
	switch what {
	case "reserve", "hold":
		h.slot++
		return call{what, h.slot - 1, 1 + chance.Int64N(3)}
	case "stock":
		return call{what: what, units: 3 + chance.Int64N(6)}
	case "wait":
		return call{what: what, units: 25}
	}
	return call{what: what, slot: chance.IntN(h.slot + 1)}
}

// do asks, and writes down what came back.
func (h *history) do(caller int, c call) {
	h.mu.Lock()
	desk, ctx := h.desk, h.ctx
	h.mu.Unlock()
	op := porcupine.Operation{ClientId: caller, Input: c, Call: h.moments.Add(1)}
	var seen outcomeSeen
	switch c.what {
	case "wait":
		h.clock.move(time.Duration(c.units) * time.Second)
	case "look":
		_, err := desk.View(ctx, lamp, func(state core.Core) { seen.remaining = state.(*product.Product).Remaining() })
		if err != nil {
			return // nothing was seen
		}
		seen.code = "ok"
	default:
		answer, err := desk.Ask(ctx, Request{Stream: lamp, Command: c.command(), ID: NewCommandID()})
		seen = see(answer, err)
	}
	op.Output, op.Return = seen, h.moments.Add(1)
	switch {
	case seen.code == ErrStopping.Error():
		return // nothing was done
	case seen.unknown:
		op.Return = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
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

// see puts an answer the way the model does.
func see(answer Answer, err error) outcomeSeen {
	seen := outcomeSeen{code: code(err)}
	switch refusal, refused := err.(*core.Refusal); {
	case refused:
		if seen.code == "sold_out" {
			seen.remaining = refusal.Fields["remaining"].(int64)
		}
	case err == nil:
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
	case seen.code != ErrStopping.Error():
		seen.unknown = true
	}
	return seen
}
