package verify

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"admitone/events"
)

// Monitor checks a log against all rules while it grows. It needs as much memory as a [Verifier]. While it catches up
// with a long log it pauses half of the time, so that sales continue.
//
// A monitor follows the log, and the newest events of a followed log may come from memory. To check the bytes on disk,
// use [Log].
type Monitor struct {
	store    events.Store
	logger   *slog.Logger
	verifier *Verifier

	position  atomic.Uint64
	events    atomic.Uint64
	violation atomic.Pointer[Violation]
}

// NewMonitor returns a monitor that begins before the first event. gapless is as in [New].
func NewMonitor(store events.Store, gapless bool, logger *slog.Logger) *Monitor {
	return &Monitor{store: store, logger: logger, verifier: New(gapless)}
}

// Position returns the position up to which the log has been checked without a violation.
func (m *Monitor) Position() events.Position { return events.Position(m.position.Load()) }

// Events returns the number of events that were checked without a violation.
func (m *Monitor) Events() uint64 { return m.events.Load() }

// Violation returns the first violation, nil if none was found.
func (m *Monitor) Violation() *Violation { return m.violation.Load() }

// Run follows the log until ctx ends, as [events.FollowAlways] does. It may be called once. A violation ends the
// checks, because later results would be meaningless. Run still waits for ctx: operators decide whether the server
// continues.
//
// Errors: ctx.Err().
func (m *Monitor) Run(ctx context.Context) error {
	_ = events.FollowAlways(ctx, m.Position, func() error {
		err := m.store.Follow(ctx, m.Position(), m.check)
		if errors.Is(err, events.ErrDamaged) {
			err = &Violation{Position: m.Position() + 1, Rule: RuleBytes, Detail: err.Error()}
		}
		if broken := (*Violation)(nil); errors.As(err, &broken) {
			m.violation.Store(broken)
			m.logger.Error("the log breaks a rule; later events are not checked", "error", broken)
			<-ctx.Done()
		}
		return err
	}, func(err error, pause time.Duration) bool {
		m.logger.Warn("can't follow the log to verify it; retrying",
			"error", err, "position", m.Position(), "in", pause)
		return true
	})
	return ctx.Err()
}

// check checks a batch.
func (m *Monitor) check(batch []events.Recorded) error {
	start := time.Now()
	for i := range batch {
		if err := m.verifier.Check(&batch[i]); err != nil {
			return err
		}
		m.position.Store(uint64(batch[i].Position))
		m.events.Add(1)
	}
	if len(batch) >= monitorBatch {
		time.Sleep(time.Since(start))
	}
	return nil
}

// monitorBatch is the batch size from which on the monitor is considered to be catching up.
const monitorBatch = 256
