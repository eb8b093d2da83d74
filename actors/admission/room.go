package admission

import (
	"context"
	"errors"
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
	// At is when the room was like that.
	At time.Time
	// PerSecond is how many the room admits in a second, by what was measured.
	PerSecond float64
}

// room is one waiting room on this node.
type room struct {
	rooms       *Rooms
	id          events.RoomID
	stream      events.StreamID
	opened      chan struct{} // closed when err and line are set
	err         error         // why it could not be opened
	line        atomic.Pointer[Published]
	seen        *lastSeen
	asking      atomic.Int64  // commands of visitors in flight
	wake        chan struct{} // holds one token when something has changed
	resting     atomic.Bool   // no round is planned
	lastContact atomic.Bool   // a visitor, since another server was seen to run the room
	// newer is closed when a newer line is published, and another takes its place.
	newer atomic.Pointer[chan struct{}]

	// These belong to the round.
	pace   pace
	failed bool // the last one came to nothing
	runner runner
	// These belong to the look for the silent.
	since   time.Time // silence counts from here
	sweptAt time.Time // when the last look ended
	failing bool      // it came to nothing
	term    int64     // of the room when it ended
}

func newRoom(r *Rooms, id events.RoomID) *room {
	now, newer := r.config.Now(), make(chan struct{})
	rm := &room{rooms: r, id: id, stream: waitingroom.Stream(id), opened: make(chan struct{}),
		seen: newLastSeen(now), wake: make(chan struct{}, 1), since: now}
	rm.newer.Store(&newer)
	return rm
}

// wait returns the room once it is open, or why it could not be opened.
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

// open publishes the line for the first time, and begins the rounds.
func (rm *room) open() {
	stop := rm.rooms.stop
	err := rm.publish(stop)
	switch {
	case stop.Err() != nil:
		rm.refuse(actors.ErrStopping)
	case err != nil:
		rm.refuse(err)
	case rm.line.Load().ID == "":
		rm.refuse(errNoRoom)
	default:
		close(rm.opened)
		if !rm.rooms.paused {
			_ = rm.rooms.spawn(rm.run) && rm.rooms.spawn(rm.watch) // no more once the rooms are closed
		}
	}
}

// refuse tells whoever waits for the room why there is none. The next to ask tries
// again.
func (rm *room) refuse(err error) {
	rm.rooms.rooms.Delete(rm.id)
	rm.err = err
	close(rm.opened)
}

// publish lets everybody see the room as it is.
func (rm *room) publish(ctx context.Context) error {
	next := &Published{}
	answer, err := rm.rooms.config.Desk.View(ctx, rm.stream, func(c core.Core) {
		next.Line, next.At = c.(*waitingroom.Room).Line(), rm.rooms.config.Now()
	})
	if err != nil {
		return err // next may still be written, if ctx ended first
	}
	next.Revision, next.Position = answer.Revision, answer.Position
	rm.pace.add(next.At, next.Line)
	next.PerSecond = rm.pace.perSecond(next.At, next.Line)
	rm.watchRunner(next)
	rm.line.Store(next)
	newer := make(chan struct{})
	close(*rm.newer.Swap(&newer))
	return nil
}

// showLimit is how long an answer waits for the line that shows it.
const showLimit = 250 * time.Millisecond

// shows waits until the published line has come to a revision, so that whoever asks after
// an answer meets what it said; but not for long.
func (rm *room) shows(revision events.Revision) {
	rm.await(func(line *Published) bool { return line.Revision >= revision })
}

// catchUp waits likewise until the line has a ticket that was signed, and that another
// server may have given out a moment ago.
func (rm *room) catchUp(ticket int64) {
	if rm.rooms.config.Shared && ticket > rm.line.Load().Tickets && !rm.seen.known(ticket) {
		rm.await(func(line *Published) bool { return line.Tickets >= ticket })
	}
}

func (rm *room) await(enough func(*Published) bool) {
	if rm.rooms.paused {
		return
	}
	limit := time.NewTimer(showLimit)
	defer limit.Stop()
	for {
		newer := *rm.newer.Load() // before the look, or a line could slip in between
		if enough(rm.line.Load()) {
			return
		}
		rm.wakeUp()
		select {
		case <-newer:
		case <-limit.C:
			return
		case <-rm.rooms.stop.Done():
			return
		}
	}
}

// wakeUp has a round made soon.
func (rm *room) wakeUp() {
	select {
	case rm.wake <- struct{}{}:
	default:
	}
}

// joined has a round made if none is planned.
func (rm *room) joined() {
	if rm.resting.Load() {
		rm.wakeUp()
	}
}

// run makes rounds until the rooms are closed. However many want one, there is a pause
// in between.
func (rm *room) run() {
	stop, least := rm.rooms.stop, rm.rooms.config.Every/4
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

// watch looks for the silent until the rooms are closed. It is apart from the rounds:
// among a million it takes its time.
func (rm *room) watch() {
	stop := rm.rooms.stop
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

// backOff is how long a round rests that came to nothing.
const backOff = time.Second

// step makes one round and says when the next is due; again is false if nothing will
// happen until somebody joins.
func (rm *room) step(ctx context.Context) (pause time.Duration, again bool) {
	if rm.rooms.usable() != nil { // nobody could read what is signed here, or be heard
		return backOff, true
	}
	// A room rests if it was quiet before and is quiet now. Whoever joins too late to
	// be in the new line finds that it rests.
	quiet := rm.quiet()
	rm.resting.Store(quiet)
	err := rm.turn(ctx)
	if ctx.Err() != nil {
		return 0, false
	}
	rm.report(&rm.failed, err)
	if err != nil {
		return backOff, true
	}
	if quiet && rm.quiet() {
		return 0, false
	}
	rm.resting.Store(false)
	return rm.pause(), true
}

// quiet says that nothing will happen by itself: nobody waits or has a pass.
func (rm *room) quiet() bool {
	line := rm.line.Load()
	return line.Waiting == 0 && line.Active == 0
}

// pause is how long to wait for the next round: not for longer than until the rate
// lets the next one in, but not so short that admissions get smaller and smaller.
func (rm *room) pause() time.Duration {
	line, now, every := rm.line.Load(), rm.rooms.config.Now(), rm.rooms.config.Every
	next := line.NextAdmission(now)
	if line.Waiting == 0 || next.IsZero() {
		return every
	}
	return min(max(next.Sub(now), every/4), every)
}

// report logs when something begins or ends to fail.
func (rm *room) report(failed *bool, err error) {
	if *failed == (err != nil) {
		return
	}
	*failed = err != nil
	log := rm.rooms.config.Logger.With("room", rm.id)
	if err != nil {
		log.Warn("a waiting room stands still", "error", err)
		return
	}
	log.Info("the waiting room goes on")
}

// turn does what is due in a round. What comes to nothing does not keep the rest from
// being done.
func (rm *room) turn(ctx context.Context) error {
	errs := []error{rm.takeOver(ctx)}
	if rm.runs(rm.line.Load()) || rm.overdue() {
		errs = append(errs, rm.shuffle(ctx), rm.admit(ctx))
	}
	return errors.Join(append(errs, rm.publish(ctx))...)
}

// admit lets in those whose turn it is: of a line that was drawn by lot, as many as one fact can
// name at a time.
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

// ask hands in a command of the room's own.
func (rm *room) ask(ctx context.Context, command core.Command) error {
	_, err := rm.decide(ctx, command)
	return err
}

func (rm *room) decide(ctx context.Context, command core.Command) (actors.Answer, error) {
	id := actors.NewCommandID()
	return rm.rooms.config.Desk.Ask(ctx, actors.Request{Stream: rm.stream, Command: command, ID: id,
		CorrelationID: string(id), CausationID: "round", Actor: "system"})
}

// shuffle publishes the seed of an opening whose moment has passed.
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
