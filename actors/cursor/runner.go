package cursor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// Work is the external work of a runner.
type Work interface {
	// Wants reports whether an event has work. It always answers the same for the same event.
	Wants(e *events.Recorded) bool
	// Do does the work of an event. After an error, which means that it is not known to be done, it
	// is retried later; after a [FinalError] it is not. Do may be called for events of different
	// streams concurrently, must return soon after ctx ends, and must not retain or change e.
	Do(ctx context.Context, e *events.Recorded) error
}

// FinalError is a failure that a retry can't mend; the work of the cursor ends with it.
type FinalError struct{ Err error }

// Error implements error.
func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FinalError) Unwrap() error { return e.Err }

// ErrGaveUp means that the work has ended because of [Config].GiveUpAfter.
var ErrGaveUp = errors.New("an event has failed for too long")

// Schedule has the delays before the first retry of an event, the second, and so on; the last one
// repeats.
var Schedule = []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}

// Config of a runner. Zero values select the defaults in parentheses.
type Config struct {
	Desk  actors.Dispatcher
	Store events.Store
	Work  Work
	// Stream is the stream of the entity with the cursor, and Cursor returns the cursor from the
	// entity's core.
	Stream events.StreamID
	Cursor func(core.Core) core.Cursor
	// StartAfter returns from the entity's core the position after which the work begins, at the
	// earliest; nil means the start of the log. The entity may move it back with the cursor.
	StartAfter func(core.Core) events.Position
	// Await blocks until the log has events after a position. Error: ctx.Err().
	Await func(ctx context.Context, after events.Position) error
	// Node names this server. Alone means that no other server appends to the log.
	Node  string
	Alone bool
	// End returns the command that ends the work, which the entity may refuse like a
	// [core.MoveCursor]; nil if the work never ends. cause is a [*FinalError] or [ErrGaveUp].
	End func(at events.CursorMoved, cause error) core.Command

	// MaxConcurrent bounds the streams worked on at the same time (16), MaxAhead the events in
	// memory, from the first that is not done to the last one read (10,000).
	MaxConcurrent, MaxAhead int
	// DropDone drops completed events from memory, so that MaxAhead bounds only the others and an
	// event that waits for weeks holds up no other. A crash repeats the work of all events after
	// that one, so the work has to be cheap.
	DropDone bool
	// Schedule has the waits after failures ([Schedule]).
	Schedule []time.Duration
	// GiveUpAfter is the time for which one event may fail before the work ends; 0 means forever.
	GiveUpAfter time.Duration
	// WriteEvery is the minimum time between two writes (1 s). Patience is the wait for another
	// server beyond its announced time (10 s). Attempt is roughly the longest time of one Do (10
	// s).
	WriteEvery, Patience, Attempt time.Duration
	Logger                        *slog.Logger
}

func (c Config) withDefaults() Config {
	orInt := func(v *int, otherwise int) {
		if *v == 0 {
			*v = otherwise
		}
	}
	orTime := func(v *time.Duration, otherwise time.Duration) {
		if *v == 0 {
			*v = otherwise
		}
	}
	orInt(&c.MaxConcurrent, 16)
	orInt(&c.MaxAhead, 10_000)
	orTime(&c.WriteEvery, time.Second)
	orTime(&c.Patience, 10*time.Second)
	orTime(&c.Attempt, 10*time.Second)
	if c.Schedule == nil {
		c.Schedule = Schedule
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

const (
	// pageSize is the number of events read at once.
	pageSize = 256
	// retryPause is the pause after the log could not be read or written.
	retryPause = time.Second
	// warnEvery is the minimum time between two warnings about that.
	warnEvery = time.Minute
	// ioTimeout bounds one read or write of the log, finalTimeout the write when Run ends.
	ioTimeout, finalTimeout = 10 * time.Second, 2 * time.Second
	// maxUnrecorded is the number of events without work after which the cursor is written, so that a
	// restart does not read more of them again.
	maxUnrecorded = 100_000
)

// Runner does the work of one cursor. Its unexported methods belong to Run's goroutine.
type Runner struct {
	config       Config
	window       *window
	cursor       core.Cursor // as last read or written, with its position in this log
	copied       bool        // the entity still has its position in a different log
	leading      bool
	waitingSince time.Time // since when something waits and another server has made no progress
	reloadedAt   time.Time // when the cursor was last read
	writtenAt    time.Time // the last write, or the start
	busySince    time.Time // since when at least one attempt has been in progress
	pausedUntil  time.Time // the earliest time of the next step, after the log could not be used
	warnedAt     time.Time // when that was last logged
	hasMore      bool      // the log may have more than was read
	unrecorded   bool      // work was done since the last write
	endCause     error     // ends the work with the next write; nil while it goes on

	workers        sync.WaitGroup
	runCtx         context.Context
	attemptsCtx    context.Context // of the attempts in progress
	cancelAttempts context.CancelFunc
	outcomes       chan outcome
	more           chan struct{} // has a token when the log has grown
}

// outcome is the result of an attempt.
type outcome struct {
	item *item
	err  error
	// unread means that the event could not be read, so nothing was attempted.
	unread bool
}

// New returns a runner; call Run to start it.
func New(config Config) *Runner {
	config = config.withDefaults()
	return &Runner{config: config, outcomes: make(chan outcome, config.MaxConcurrent), more: make(chan struct{}, 1)}
}

// errEnded makes Run return nil: the entity has ended the work, or was deleted.
var errEnded = errors.New("the work has ended")

// Run does the work until ctx ends, and returns its error; nil once the work has ended. Any other
// error means that the log is damaged or closed.
func (r *Runner) Run(ctx context.Context) error {
	watchCtx, stopWatching := context.WithCancel(ctx)
	watcher := sync.WaitGroup{}
	watcher.Go(func() { r.watch(watchCtx) })
	defer watcher.Wait()
	defer stopWatching()
	r.runCtx = ctx
	r.attemptsCtx, r.cancelAttempts = context.WithCancel(ctx)
	defer r.close()
	for {
		wait := time.Until(r.pausedUntil)
		if wait <= 0 {
			var err error
			if wait, err = r.advance(ctx); errors.Is(err, errEnded) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if err := r.await(ctx, wait); err != nil {
			return err
		}
	}
}

// advance makes a step, after the cursor was read. It returns the time until the next step, and the error with
// which Run ends.
func (r *Runner) advance(ctx context.Context) (wait time.Duration, err error) {
	if r.window == nil {
		err = r.reload(ctx)
	} else {
		wait, err = r.step(ctx)
	}
	if err != nil {
		err = r.fatal(ctx, err)
		return time.Until(r.pausedUntil), err
	}
	return wait, nil
}

// fatal returns the error with which Run ends, nil if err is temporary; then the runner pauses.
func (r *Runner) fatal(ctx context.Context, err error) error {
	refusal := (*core.Refusal)(nil)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision:
		r.leading = false
		return r.fatal(ctx, r.reload(ctx))
	case errors.As(err, &refusal): // the entity no longer exists
		return errEnded
	case errors.Is(err, errEnded), errors.Is(err, events.ErrDamaged), errors.Is(err, events.ErrClosed),
		errors.Is(err, actors.ErrStopping), errors.Is(err, actors.ErrBroken):
		return err
	}
	r.pause(err)
	return nil
}

// pause postpones the next step after the log could not be used.
func (r *Runner) pause(err error) {
	now := time.Now()
	r.pausedUntil = now.Add(retryPause)
	if now.Sub(r.warnedAt) >= warnEvery {
		r.warnedAt = now
		r.config.Logger.Warn("the log can't be used; the work of the cursor is retried",
			"stream", r.config.Stream, "error", err)
	}
}

// await waits for the outcome of an attempt, for growth of the log, or until wait has passed.
func (r *Runner) await(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(max(wait, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case o := <-r.outcomes:
		r.record(o)
		for len(r.outcomes) > 0 {
			r.record(<-r.outcomes)
		}
	case <-r.more:
		r.hasMore = true
	case <-timer.C:
	}
	return nil
}

// watch puts a token into more when the log grows.
func (r *Runner) watch(ctx context.Context) {
	for after := events.Position(0); ctx.Err() == nil; {
		awaitErr := r.config.Await(ctx, after)
		if awaitErr != nil && ctx.Err() == nil {
			after = 0
		}
		head, err := r.config.Store.Head(ctx)
		if err == nil && head > after && awaitErr == nil {
			after = head
		}
		select {
		case r.more <- struct{}{}:
		default:
		}
		pause := readPause
		if awaitErr != nil || err != nil {
			pause = retryPause
		}
		sleep(ctx, pause)
	}
}

// readPause bounds how often a log that keeps growing is read.
const readPause = 5 * time.Millisecond

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// reload reads the cursor and, if it has changed, continues after it.
func (r *Runner) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ioTimeout)
	defer cancel()
	recorded, startAfter := core.Cursor{}, events.Position(0)
	_, err := r.config.Desk.View(ctx, r.config.Stream, func(c core.Core) {
		recorded = r.config.Cursor(c)
		if r.config.StartAfter != nil {
			startAfter = r.config.StartAfter(c)
		}
	})
	if err != nil {
		return err
	}
	recorded, copied, err := r.locate(ctx, recorded, startAfter)
	if err != nil {
		return err
	}
	r.copied = copied
	now := time.Now()
	r.reloadedAt = now
	if r.window == nil || recorded != r.cursor {
		r.waitingSince = now
		r.reset(recorded)
	}
	return nil
}

// reset resets the runner to a cursor, with nothing in progress.
func (r *Runner) reset(at core.Cursor) {
	r.stopAttempts()
	r.attemptsCtx, r.cancelAttempts = context.WithCancel(r.runCtx)
	r.cursor = at
	r.window = newWindow(r.config.Schedule, at.CursorMoved)
	r.window.dropDone = r.config.DropDone
	r.hasMore, r.unrecorded, r.endCause = true, false, nil
}

// stopAttempts cancels the attempts in progress, and waits for them.
func (r *Runner) stopAttempts() {
	r.cancelAttempts()
	ended := make(chan struct{})
	go func() { r.workers.Wait(); close(ended) }()
	for {
		select {
		case o := <-r.outcomes:
			r.record(o)
		case <-ended:
			for len(r.outcomes) > 0 {
				r.record(<-r.outcomes)
			}
			return
		}
	}
}

// close stops the attempts in progress and writes the cursor.
func (r *Runner) close() {
	r.stopAttempts()
	if !r.leading || !r.unrecorded || r.endCause != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), finalTimeout)
	defer cancel()
	if err := r.write(ctx, r.summary(time.Now())); err != nil {
		r.config.Logger.Warn("the progress of the work was not recorded; some of it will be repeated",
			"stream", r.config.Stream, "error", err)
	}
}

// ask sends a command about the cursor to the entity.
func (r *Runner) ask(ctx context.Context, command core.Command) error {
	ctx, cancel := context.WithTimeout(ctx, ioTimeout)
	defer cancel()
	id := actors.NewCommandID()
	_, err := r.config.Desk.Ask(ctx, actors.Request{Stream: r.config.Stream, Command: command, ID: id,
		CorrelationID: string(id), CausationID: "cursor", Actor: "system"})
	if err != nil && ctx.Err() != nil && !errors.Is(err, actors.ErrUnavailable) {
		return fmt.Errorf("%w: %v", actors.ErrUnavailable, err)
	}
	return err
}
