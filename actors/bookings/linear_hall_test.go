package bookings

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"admitone/events"
)

const (
	hallCallers = 5
	hallSteps   = 6
	// crew is the label of blocked seats, press that of blocked places.
	crew, press events.BlockLabel = "crew", "press"
)

// hallState is the state of four seats and the floor. It is comparable.
type hallState struct {
	seats [4]hallSeat
	// Places of the floor: in total, remaining, and blocked under press.
	size, free, blocked int64
	orders              [hallCallers*hallSteps + 1]hallPlaces // by number, from 1
}

type hallSeat struct {
	order int  // the order that has it, 0 if none, -1 if it is blocked
	crew  bool // it is blocked under crew, or will be when it is returned
}

// hallPlaces are the places of the floor that an order has.
type hallPlaces struct {
	all   int64
	press int64 // number of those that are blocked again when returned
}

// hallInput is a request. Orders are numbered by the callers.
type hallInput struct {
	kind   string
	order  int
	seats  []int
	places int64
	label  events.BlockLabel
	paid   bool // the order is paid immediately
	// contested: another request for the same seats or places was in progress. Failing attempts may
	// cause refusals of others.
	contested bool
}

// overlaps reports whether two requests concern any seat or place in common.
func (in *hallInput) overlaps(other *hallInput) bool {
	for _, s := range in.seats {
		for _, o := range other.seats {
			if s == o {
				return true
			}
		}
	}
	return in.places > 0 && other.places > 0
}

// step applies a request and returns its answer.
func (s hallState) step(in *hallInput) (out string, next hallState) {
	switch in.kind {
	case "book":
		return s.book(in)
	case "return": // the whole order, or the named seats and places
		for _, seat := range in.seats {
			if s.seats[seat].order == in.order {
				s.seats[seat].order = 0
				if s.seats[seat].crew {
					s.seats[seat].order = -1
				}
			}
		}
		had := &s.orders[in.order]
		press := min(had.press, in.places)
		s.blocked, s.free = s.blocked+press, s.free+in.places-press
		had.press, had.all = had.press-press, had.all-in.places
	case "block a seat":
		switch seat := &s.seats[in.seats[0]]; {
		case seat.order == 0:
			*seat = hallSeat{-1, true}
		case seat.order > 0:
			return "seat_taken", s
		}
	case "unblock a seat":
		if seat := &s.seats[in.seats[0]]; seat.order < 0 {
			*seat = hallSeat{}
		}
	case "block places":
		more := in.places - s.blocked
		for _, o := range s.orders {
			more -= o.press
		}
		if more > s.free {
			return "sold_out", s
		}
		s.free, s.blocked = s.free-max(0, more), s.blocked+max(0, more)
	case "unblock places":
		s.free, s.blocked = s.free+s.blocked, 0
	case "resize":
		had := s.blocked
		for _, o := range s.orders {
			had += o.all
		}
		if in.places < had {
			return "limit_exceeded", s
		}
		s.size, s.free = in.places, in.places-had
	case "look":
		return s.String(), s
	}
	return "ok", s
}

func (s hallState) book(in *hallInput) (out string, next hallState) {
	blocked := int64(0)
	if in.label == press {
		blocked = min(s.blocked, in.places)
	}
	if in.places-blocked > s.free {
		return "sold_out", s
	}
	for _, seat := range in.seats {
		if had := s.seats[seat]; had.order > 0 || had.order < 0 && in.label != crew {
			return "seat_taken", s
		}
	}
	for _, seat := range in.seats {
		s.seats[seat] = hallSeat{in.order, s.seats[seat].order < 0}
	}
	s.free, s.blocked = s.free-in.places+blocked, s.blocked-blocked
	s.orders[in.order] = hallPlaces{in.places, blocked}
	return "ok", s
}

// String formats the state in the same way as the harness.
func (s hallState) String() string {
	words := make([]string, len(s.seats))
	for i, seat := range s.seats {
		words[i] = map[bool]string{true: "had ", false: "free "}[seat.order > 0]
		if seat.order < 0 {
			words[i] = "blocked "
		}
		if seat.crew {
			words[i] += string(crew)
		}
	}
	return fmt.Sprintf("%q, %d of %d free, %d blocked", words, s.free, s.size, s.blocked)
}

// contestedRefusals has the codes with which a contested request may be refused, by the kind of the request.
var contestedRefusals = map[string]string{"book": "seat_taken sold_out", "block a seat": "seat_taken",
	"block places": "sold_out", "resize": "limit_exceeded"}

// hallModel is hallState for porcupine. A contested request to unblock a seat may have no effect: an attempt that
// fails later may hold the seat under its label, and the block returns when it releases the seat.
var hallModel = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{hallState{size: 10, free: 10}} },
	Step: func(state, input, output any) (next []any) {
		in := input.(*hallInput)
		if out := output.(string); in.contested && out != "ok" && strings.Contains(contestedRefusals[in.kind], out) {
			return []any{state}
		}
		out, after := state.(hallState).step(in)
		if out != output.(string) {
			return nil
		}
		if in.contested && in.kind == "unblock a seat" {
			next = append(next, state)
		}
		return append(next, after)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %s", *input.(*hallInput), output) },
}).ToModel()

// hallClient sends one request after another, and returns what it has booked.
type hallClient struct {
	*harness
	rng    *rand.Rand
	holder events.Holder
	orders map[int]*hallOrder // those not returned completely
}

// hallOrder is the remaining part of an order.
type hallOrder struct {
	id     events.BookingID
	seats  []int
	places []int64
	paid   bool
}

func hallSeatName(i int) events.SeatName { return events.SeatName(fmt.Sprint("A-1-", i+1)) }

// randomRequest chooses a request; number is that of an order.
func (c *hallClient) randomRequest(number int) *hallInput {
	one := c.rng.IntN(4)
	switch n := c.rng.IntN(16); {
	case n < 6 && len(c.orders) > 0:
		for order, had := range c.orders { // in random order
			in := &hallInput{kind: "return", order: order, seats: had.seats, places: int64(len(had.places))}
			switch {
			case had.paid && n < 2 && len(had.seats) > 0:
				in.seats, in.places = had.seats[:1], 0
			case had.paid && n < 4 && len(had.places) > 0:
				in.seats, in.places = nil, 1
			}
			return in
		}
	case n == 6:
		return &hallInput{kind: "block a seat", seats: []int{one}}
	case n == 7:
		return &hallInput{kind: "unblock a seat", seats: []int{one}}
	case n == 8:
		return &hallInput{kind: "block places", places: 1 + c.rng.Int64N(4)}
	case n == 9:
		return &hallInput{kind: "unblock places", places: 1}
	case n == 10:
		return &hallInput{kind: "resize", places: 4 + c.rng.Int64N(7)}
	}
	in := &hallInput{kind: "book", order: number, places: c.rng.Int64N(5), paid: c.rng.IntN(2) == 0,
		label: []events.BlockLabel{"", crew, press}[c.rng.IntN(3)]}
	for i := range 4 {
		if c.rng.IntN(3) == 0 || in.places == 0 && i == one {
			in.seats = append(in.seats, i)
		}
	}
	return in
}

// do sends the request, and formats the answer like the model.
func (c *hallClient) do(in *hallInput) string {
	switch in.kind {
	case "book":
		return c.bookHall(in)
	case "return":
		return c.returnHall(in)
	case "block a seat":
		return code(c.block(crew, hallSeatName(in.seats[0])))
	case "unblock a seat":
		_, err := c.unblock(crew, hallSeatName(in.seats[0]))
		return code(err)
	case "block places":
		_, err := c.blockAreas(press, areaPlaces("floor", in.places))
		return code(err)
	case "unblock places":
		_, err := c.unblock(press)
		return code(err)
	}
	return code(c.resize(areaPlaces("floor", in.places)))
}

func (c *hallClient) bookHall(in *hallInput) string {
	wanted := Book{Origin: c.origin(string(c.holder)), PerformanceID: c.gala, Holder: c.holder, Label: in.label}
	had := &hallOrder{seats: in.seats, paid: in.paid}
	for _, i := range in.seats {
		wanted.Seats = append(wanted.Seats, hallSeatName(i))
	}
	for n := range in.places {
		had.places = append(had.places, n+1)
	}
	if in.places > 0 {
		wanted.Areas = []areaQuantity{wantPlaces("floor", in.places)}
	}
	answer, err := c.Bookings.Book(c.ctx(), wanted)
	if err == nil && in.paid {
		_, err = c.pay(answer.Booking.ID, c.holder)
	}
	if err == nil {
		had.id = answer.Booking.ID
		c.orders[in.order] = had
	}
	return code(err)
}

func (c *hallClient) returnHall(in *hallInput) string {
	had := c.orders[in.order]
	var err error
	switch left := len(had.seats) + len(had.places); {
	case len(in.seats)+int(in.places) == left:
		_, err = c.cancel(had.id, c.holder)
		delete(c.orders, in.order)
	case in.places == 0:
		_, err = c.returnSeat(had.id, c.holder, hallSeatName(in.seats[0]))
		had.seats = had.seats[1:]
	default:
		_, err = c.returnPlace(had.id, c.holder, "floor", had.places[0])
		had.places = had.places[1:]
	}
	return code(err)
}

// readState formats the state in the log like the model.
func (w *harness) readState() string {
	words := w.seatStates(hallSeatName(0), hallSeatName(1), hallSeatName(2), hallSeatName(3))
	for i, word := range words {
		status, label, _ := strings.Cut(word, " ")
		if status == "held" || status == "booked" {
			words[i] = "had " + label
		}
	}
	c := w.counts("floor")
	return fmt.Sprintf("%q, %d of %d free, %d blocked", words, c.Remaining, c.Capacity(), c.Blocked)
}

// TestHallIsLinearizable has callers concurrently book seats and places, some under a label, return them,
// block and unblock them, and resize an area. Their answers and the final state must be those of a
// sequential order of the requests, except that a request may also be refused while another request for the
// same seats or places is in progress.
func TestHallIsLinearizable(t *testing.T) {
	for range 30 {
		seed := rand.Uint64()
		w := newMemoryHarness(t, 1, 4, 0)
		var ticks atomic.Int64
		var mu sync.Mutex
		var ops []porcupine.Operation
		var all sync.WaitGroup
		for caller := range hallCallers {
			c := &hallClient{w, rand.New(rand.NewPCG(seed, uint64(caller))), events.Holder(fmt.Sprint("holder-", caller)),
				map[int]*hallOrder{}}
			w.charge(c.holder, 10_000)
			all.Go(func() {
				for n := range hallSteps {
					in := c.randomRequest(1 + caller*hallSteps + n)
					op := porcupine.Operation{ClientId: caller, Input: in, Call: ticks.Add(1)}
					op.Output = c.do(in)
					op.Return = ticks.Add(1)
					mu.Lock()
					ops = append(ops, op)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		markContested(ops)
		ops = append(ops, porcupine.Operation{Input: &hallInput{kind: "look"}, Call: ticks.Add(1), Output: w.readState(),
			Return: ticks.Add(1)})
		if result := porcupine.CheckOperationsTimeout(hallModel, ops, time.Minute); result != porcupine.Ok {
			for _, op := range ops {
				t.Logf("%d %d-%d %s", op.ClientId, op.Call, op.Return, hallModel.DescribeOperation(op.Input, op.Output))
			}
			t.Fatalf("seed %d: got %v for %d operations, want Ok", seed, result, len(ops))
		}
		w.check(0)
		w.checkBlocksIdle()
		w.checkNoOrphanedHolds("afterwards")
	}
}

// markContested marks the requests during which another one concerned the same seats or places.
func markContested(ops []porcupine.Operation) {
	for i := range ops {
		in := ops[i].Input.(*hallInput)
		for j := range ops {
			together := i != j && ops[i].Call < ops[j].Return && ops[j].Call < ops[i].Return
			in.contested = in.contested || together && in.overlaps(ops[j].Input.(*hallInput))
		}
	}
}
