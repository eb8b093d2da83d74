package verify

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"admitone/events"
)

// Monitor holds a log to all rules while it grows: what [Log] does once, on a feed of
// its own. What it needs of memory is what a [Verifier] needs. While it catches up with
// a long log it works half of the time at most: sales go on meanwhile.
//
// It reads what followers of the log are told, which for the newest events need not
// come from the disk; the bytes on the disk are for verify to look at.
type Monitor struct {
	store    events.Store
	logger   *slog.Logger
	verifier *Verifier

	position  atomic.Uint64
	events    atomic.Uint64
	violation atomic.Pointer[Violation]
}

// NewMonitor begins before the first event. gapless is as in [New].
func NewMonitor(store events.Store, gapless bool, logger *slog.Logger) *Monitor {
	return &Monitor{store: store, logger: logger, verifier: New(gapless)}
}

// Position up to which nothing is wrong.
func (p *Monitor) Position() events.Position { return events.Position(p.position.Load()) }

// Events that were looked at and are right.
func (p *Monitor) Events() uint64 { return p.events.Load() }

// Violation is the first there is, nil if there is none up to Position.
func (p *Monitor) Violation() *Violation { return p.violation.Load() }

// Run follows the log until ctx ends, as [events.FollowAlways] does, and is called once.
// A violation ends the checks, for after it the rules mean nothing; Violation has it from
// then on, and Run still waits for ctx: it is for people to decide what becomes of the
// server.
//
// Errors: ctx.Err().
func (p *Monitor) Run(ctx context.Context) error {
	_ = events.FollowAlways(ctx, p.Position, func() error {
		err := p.store.Follow(ctx, p.Position(), p.check)
		if errors.Is(err, events.ErrDamaged) {
			err = &Violation{Position: p.Position() + 1, Rule: RuleBytes, Detail: err.Error()}
		}
		if broken := (*Violation)(nil); errors.As(err, &broken) {
			p.violation.Store(broken)
			p.logger.Error("the log breaks a rule; nothing behind it is looked at", "error", broken)
			<-ctx.Done()
		}
		return err
	}, func(err error, pause time.Duration) bool {
		p.logger.Warn("the log can't be followed to prove it, and will be again",
			"error", err, "position", p.Position(), "in", pause)
		return true
	})
	return ctx.Err()
}

// check holds a batch to the rules.
func (p *Monitor) check(batch []events.Recorded) error {
	begun := time.Now()
	for i := range batch {
		if err := p.verifier.Check(&batch[i]); err != nil {
			return err
		}
		p.position.Store(uint64(batch[i].Position))
		p.events.Add(1)
	}
	if len(batch) >= monitorBatch {
		time.Sleep(time.Since(begun))
	}
	return nil
}

// monitorBatch is how many events at once say that it is catching up.
const monitorBatch = 256
