package actors

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

var stormSeed = flag.Uint64("storm-seed", 0, "the seed of TestStorm; 0 takes a new one")

// storm is two nodes on one log with every fault, and callers that retry on both.
type storm struct {
	nodes [2]*Desk
	logs  [2]*faulty
	clock clock

	mu       sync.Mutex
	answers  []acknowledged // guarded by mu
	failures int            // guarded by mu
	open     []events.ID    // guarded by mu
}

// TestStorm: after any mix of faults the log satisfies the invariants, and contains every answer
// that a caller received exactly once, at its revision and position.
func TestStorm(t *testing.T) {
	seed := *stormSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./actors -run TestStorm -storm-seed %d", seed)
	checkNoLeaks(t)
	log := openLog(t, t.TempDir())
	s := &storm{}
	for i := range s.nodes {
		s.logs[i] = &faulty{Store: log, rng: rand.New(rand.NewPCG(seed, uint64(i))), lateNow: 2 + i}
		s.nodes[i] = openDesk(t, s.logs[i], func(c *Config) {
			c.Now, c.AppendTimeout, c.LoadTimeout = s.clock.now, 20*time.Millisecond, 10*time.Second
			if i == 0 { // one node at a time may save a stream
				c.Snapshots, c.SnapshotEvery = log, 50
			}
		})
	}
	mustCreate(t, openDesk(t, log, nil), 40)
	const callers, commands = 16, 40
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() { s.call(t, rand.New(rand.NewPCG(seed, uint64(100+caller))), commands) })
	}
	all.Wait()
	for i := range s.logs {
		s.logs[i].mu.Lock()
		s.logs[i].rng = nil
		s.logs[i].mu.Unlock()
		s.logs[i].landAll()
	}
	t.Logf("%d answers, %d failures; %+v %+v", len(s.answers), s.failures, s.nodes[0].Stats(), s.nodes[1].Stats())
	if len(s.answers) == 0 || s.nodes[0].Stats().Unknown == 0 {
		t.Errorf("%d answers, stats of the first node %+v; want some answers and unknown outcomes",
			len(s.answers), s.nodes[0].Stats())
	}
	for _, node := range s.nodes {
		requireSameState(t, node, log, s.answers)
	}
}

// call sends commands, and repeats a keyed one on any node until it has an answer.
func (s *storm) call(t *testing.T, rng *rand.Rand, commands int) {
	for n := range commands {
		s.clock.advance(time.Duration(rng.IntN(3)) * time.Second)
		request := Request{
			Stream:        lamp,
			Command:       s.command(rng),
			ID:            NewCommandID(),
			CorrelationID: fmt.Sprint(rng.Uint64()),
		}
		tries := 1
		if rng.IntN(2) == 0 {
			request.ID, tries = KeyedCommandID("caller", fmt.Sprint(rng.Uint64(), n)), 20
		}
		for range tries {
			answer, err := s.nodes[rng.IntN(2)].Ask(context.Background(), request)
			switch code(err) {
			case ErrUnavailable.Error():
				s.note(nil, true)
				continue
			case "ok":
				s.note(&acknowledged{request.ID, answer}, false)
			case "sold_out", "not_found", "hold_expired", "already_confirmed":
			default:
				t.Errorf("%T: unexpected error %v", request.Command, err)
			}
			break
		}
	}
}

func (s *storm) note(a *acknowledged, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed {
		s.failures++
		return
	}
	s.answers = append(s.answers, *a)
	if len(a.answer.Facts) == 1 {
		if id, err := reservationOf(a.answer.Facts[0]); err == nil {
			s.open = append(s.open, id)
		}
	}
}

func (s *storm) command(rng *rand.Rand) core.Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	reserve := &product.Reserve{
		ReservationID: NewID(),
		Holder:        "ann",
		Quantity:      1 + rng.Int64N(3),
		Hold:          rng.IntN(2) == 0,
	}
	if len(s.open) == 0 {
		return reserve
	}
	id := s.open[rng.IntN(len(s.open))]
	switch rng.IntN(6) {
	case 0:
		return &product.Confirm{ReservationID: id}
	case 1, 2:
		return &product.Release{ReservationID: id}
	}
	return reserve
}
