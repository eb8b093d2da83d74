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
	// is retried later; after an [End] it is not. Do may be called for events of different streams
	// concurrently, must return soon after ctx ends, and must not retain or change e.
	Do(ctx context.Context, e *events.Recorded) error
}

// End is a failure after which the work ends.
type End struct{ Err error }

// Error implements error.
func (e *End) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *End) Unwrap() error { return e.Err }

// ErrFailing is the cause of an end after GiveUpAfter.
var ErrFailing = errors.New("an event has failed for too long")

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
	// Begins returns from the entity's core the position after which the work begins, at the
	// earliest; nil is the start of the log. The entity may move it back with the cursor.
	Begins func(core.Core) events.Position
	// Await blocks until the log has events after a position. Error: ctx.Err().
	Await func(ctx context.Context, after events.Position) error
	// Node names this server. Alone means that no other server appends to the log.
	Node  string
	Alone bool
	// End returns the command that ends the work, which the entity may refuse like a
	// [core.MoveCursor]; nil if the work never ends. cause is an [*End] or [ErrFailing].
	End func(at events.CursorMoved, cause error) core.Command

	// AtOnce bounds the streams worked on at the same time (16), Ahead the events in the log from
	// the first that is not done (10,000).
	AtOnce, Ahead int
	// Forgets means that Ahead bounds only the events that are not done: one that waits for weeks
	// holds up no other. The work of later ones is repeated after a crash, so it has to be cheap.
	Forgets bool
	// Schedule has the waits after failures ([Schedule]).
	Schedule []time.Duration
	// GiveUpAfter is the time for which one event may fail before the work ends; 0 forever.
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
	orInt(&c.AtOnce, 16)
	orInt(&c.Ahead, 10_000)
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
	// limit bounds one read or write, lastLimit the write at the end.
	limit, lastLimit = 10 * time.Second, 2 * time.Second
	// quiet is the number of events without work after which the cursor is written: a restart reads
	// at most that many again.
	quiet = 100_000
)

// Runner does the work of one cursor. Its unexported methods belong to Run's goroutine.
type Runner struct {
	config  Config
	window  *window
	cursor  core.Cursor // as last read or written, with its place in this log
	copied  bool        // the entity still has its place in a different log
	leading bool
	seen    time.Time // since when something waits and another server has made no progress
	asked   time.Time // when the cursor was last read
	written time.Time // the last write, or the start
	busy    time.Time // since when there has always been an attempt in progress
	grown   bool      // the log may have more than was read
	// worked: work was done since the last write.
	worked bool
	// halted is the cause of the end, which is still to be written.
	halted error

	workers  sync.WaitGroup
	run      context.Context
	under    context.Context // context of the attempts in progress
	stop     context.CancelFunc
	outcomes chan outcome
	more     chan struct{} // has a token when the log has grown
}

// outcome is how the work of an item ended.
type outcome struct {
	item *item
	err  error
	// unread: the event could not be read, so nothing was tried.
	unread bool
}

// New returns a runner; call Run to start it.
func New(config Config) *Runner {
	config = config.withDefaults()
	return &Runner{config: config, outcomes: make(chan outcome, config.AtOnce), more: make(chan struct{}, 1)}
}

// errOver ends Run without an error: the entity has ended the work, or was deleted.
var errOver = errors.New("the work is over")

// Run does the work until ctx ends, and returns its error; nil once the work has ended. Any other
// error means that the log is damaged or closed.
func (r *Runner) Run(ctx context.Context) error {
	watching, done := context.WithCancel(ctx)
	watcher := sync.WaitGroup{}
	watcher.Go(func() { r.watch(watching) })
	defer watcher.Wait()
	defer done()
	r.run = ctx
	r.under, r.stop = context.WithCancel(ctx)
	defer r.leave()
	for ready := false; ; {
		wait, err := retryPause, error(nil)
		if !ready {
			err = r.reload(ctx)
			ready = err == nil
		}
		if ready {
			wait, err = r.turn(ctx)
		}
		if err = r.tolerated(ctx, err); err != nil {
			if errors.Is(err, errOver) {
				return nil
			}
			return err
		}
		if err := r.await(ctx, wait); err != nil {
			return err
		}
	}
}

// tolerated returns nil for a failure that may pass.
func (r *Runner) tolerated(ctx context.Context, err error) error {
	refusal := (*core.Refusal)(nil)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision:
		r.leading = false
		return r.tolerated(ctx, r.reload(ctx))
	case errors.As(err, &refusal): // the entity no longer exists
		return errOver
	case errors.Is(err, errOver), errors.Is(err, events.ErrDamaged), errors.Is(err, events.ErrClosed),
		errors.Is(err, actors.ErrStopping), errors.Is(err, actors.ErrBroken):
		return err
	}
	r.config.Logger.Warn("the work of a cursor waits for the log", "stream", r.config.Stream, "error", err)
	return nil
}

// await waits for the end of an attempt, for growth of the log, or for wait.
func (r *Runner) await(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(max(wait, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case o := <-r.outcomes:
		r.ended(o)
		for len(r.outcomes) > 0 {
			r.ended(<-r.outcomes)
		}
	case <-r.more:
		r.grown = true
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

// reload reads the cursor and begins after it.
func (r *Runner) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	at, begins := core.Cursor{}, events.Position(0)
	_, err := r.config.Desk.View(ctx, r.config.Stream, func(c core.Core) {
		at = r.config.Cursor(c)
		if r.config.Begins != nil {
			begins = r.config.Begins(c)
		}
	})
	if err != nil {
		return err
	}
	at, copied, err := r.located(ctx, at, begins)
	if err != nil {
		return err
	}
	r.copied = copied
	now := time.Now()
	r.asked = now
	if r.window == nil || at != r.cursor {
		r.seen = now
		r.begin(at)
	}
	return nil
}

// begin resets the runner to a cursor, with nothing in progress.
func (r *Runner) begin(at core.Cursor) {
	r.settle()
	r.under, r.stop = context.WithCancel(r.run)
	r.cursor = at
	r.window = newWindow(r.config.Schedule, at.CursorMoved)
	r.window.forgets = r.config.Forgets
	r.grown, r.worked, r.halted = true, false, nil
}

// settle ends the attempts in progress.
func (r *Runner) settle() {
	r.stop()
	ended := make(chan struct{})
	go func() { r.workers.Wait(); close(ended) }()
	for {
		select {
		case o := <-r.outcomes:
			r.ended(o)
		case <-ended:
			for len(r.outcomes) > 0 {
				r.ended(<-r.outcomes)
			}
			return
		}
	}
}

// leave ends the work in progress and writes the cursor.
func (r *Runner) leave() {
	r.settle()
	if !r.leading || !r.worked || r.halted != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastLimit)
	defer cancel()
	if err := r.write(ctx, r.summary(time.Now())); err != nil {
		r.config.Logger.Warn("the progress of the work was not recorded; some of it will be repeated",
			"stream", r.config.Stream, "error", err)
	}
}

// ask sends a command about the cursor to the entity.
func (r *Runner) ask(ctx context.Context, command core.Command) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	id := actors.NewCommandID()
	_, err := r.config.Desk.Ask(ctx, actors.Request{Stream: r.config.Stream, Command: command, ID: id,
		CorrelationID: string(id), CausationID: "cursor", Actor: "system"})
	if err != nil && ctx.Err() != nil && !errors.Is(err, actors.ErrUnavailable) {
		return fmt.Errorf("%w: %v", actors.ErrUnavailable, err)
	}
	return err
}
