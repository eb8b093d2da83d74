package admission

import (
	"context"
	"errors"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

var errNoVisitor = &core.Refusal{Code: core.CodeNotFound, Detail: "the waiting room has no such visitor; join it",
	Fields: map[string]any{"resource": "visitor"}}

var errPassRequired = &core.Refusal{Code: core.CodePassRequired,
	Detail: "this is behind a waiting room; join it, and present the pass that it gives you"}

var errPassInvalid = &core.Refusal{Code: core.CodePassInvalid,
	Detail: "the pass is not yours, is for another waiting room, or has ended; join the waiting room"}

// errNoSeed means that the key from which a room's seed was derived is no longer in the ring. An
// organiser can still admit visitors in order of arrival; see [waitingroom.Set].
var errNoSeed = errors.New("no key of the ring has made the seed that was promised; restore the key file, " +
	"or set the room's order to fifo")

// Visit is the answer to a visitor.
type Visit struct {
	// Visitor is the id to poll with.
	Visitor string
	// Ticket is the visitor's number by arrival.
	Ticket int64
	Status events.VisitorStatus
	// Number is the visitor's rank in the line, 1 for the next. It is 0 before a shuffled
	// opening is drawn, and for a visitor who is not waiting.
	Number int64
	// ETA is the estimated time until admission, negative if it is unknown because nobody is being
	// admitted. Undefined for a visitor who is not waiting.
	ETA time.Duration
	// PollAfter is the time until the next poll; 0 for a visitor who is not waiting.
	PollAfter time.Duration
	// TooSoon means that the visitor polled too soon. PollAfter is the remaining time, and the place
	// is not affected.
	TooSoon bool
	// Pass is the pass of an admitted visitor, which expires at ExpiresAt.
	Pass      string
	ExpiresAt time.Time
}

// Join gives a holder a place in a room, or returns the holder's current place. In the latter case
// again is true, and the answer of the room's actor has no facts, unless it is a replay. A request
// that is repeated under its key gets its first ticket, even if that has ended since, with the
// current status as for a poll: a holder who has been admitted since gets the pass. Errors: those of
// [actors.Desk.Ask], with the refusals of [waitingroom.Join]; ErrKeysDiffer.
func (r *Rooms) Join(
	ctx context.Context,
	id events.RoomID,
	holder events.Holder,
	request actors.Request,
) (visit Visit, answer actors.Answer, again bool, err error) {
	if err := r.checkKeys(); err != nil {
		return Visit{}, answer, false, err
	}
	rm, err := r.find(ctx, id)
	if err != nil {
		return Visit{}, answer, false, err
	}
	// A place may end between the two calls. The next attempt then joins again.
	for range 3 {
		answer, err = rm.askLimited(ctx, &waitingroom.Join{Holder: holder}, request)
		if err != nil {
			return Visit{}, answer, false, err
		}
		if len(answer.Facts) > 0 {
			joined, ok := answer.Facts[0].(*events.WaitingRoomJoined)
			if !ok {
				return Visit{}, answer, false, actors.ErrBroken
			}
			if answer.Replayed {
				rm.waitForTicket(joined.Ticket)
			}
			visit = rm.joinedVisit(joined, visitorOf(joined.Ticket, holder), answer.Replayed)
			return visit, answer, answer.Replayed, nil
		}
		visit, ok, err := rm.currentVisit(ctx, holder, request)
		if err != nil || ok {
			return visit, answer, true, err
		}
	}
	return Visit{}, answer, false, actors.ErrOverloaded
}

// joinedVisit returns the place of a visitor who has joined: the end of the line, or for a repeated
// join the current place of the ticket.
func (rm *room) joinedVisit(joined *events.WaitingRoomJoined, v pass.Visitor, before bool) Visit {
	line, now := rm.line.Load(), rm.rooms.config.Now()
	place := waitingroom.Place{Status: events.VisitorWaiting, Number: joined.Waiting}
	if line.Undrawn(v.Ticket) {
		place.Number = 0
	}
	if before && (v.Ticket <= line.Tickets || rm.seen.ended(v.Ticket)) {
		place, _ = rm.placeOf(line, v)
	}
	visit := rm.visit(line, v, place, now)
	if visit.Status == events.VisitorWaiting {
		rm.seen.recordJoin(v.Ticket, now)
		rm.recordContact()
		rm.wakeIfResting()
	}
	return visit
}

func visitorOf(ticket int64, holder events.Holder) pass.Visitor {
	return pass.Visitor{Ticket: ticket, Holder: pass.HolderOf(holder)}
}

// currentVisit looks up the place of a holder. ok is false if it has ended. If the holder has a used
// pass whose end is not in the log yet, currentVisit records the end first.
func (rm *room) currentVisit(
	ctx context.Context,
	holder events.Holder,
	request actors.Request,
) (visit Visit, ok bool, err error) {
	var found struct { // not read after an error, when View may still write it
		ticket int64
		place  waitingroom.Place
		ok     bool
	}
	_, err = rm.rooms.config.Desk.View(ctx, rm.stream, func(c core.Core) {
		found.ticket, found.place, found.ok = c.(*waitingroom.Room).Find(holder)
	})
	if err != nil || !found.ok {
		return Visit{}, false, err
	}
	if rm.seen.ended(found.ticket) {
		request.ID = actors.NewCommandID()
		return Visit{}, false, rm.finish(ctx, found.ticket, request)
	}
	now := rm.rooms.config.Now()
	visit = rm.visit(rm.line.Load(), visitorOf(found.ticket, holder), found.place, now)
	if visit.Status == events.VisitorWaiting {
		rm.seen.recordJoin(found.ticket, now)
		rm.recordContact()
	}
	return visit, true, nil
}

// finish ends the pass of a holder who has completed the purchase that the room guards, so that the
// next visitor can be admitted.
func (rm *room) finish(ctx context.Context, ticket int64, request actors.Request) error {
	answer, err := rm.askLimited(ctx, &waitingroom.Finish{Ticket: ticket}, request)
	if len(answer.Facts) > 0 {
		rm.seen.markEnded(ticket)
	}
	return err
}

// askLimited sends a visitor's command, unless MaxJoins are in flight (ErrOverloaded).
func (rm *room) askLimited(ctx context.Context, command core.Command, request actors.Request) (actors.Answer, error) {
	defer rm.asking.Add(-1)
	if rm.asking.Add(1) > rm.rooms.config.MaxJoins {
		return actors.Answer{}, actors.ErrOverloaded
	}
	request.Stream, request.Command = rm.stream, command
	return rm.rooms.config.Desk.Ask(ctx, request)
}

// visit converts a place in a line to a Visit, as of now.
func (rm *room) visit(line *Published, v pass.Visitor, place waitingroom.Place, now time.Time) Visit {
	keys := rm.rooms.keys.Load()
	visit := Visit{Visitor: keys.VisitorID(rm.id, v), Ticket: v.Ticket}
	rm.fillVisit(&visit, keys, line, v, place, now)
	return visit
}

func (rm *room) fillVisit(
	visit *Visit,
	keys *pass.Keyring,
	line *Published,
	v pass.Visitor,
	place waitingroom.Place,
	now time.Time,
) {
	visit.Status, visit.Number = place.Status, place.Number
	switch place.Status {
	case events.VisitorWaiting:
		visit.ETA = eta(now, line.Line, line.PerSecond, place.Number)
		visit.PollAfter = pollAfter(now, line.Line, visit.ETA, place.Number)
	case events.VisitorAdmitted:
		if place.ExpiresAt.Before(now) { // the line was published before
			visit.Status = events.VisitorExpired
			return
		}
		visit.ExpiresAt = place.ExpiresAt
		visit.Pass = keys.Pass(rm.id, v, place.ExpiresAt)
	}
}

// placeOf returns the place of a visitor in a line, as left if it has ended since. ok is false if the
// ticket is not the visitor's. This happens if a backup was restored: the id or pass is from a lost
// part of the log, and this log gave the ticket to another visitor, or to nobody yet.
func (rm *room) placeOf(line *Published, v pass.Visitor) (place waitingroom.Place, ok bool) {
	place = line.Look(v.Ticket)
	switch {
	case place.Status != events.VisitorWaiting && place.Status != events.VisitorAdmitted:
		return place, true
	case v.Ticket > line.Tickets:
		ok = rm.seen.known(v.Ticket) // recorded before the ticket was given out
	default:
		ok = line.HeldBy(v.Ticket, v.Holder)
	}
	if rm.seen.ended(v.Ticket) {
		place = waitingroom.Place{Status: events.VisitorLeft}
	}
	return place, ok
}

// droppedAfter is the poll interval while a place is being dropped.
const droppedAfter = time.Second

// Poll records a heartbeat and returns the visitor's place. It blocks only on first use of a room, and
// for up to waitLimit if the visitor has just joined on another server. Errors: a refusal (not_found);
// ErrKeysDiffer; on first use of a room, those of [actors.Desk.View].
func (r *Rooms) Poll(ctx context.Context, id events.RoomID, visitor string) (Visit, error) {
	keys := r.keys.Load()
	v, err := r.readVisitor(keys, id, visitor)
	if err != nil {
		return Visit{}, err
	}
	rm, err := r.find(ctx, id)
	if err != nil {
		return Visit{}, err
	}
	rm.waitForTicket(v.Ticket)
	line, now := rm.line.Load(), r.config.Now()
	place, ok := rm.placeOf(line, v)
	if !ok {
		return Visit{}, errNoVisitor
	}
	visit := Visit{Visitor: visitor, Ticket: v.Ticket}
	rm.fillVisit(&visit, keys, line, v, place, now)
	if visit.Status != events.VisitorWaiting {
		return visit, nil
	}
	switch missing, dropping := rm.seen.recordPoll(v.Ticket, now, visit.PollAfter); {
	case dropping:
		visit.TooSoon, visit.PollAfter = true, droppedAfter
	case missing > 0:
		visit.TooSoon, visit.PollAfter = true, (missing + time.Second - 1).Truncate(time.Second)
	default:
		rm.recordContact()
	}
	return visit, nil
}

// readVisitor decodes a visitor's id.
func (r *Rooms) readVisitor(keys *pass.Keyring, id events.RoomID, visitor string) (pass.Visitor, error) {
	if err := r.checkKeys(); err != nil {
		return pass.Visitor{}, err
	}
	v, err := keys.ReadVisitor(id, visitor)
	if err != nil {
		return v, r.verificationError(errNoVisitor)
	}
	return v, nil
}

// Leave gives up the place or the pass of a visitor, or returns how it has ended. Errors: a refusal
// (not_found); ErrKeysDiffer; those of [actors.Desk.Ask].
func (r *Rooms) Leave(
	ctx context.Context,
	id events.RoomID,
	visitor string,
	request actors.Request,
) (Visit, actors.Answer, error) {
	v, err := r.readVisitor(r.keys.Load(), id, visitor)
	if err != nil {
		return Visit{}, actors.Answer{}, err
	}
	rm, err := r.find(ctx, id)
	if err != nil {
		return Visit{}, actors.Answer{}, err
	}
	rm.waitForTicket(v.Ticket)
	if _, ok := rm.placeOf(rm.line.Load(), v); !ok {
		return Visit{}, actors.Answer{}, errNoVisitor
	}
	answer, err := rm.askLimited(ctx, &waitingroom.Leave{Ticket: v.Ticket}, request)
	if err != nil {
		return Visit{}, answer, err
	}
	visit := Visit{Visitor: visitor, Ticket: v.Ticket, Status: events.VisitorLeft}
	if len(answer.Facts) > 0 {
		rm.seen.markEnded(v.Ticket)
		rm.waitForRevision(answer.Revision) // otherwise the line would still count this visitor
		return visit, answer, nil
	}
	// The published line may not show yet how the place has ended.
	var found waitingroom.Place // not read after an error, when View may still write it
	_, err = r.config.Desk.View(ctx, rm.stream, func(c core.Core) { found = c.(*waitingroom.Room).Look(v.Ticket) })
	if err != nil {
		return Visit{}, answer, err
	}
	visit.Status = found.Status
	return visit, answer, nil
}

// checkTimeout bounds the time for which Check waits for a room on first use.
const checkTimeout = 2 * time.Second

// Check checks a pass for a room and a holder, and returns the ticket of the pass. If this node can
// open the room, the pass must not have been given up or used according to the line; otherwise a
// valid signature suffices. at is when the pass was presented, zero for now. Errors: the refusals
// pass_required and pass_invalid; ErrKeysDiffer.
func (r *Rooms) Check(id events.RoomID, holder events.Holder, presented string,
	at time.Time) (ticket int64, err error) {
	if err := r.checkKeys(); err != nil {
		return 0, err
	}
	if presented == "" {
		return 0, errPassRequired
	}
	if at.IsZero() {
		at = r.config.Now()
	}
	ticket, err = r.keys.Load().Check(id, holder, presented, at)
	if errors.Is(err, pass.ErrInvalid) {
		return 0, r.verificationError(errPassInvalid)
	}
	if err != nil {
		return 0, errPassInvalid
	}
	if rm := r.room(id); rm != nil { // otherwise only the signature can be checked
		rm.waitForTicket(ticket)
		place, ok := rm.placeOf(rm.line.Load(), visitorOf(ticket, holder))
		if !ok || place.Status == events.VisitorLeft || place.Status == events.VisitorExpired {
			return 0, errPassInvalid
		}
	}
	return ticket, nil
}

// passKey identifies a pass: each visitor has one.
type passKey struct {
	room   events.RoomID
	ticket int64
}

// Enter is Check for a command that makes a purchase. Other calls with the same pass wait until
// unlock is called, exactly once, so that a purchase ends the pass (see [Rooms.FinishPass]) before
// another can be made with it. Errors: Check's; actors.ErrOverloaded if too many calls are waiting.
func (r *Rooms) Enter(id events.RoomID, holder events.Holder, presented string,
	at time.Time) (ticket int64, unlock func(), err error) {
	if ticket, err = r.Check(id, holder, presented, at); err != nil {
		return 0, nil, err
	}
	unlock, ok := r.passLocks.Lock(passKey{id, ticket})
	if !ok {
		return 0, nil, actors.ErrOverloaded
	}
	if _, err = r.Check(id, holder, presented, at); err != nil {
		unlock()
		return 0, nil, err
	}
	return ticket, unlock, nil
}

// room returns a room with a line, which it starts on first use, or nil if the room can't be opened.
func (r *Rooms) room(id events.RoomID) *room {
	if known, ok := r.rooms.Load(id); ok && known.(*room).line.Load() != nil {
		return known.(*room)
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	rm, err := r.find(ctx, id)
	if err != nil {
		return nil
	}
	return rm
}
