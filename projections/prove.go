package projections

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"admitone/events"
)

// Prover holds a log to all rules while it grows: what [Verify] does once, on a feed of
// its own. What it needs of memory is what a [Verifier] needs. While it catches up with
// a long log it works half of the time at most: sales go on meanwhile.
//
// It reads what followers of the log are told, which for the newest events need not
// come from the disk; the bytes on the disk are for verify to look at.
type Prover struct {
	store    events.Store
	logger   *slog.Logger
	verifier *Verifier

	position  atomic.Uint64
	events    atomic.Uint64
	violation atomic.Pointer[Violation]
}

// NewProver begins before the first event. gapless is as in [NewVerifier].
func NewProver(store events.Store, gapless bool, logger *slog.Logger) *Prover {
	return &Prover{store: store, logger: logger, verifier: NewVerifier(gapless)}
}

// Position up to which nothing is wrong.
func (p *Prover) Position() events.Position { return events.Position(p.position.Load()) }

// Events that were looked at and are right.
func (p *Prover) Events() uint64 { return p.events.Load() }

// Violation is the first there is, nil if there is none up to Position.
func (p *Prover) Violation() *Violation { return p.violation.Load() }

// proveRest is how long an unreachable log is left alone.
const proveRest = time.Second

// Run follows the log until ctx ends, and is called once. A violation ends the looking,
// for after it the rules mean nothing; Violation has it from then on, and Run still
// waits for ctx: it is for people to say what becomes of the server.
//
// Errors: ctx.Err().
func (p *Prover) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := p.store.Follow(ctx, p.Position(), p.take)
		if errors.Is(err, events.ErrDamaged) {
			err = &Violation{Position: p.Position() + 1, Rule: RuleBytes, Detail: err.Error()}
		}
		if broken := (*Violation)(nil); errors.As(err, &broken) {
			p.violation.Store(broken)
			p.logger.Error("the log breaks a rule; nothing behind it is looked at", "error", broken)
			<-ctx.Done()
			break
		}
		if ctx.Err() == nil {
			p.logger.Warn("the log can't be followed to prove it, and will be again", "error", err, "position", p.Position())
			select {
			case <-ctx.Done():
			case <-time.After(proveRest):
			}
		}
	}
	return ctx.Err()
}

// take holds a batch to the rules.
func (p *Prover) take(batch []events.Recorded) error {
	begun := time.Now()
	for i := range batch {
		if err := p.verifier.Take(&batch[i]); err != nil {
			return err
		}
		p.position.Store(uint64(batch[i].Position))
		p.events.Add(1)
	}
	if len(batch) >= proveMany {
		time.Sleep(time.Since(begun))
	}
	return nil
}

// proveMany is how many events at once say that it is catching up.
const proveMany = 256
