package actors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"admitone/actors/core"
	"admitone/events"
	"admitone/events/storetest/stores"
)

// subject is an entity under test and a naive model of it, whose states are comparable values.
type subject struct {
	stream events.StreamID
	create core.Command
	// init is the state after create; step returns the output for an input, and the next state.
	init interface {
		step(input any) (output, next any)
	}
	// randomInput returns a commandInput, a readInput or a pause.
	randomInput func(rng *rand.Rand) any
	// readState and readAnswer convert a state and an answer to the model's form.
	readState  func(core.Core) any
	readAnswer func(Answer, *core.Refusal) any
}

// commandInput is an input that is a command.
type commandInput interface{ command() core.Command }

// readInput is an input that only reads, pause one that lets time pass.
type (
	readInput struct{}
	pause     time.Duration
)

// unknown is the output of a command whose outcome is unknown.
type unknown struct{}

// model is a subject's model for porcupine.
func (s *subject) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return s.init },
		Step: func(state, input, output any) (bool, any) {
			want, next := state.(interface {
				step(input any) (output, next any)
			}).step(input)
			return output == unknown{} || output == want, next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
}

// history records what concurrent callers of a subject do and see while its desk is closed and opened.
type history struct {
	*subject
	dir     string
	wire    bool // the log is reached over EventStoreDB's protocol
	clock   clock
	moments atomic.Int64

	mu    sync.Mutex
	desk  *Desk              // guarded by mu
	store openedLog          // guarded by mu
	ctx   context.Context    // of the callers of desk; guarded by mu
	leave context.CancelFunc // guarded by mu
	ops   []porcupine.Operation
}

// openedLog is a log that also stores snapshots.
type openedLog interface {
	events.Store
	events.Snapshots
}

// checkLinearizable checks that everything callers see is consistent with one sequential order, although
// the desk is closed, or abandoned with commands in flight, and opened again meanwhile.
func checkLinearizable(t *testing.T, fresh func() *subject) {
	for name, restart := range map[string]func(*history, testing.TB){
		"without a restart": nil,
		"closed and opened": (*history).reopen,
		"killed and opened": (*history).kill,
	} {
		t.Run(name, func(t *testing.T) {
			for range 6 {
				checkHistory(t, &history{subject: fresh()}, restart)
			}
		})
	}
	t.Run("killed and opened, on EventStoreDB", func(t *testing.T) {
		for range 2 {
			checkHistory(t, &history{subject: fresh(), wire: true}, (*history).kill)
		}
	})
}

func checkHistory(t *testing.T, h *history, restart func(*history, testing.TB)) {
	seed := rand.Uint64()
	h.dir = t.TempDir()
	h.open(t)
	s := h.subject
	_, err := h.desk.Ask(t.Context(), Request{Stream: s.stream, Command: s.create, ID: NewCommandID()})
	must(t, err)
	var all sync.WaitGroup
	for caller := range 6 {
		rng := rand.New(rand.NewPCG(seed, uint64(caller)))
		all.Go(func() {
			for n := range 10 {
				if restart != nil && caller == 0 && n%4 == 3 {
					restart(h, t)
				}
				h.mu.Lock()
				input := h.randomInput(rng)
				h.mu.Unlock()
				h.do(caller, input)
			}
		})
	}
	all.Wait()
	h.do(0, readInput{})
	model := s.model()
	result := porcupine.CheckOperationsTimeout(model, h.ops, time.Minute)
	if result != porcupine.Ok {
		t.Errorf("seed %d: %v: %d operations, want %v", seed, result, len(h.ops), porcupine.Ok)
		for _, op := range h.ops {
			t.Logf("%d %d-%d %s", op.ClientId, op.Call, op.Return, model.DescribeOperation(op.Input, op.Output))
		}
	}
	audit(t, h.store, nil)
}

// open opens a desk. The caller has mu, or is alone.
func (h *history) open(t testing.TB) {
	h.store = openLog(t, h.dir)
	if h.wire {
		h.store = stores.Serve(t, h.store)
	}
	h.desk = openDesk(t, h.store, func(c *Config) { c.Now, c.Snapshots, c.SnapshotEvery = h.clock.now, h.store, 8 })
	h.ctx, h.leave = context.WithCancel(context.Background())
	t.Cleanup(h.leave)
}

// reopen closes the desk and opens another.
func (h *history) reopen(t testing.TB) {
	closeDesk(t, h.desk)
	h.mu.Lock()
	defer h.mu.Unlock()
	mustClose(t, h.store)
	h.open(t)
}

// kill abandons the desk with everything in flight.
func (h *history) kill(t testing.TB) {
	h.leave()
	h.mu.Lock()
	defer h.mu.Unlock()
	mustClose(t, h.store)
	h.open(t)
}

// do sends an input and records the output.
func (h *history) do(caller int, input any) {
	h.mu.Lock()
	desk, ctx := h.desk, h.ctx
	h.mu.Unlock()
	op := porcupine.Operation{ClientId: caller, Input: input, Call: h.moments.Add(1)}
	switch c := input.(type) {
	case pause:
		h.clock.advance(time.Duration(c))
	case readInput:
		if _, err := desk.View(ctx, h.stream, func(state core.Core) { op.Output = h.readState(state) }); err != nil {
			return // nothing was seen
		}
	case commandInput:
		answer, err := desk.Ask(ctx, Request{Stream: h.stream, Command: c.command(), ID: NewCommandID()})
		if errors.Is(err, ErrStopping) {
			return // nothing was done
		}
		if refusal, refused := err.(*core.Refusal); refused || err == nil {
			op.Output = h.readAnswer(answer, refusal)
		} else {
			op.Output = unknown{}
		}
	}
	if op.Return = h.moments.Add(1); op.Output == (unknown{}) {
		op.Return = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
}
