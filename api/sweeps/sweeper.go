package sweeps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/calloff"
	"admitone/actors/core"
	"admitone/actors/cursor"
	"admitone/actors/process"
	"admitone/actors/reservations"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

const (
	// pollEvery is the interval at which the list of cancellations is read even without a change.
	pollEvery = 5 * time.Second
	// maxSweeps bounds the concurrent sweeps, maxEnds the bookings or reservations that one
	// sweep ends concurrently.
	maxSweeps, maxEnds = 16, 16
	// page is the page size of lists.
	page = 500
	// attemptTime is the expected maximum duration of one attempt, takeoverWait the additional wait of
	// another server before it takes the sweep over.
	attemptTime, takeoverWait = 10 * time.Second, 10 * time.Second
	// retryPause is the pause after a sweep has failed.
	retryPause = time.Second
)

// Config of a sweeper.
type Config struct {
	Desk     actors.Dispatcher
	Store    events.Store
	Views    *projections.Projections
	Bookings *bookings.Bookings
	// Reservations refunds the reservations that are ended.
	Reservations *reservations.Reservations
	// Node names this server. Alone: no other server appends to the log.
	Node   string
	Alone  bool
	Logger *slog.Logger
	// Faster divides the waits for other servers and after failures, for tests; 0 is 1.
	Faster int
}

// Sweeper cancels resources and sweeps them: it ends all earlier holds and sales. Run does the sweeping.
// The other methods are safe for concurrent use, even before Run.
type Sweeper struct {
	config  Config
	running map[events.CallOffID]context.CancelFunc // owned by Run
	// slots limits the concurrent sweeps. A sweep that waits to retry holds no slot, so that it does
	// not delay the others.
	slots chan struct{}
	group sync.WaitGroup
}

// New returns a sweeper. Call Run to start it.
func New(config Config) *Sweeper {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	config.Faster = max(config.Faster, 1)
	return &Sweeper{config: config, running: map[events.CallOffID]context.CancelFunc{},
		slots: make(chan struct{}, maxSweeps)}
}

// Run sweeps until ctx ends, and returns ctx's error once all sweeps in progress have stopped.
func (s *Sweeper) Run(ctx context.Context) error {
	defer s.group.Wait()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := s.refresh(ctx); err != nil && ctx.Err() == nil {
			s.config.Logger.Warn("the cancellations can't be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.config.Views.CallOffsChanged():
		case <-tick.C:
		}
	}
}

// refresh starts sweeps for open cancellations without one, and stops sweeps of closed ones.
func (s *Sweeper) refresh(ctx context.Context) error {
	open, err := s.config.Views.OpenCallOffs()
	if err != nil {
		return err
	}
	listed := map[events.CallOffID]bool{}
	for i := range open {
		c := &open[i]
		if listed[c.ID] = true; s.running[c.ID] != nil {
			continue
		}
		sweeping, stop := context.WithCancel(ctx)
		s.running[c.ID] = stop
		s.group.Go(func() { s.sweep(sweeping, c) })
	}
	for id, stop := range s.running {
		if !listed[id] {
			stop()
			delete(s.running, id)
		}
	}
	return nil
}

// sweep runs the cursor of one cancellation until ctx ends.
func (s *Sweeper) sweep(ctx context.Context, c *row.CallOff) {
	for ctx.Err() == nil {
		err := cursor.New(s.runner(c)).Run(ctx)
		if ctx.Err() == nil {
			s.config.Logger.Error("a sweep has stopped; it is restarted", "calloff", c.ID, "error", err)
			sleep(ctx, retryPause)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// runner returns the configuration of the cursor of one cancellation.
func (s *Sweeper) runner(c *row.CallOff) cursor.Config {
	faster := time.Duration(s.config.Faster)
	config := cursor.Config{
		Desk: s.config.Desk, Store: s.config.Store, Work: &work{s, c}, Stream: events.CallOffStream(c.ID),
		Cursor:     func(state core.Core) core.Cursor { return state.(*calloff.CallOff).State().Cursor },
		StartAfter: func(core.Core) events.Position { return c.FirstPosition - 1 }, // the first event is its own announcement
		Await: func(ctx context.Context, after events.Position) error {
			return s.config.Views.WaitFor(ctx, after+1)
		},
		Node: s.config.Node, Alone: s.config.Alone, MaxConcurrent: 1,
		Attempt: attemptTime / faster, Patience: takeoverWait / faster, WriteEvery: time.Second / faster,
		Logger: s.config.Logger,
	}
	for _, wait := range cursor.Schedule {
		config.Schedule = append(config.Schedule, min(wait, time.Minute)/faster)
	}
	return config
}

// work sweeps one cancellation. It implements [cursor.Work].
type work struct {
	*Sweeper
	callOff *row.CallOff
}

// Wants implements [cursor.Work]: only the announcement of the cancellation itself.
func (w *work) Wants(e *events.Recorded) bool { return e.Position == w.callOff.FirstPosition }

// Do implements [cursor.Work].
func (w *work) Do(ctx context.Context, _ *events.Recorded) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	}
	of, err := kindOf(w.callOff.Of)
	if err != nil {
		return err
	}
	from := w.origin()
	at, err := w.fence(ctx, from.request(), w.callOff.Of, w.callOff.Entity, w.callOff.Reason)
	if err == nil {
		err = w.config.Views.WaitFor(ctx, at)
	}
	if err != nil {
		return err
	}
	ended, err := of.sweep(ctx, w.Sweeper, w.callOff.Entity)
	if err != nil {
		return err
	}
	var by core.Cursor
	stream := events.CallOffStream(w.callOff.ID)
	_, err = w.config.Desk.View(ctx, stream, func(c core.Core) { by = c.(*calloff.CallOff).State().Cursor })
	if err != nil {
		return err
	}
	if by.Node != w.config.Node {
		return fmt.Errorf("the server %s has taken the sweep over", by.Node)
	}
	finish := from.request()
	finish.Stream, finish.Command = stream, &calloff.Finish{Term: by.Term, Ended: ended}
	finish.ID = process.ID("finish", string(w.callOff.ID))
	_, err = w.config.Desk.Ask(ctx, finish)
	return err
}

// origin identifies the sweep in the commands that it sends.
type origin struct{ bookings.Origin }

func (*Sweeper) origin() origin {
	id := actors.NewCommandID()
	return origin{bookings.Origin{ID: id, CorrelationID: string(id), CausationID: "called off", Actor: "system"}}
}

func (o origin) request() actors.Request {
	return actors.Request{ID: o.ID, CorrelationID: o.CorrelationID, CausationID: o.CausationID, Actor: o.Actor}
}

// errIncomplete means that the sweep has to be repeated.
var errIncomplete = errors.New("some bookings are not ended yet")

// fence appends the fence, the cancellation fact, to the stream of the resource, and returns a log
// position at or after it. Idempotent. Refusal: not_found.
func (s *Sweeper) fence(ctx context.Context, request actors.Request, category, id, reason string) (events.Position,
	error) {
	of, err := kindOf(category)
	if err != nil {
		return 0, err
	}
	request.Stream, request.Command = of.stream(id), of.cancel(reason)
	request.CausationID = string(request.ID)
	request.ID = process.ID("call-off", string(events.NewCallOffID(category, id)))
	answer, err := s.config.Desk.Ask(ctx, request)
	return answer.Position, err
}

// CallOff announces a cancellation and appends its fence: nothing of the resource is sold after the
// position of the answer. Run ends earlier sales. Idempotent. Refusal: not_found.
func (s *Sweeper) CallOff(ctx context.Context, request actors.Request, category, id, reason string) (actors.Answer,
	error) {
	of, err := kindOf(category)
	if err != nil {
		return actors.Answer{}, err
	}
	var exists bool
	if _, err := s.config.Desk.View(ctx, of.stream(id), func(c core.Core) { exists = of.exists(c) }); err != nil {
		return actors.Answer{}, err
	}
	if !exists {
		return actors.Answer{}, &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such " + category,
			Fields: core.Fields{"resource": category}}
	}
	begin := request
	begin.Stream = events.CallOffStream(events.NewCallOffID(category, id))
	begin.Command = &calloff.Begin{Of: category, ID: id, Reason: reason}
	answer, err := s.config.Desk.Ask(ctx, begin)
	if err != nil {
		return actors.Answer{}, err
	}
	answer.Position, err = s.fence(ctx, request, category, id, reason)
	return answer, process.UnknownIfOverloaded(err) // if this failed, Run appends the fence
}
