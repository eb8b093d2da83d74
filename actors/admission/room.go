package admission

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/events"
)

// Published is a room's line with its place in the log.
type Published struct {
	*waitingroom.Line
	Revision events.Revision
	Position events.Position
	// At is the time of this state.
	At time.Time
	// PerSecond is the measured number of admissions per second.
	PerSecond float64
}

// room is one waiting room on this node.
type room struct {
	rooms      *Rooms
	id         events.RoomID
	stream     events.StreamID
	opened     chan struct{} // closed once err or line is set
	err        error         // why the room could not be opened
	line       atomic.Pointer[Published]
	seen       *lastSeen
	asking     atomic.Int64  // visitors' commands in flight
	wake       chan struct{} // has a token when a round is requested
	resting    atomic.Bool   // no round is scheduled
	hasContact atomic.Bool   // a visitor has polled here since another server took the room over
	// published is closed and replaced when a newer line is published.
	published atomic.Pointer[chan struct{}]

	// Only the rounds use these.
	pace        pace
	roundFailed bool // the last round failed
	runner      runnerView
	// Only the sweeps use these.
	timeoutsFrom time.Time // timeouts count from here
	sweptAt      time.Time // end of the last sweep
	sweepFailed  bool      // the last sweep failed
	term         int64     // of the room at the last sweep
	lastMembers  uint64    // the servers that visitors could poll at the last sweep
	forwarder    forwarder
}

func newRoom(r *Rooms, id events.RoomID) *room {
	now, published := r.config.Now(), make(chan struct{})
	rm := &room{rooms: r, id: id, stream: waitingroom.Stream(id), opened: make(chan struct{}),
		seen: newLastSeen(now), wake: make(chan struct{}, 1), timeoutsFrom: now}
	rm.published.Store(&published)
	return rm
}

// wait returns the room once it is open, or the error if it could not be opened.
func (rm *room) wait(ctx context.Context) (*room, error) {
	select {
	case <-rm.opened:
	default:
		select {
		case <-rm.opened:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if rm.err != nil {
		return nil, rm.err
	}
	return rm, nil
}

// open publishes the first line, and starts the rounds and sweeps.
func (rm *room) open() {
	stop := rm.rooms.ctx
	err := rm.publish(stop)
	switch {
	case stop.Err() != nil:
		rm.fail(actors.ErrStopping)
	case err != nil:
		rm.fail(err)
	case rm.line.Load().ID == "":
		rm.fail(errNoRoom)
	default:
		close(rm.opened)
		if !rm.rooms.manualRounds {
			_ = rm.rooms.spawn(rm.run) && rm.rooms.spawn(rm.watch) // neither starts after Close
		}
	}
}

// fail fails all waiters with err and forgets the room, so that the next call retries.
func (rm *room) fail(err error) {
	rm.rooms.rooms.CompareAndDelete(rm.id, rm)
	rm.err = err
	close(rm.opened)
}

// publish publishes the current state of the room.
func (rm *room) publish(ctx context.Context) error {
	next := &Published{}
	answer, err := rm.rooms.config.Desk.View(ctx, rm.stream, func(c core.Core) {
		next.Line, next.At = c.(*waitingroom.Room).Line(), rm.rooms.config.Now()
	})
	if err != nil {
		return err // View may still write next if ctx ended first
	}
	next.Revision, next.Position = answer.Revision, answer.Position
	rm.pace.add(next.At, next.Line)
	next.PerSecond = rm.pace.perSecond(next.At, next.Line)
	rm.watchRunner(next)
	rm.line.Store(next)
	published := make(chan struct{})
	close(*rm.published.Swap(&published))
	return nil
}

// waitLimit bounds the wait for a line.
const waitLimit = 250 * time.Millisecond

// waitForRevision waits up to waitLimit until the published line includes revision, so that a caller who
// polls after an answer sees its effect.
func (rm *room) waitForRevision(revision events.Revision) {
	rm.waitFor(func(line *Published) bool { return line.Revision >= revision })
}

// waitForTicket waits up to waitLimit until the line has a ticket, which another server may have
// given out very recently.
func (rm *room) waitForTicket(ticket int64) {
	if rm.rooms.config.Shared && ticket > rm.line.Load().Tickets && !rm.seen.known(ticket) {
		rm.waitFor(func(line *Published) bool { return line.Tickets >= ticket })
	}
}

func (rm *room) waitFor(enough func(*Published) bool) {
	if rm.rooms.manualRounds {
		return
	}
	limit := time.NewTimer(waitLimit)
	defer limit.Stop()
	for {
		published := *rm.published.Load() // before the check, or a line published in between would be missed
		if enough(rm.line.Load()) {
			return
		}
		rm.wakeUp()
		select {
		case <-published:
		case <-limit.C:
			return
		case <-rm.rooms.ctx.Done():
			return
		}
	}
}

// wakeUp requests a round.
func (rm *room) wakeUp() {
	select {
	case rm.wake <- struct{}{}:
	default:
	}
}

// wakeIfResting requests a round if none is scheduled.
func (rm *room) wakeIfResting() {
	if rm.resting.Load() {
		rm.wakeUp()
	}
}

// run makes rounds until the rooms are closed. It pauses between rounds, however many are requested.
func (rm *room) run() {
	stop, least := rm.rooms.ctx, rm.rooms.config.Every/4
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ended := (time.Time{}); ; ended = time.Now() {
		select {
		case <-stop.Done():
			return
		case <-rm.wake:
			if soon := time.Until(ended.Add(least)); soon > 0 {
				timer.Reset(soon)
				select {
				case <-stop.Done():
					return
				case <-timer.C:
				}
			}
		case <-timer.C:
		}
		began := time.Now()
		if pause, again := rm.step(stop); again {
			timer.Reset(pause - time.Since(began))
		}
	}
}

// watch sweeps for timeouts until the rooms are closed. It is separate from the rounds, since
// sweeping a million visitors takes time.
func (rm *room) watch() {
	stop := rm.rooms.ctx
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop.Done():
			return
		case <-timer.C:
		}
		timer.Reset(rm.sweepSilent(stop))
	}
}

// retryDelay is the pause after a failed round.
const retryDelay = time.Second

// step makes one round and returns the pause until the next one. again is false if the room is idle
// until somebody joins.
func (rm *room) step(ctx context.Context) (pause time.Duration, again bool) {
	if rm.rooms.checkKeys() != nil { // no other server could verify this server's signatures
		return retryDelay, true
	}
	// A room rests if it is quiet before and after the round. A join that comes too late for the
	// new line finds the room resting, and wakes it.
	quiet := rm.quiet()
	rm.resting.Store(quiet)
	err := rm.runRound(ctx)
	if ctx.Err() != nil {
		return 0, false
	}
	rm.report(&rm.roundFailed, err)
	if err != nil {
		return retryDelay, true
	}
	if quiet && rm.quiet() {
		return 0, false
	}
	rm.resting.Store(false)
	return rm.pause(), true
}

// quiet reports whether nobody waits or has a pass, so that nothing happens until somebody joins.
func (rm *room) quiet() bool {
	line := rm.line.Load()
	return line.Waiting == 0 && line.Active == 0
}

// pause returns the time until the rate admits the next visitor, within bounds: at most Every, and
// not so short that admissions become smaller and smaller.
func (rm *room) pause() time.Duration {
	line, now, every := rm.line.Load(), rm.rooms.config.Now(), rm.rooms.config.Every
	next := line.NextAdmission(now)
	if line.Waiting == 0 || next.IsZero() {
		return every
	}
	return min(max(next.Sub(now), every/4), every)
}

// report logs when something starts or stops failing.
func (rm *room) report(failed *bool, err error) {
	if *failed == (err != nil) {
		return
	}
	*failed = err != nil
	log := rm.rooms.config.Logger.With("room", rm.id)
	if err != nil {
		log.Warn("waiting room is failing", "error", err)
		return
	}
	log.Info("waiting room recovered")
}

// runRound runs the steps of a round. A failed step does not prevent the others. Error: that of the first, because the
// others usually have the same cause.
func (rm *room) runRound(ctx context.Context) error {
	errs := []error{rm.takeOver(ctx)}
	if rm.runs(rm.line.Load()) || rm.overdue() {
		errs = append(errs, rm.shuffle(ctx), rm.admit(ctx))
	}
	return cmp.Or(append(errs, rm.publish(ctx))...)
}

// admit admits the next visitors. In a shuffled line this may take several facts, since each lists at
// most MaxRanges tickets.
func (rm *room) admit(ctx context.Context) error {
	for range waitingroom.AdmitAtOnce / waitingroom.MaxRanges {
		answer, err := rm.decide(ctx, &waitingroom.Admit{})
		if err != nil || len(answer.Facts) == 0 {
			return err
		}
		admitted, ok := answer.Facts[len(answer.Facts)-1].(*events.WaitingRoomAdmitted)
		if !ok || len(admitted.Tickets) < waitingroom.MaxRanges {
			return nil
		}
	}
	return nil
}

// ask sends a command from the room itself, not from a visitor.
func (rm *room) ask(ctx context.Context, command core.Command) error {
	_, err := rm.decide(ctx, command)
	return err
}

func (rm *room) decide(ctx context.Context, command core.Command) (actors.Answer, error) {
	id := actors.NewCommandID()
	return rm.rooms.config.Desk.Ask(ctx, actors.Request{Stream: rm.stream, Command: command, ID: id,
		CorrelationID: string(id), CausationID: "round", Actor: "system"})
}

// shuffle publishes the seed of an opening whose time has passed.
func (rm *room) shuffle(ctx context.Context) error {
	line := rm.line.Load()
	if line.Drawn() || !line.Begun {
		return nil
	}
	seed := rm.rooms.keys.Load().SeedOf(rm.id, line.Settings.SeedHash)
	if seed == nil {
		return errNoSeed
	}
	return rm.ask(ctx, &waitingroom.Shuffle{Seed: seed})
}
