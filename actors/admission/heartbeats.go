package admission

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
)

// MaxHeartbeatMessage bounds the size of one message of heartbeats, see [Config].Tell.
const MaxHeartbeatMessage = 32 << 10

// ErrRunsElsewhere: another server runs the room, or none does yet.
var ErrRunsElsewhere = errors.New("another server runs the waiting room")

// ErrMalformedHeartbeats: a message of heartbeats can't be decoded.
var ErrMalformedHeartbeats = errors.New("the message of heartbeats can't be decoded")

// ReceiveHeartbeats records heartbeats received by another server, if this one runs the room. Errors:
// ErrNotHere, also if there is no such room; ErrMarks, with nothing recorded; errors of
// [actors.Desk.View].
func (r *Rooms) ReceiveHeartbeats(ctx context.Context, id events.RoomID, message []byte) error {
	tickets, err := readHeartbeats(message)
	if err != nil {
		return err
	}
	rm, err := r.find(ctx, id)
	if errors.Is(err, errNoRoom) {
		return ErrRunsElsewhere
	}
	if err != nil {
		return err
	}
	line, now := rm.line.Load(), r.config.Now()
	if !rm.runs(line) {
		return ErrRunsElsewhere
	}
	for _, ticket := range tickets {
		if ticket <= line.Tickets || rm.seen.known(ticket) { // else nobody has it yet
			rm.seen.recordJoin(ticket, now)
		}
	}
	return nil
}

// Follows reports whether this server has read the place of a visitor from the log, so that a poll
// can be answered here, also if another server runs the room. A room is followed from its first
// request on.
func (r *Rooms) Follows(id events.RoomID, visitor string) bool {
	v, err := r.keys.Load().ReadVisitor(id, visitor)
	if err != nil || r.checkKeys() != nil || r.config.ChecksOnly {
		return false
	}
	rm := r.getOrStart(id)
	if line := rm.line.Load(); line != nil && v.Ticket <= line.Tickets {
		return true
	}
	rm.wakeUp() // it may rest
	return false
}

// appendHeartbeats appends ascending tickets, each as the difference to the one before, until the message is full, and
// returns the rest of them.
func appendHeartbeats(dst []byte, tickets []int64) (message []byte, rest []int64) {
	last := int64(0)
	for i, ticket := range tickets {
		if len(dst)+binary.MaxVarintLen64 > MaxHeartbeatMessage {
			return dst, tickets[i:]
		}
		dst = binary.AppendUvarint(dst, uint64(ticket-last))
		last = ticket
	}
	return dst, nil
}

// readHeartbeats reads what appendMarks wrote.
func readHeartbeats(message []byte) (tickets []int64, err error) {
	if len(message) > MaxHeartbeatMessage {
		return nil, ErrMalformedHeartbeats
	}
	for last := int64(0); len(message) > 0; {
		step, n := binary.Uvarint(message)
		if n <= 0 || step == 0 || step > waitingroom.MaxTickets || last+int64(step) > waitingroom.MaxTickets {
			return nil, ErrMalformedHeartbeats
		}
		last, message = last+int64(step), message[n:]
		tickets = append(tickets, last)
	}
	return tickets, nil
}

// forwarder passes the heartbeats received by this server on to the one that runs the room. It
// belongs to the goroutine that sweeps silent visitors.
type forwarder struct {
	forwardedAt  time.Time // the other server knows all earlier heartbeats
	failingSince time.Time // since when it is unreachable; zero if it is not
}

// shouldForward reports whether heartbeats are passed on: another server owns the room, and this one
// does not run it.
func (rm *room) shouldForward(line *Published) bool {
	return rm.rooms.config.ForwardHeartbeats != nil && !rm.owns() && !rm.runs(line)
}

// forwardHeartbeats passes on the heartbeats since the last time, and repeats those shortly before it. If the
// other server has been unreachable for a quarter of the heartbeat, this one takes the room over,
// so that nobody is dropped whose heartbeats arrived here.
func (rm *room) forwardHeartbeats(now time.Time, every time.Duration) {
	t := &rm.forwarder
	since := t.forwardedAt.Add(-every)
	var tickets []int64
	rm.eachInLine(func(ticket int64) {
		if rm.seen.seenSince(ticket, since) {
			tickets = append(tickets, ticket)
		}
	})
	slices.Sort(tickets)
	err := error(nil)
	for len(tickets) > 0 && err == nil {
		var message []byte
		message, tickets = appendHeartbeats(nil, tickets)
		err = rm.rooms.config.ForwardHeartbeats(rm.id, message)
	}
	switch {
	case err == nil:
		t.forwardedAt, t.failingSince = now, time.Time{}
		return
	case t.failingSince.IsZero():
		t.failingSince = now
	case now.Sub(t.failingSince) >= 2*every:
		t.failingSince = time.Time{}
		rm.hasContact.Store(true)
		rm.wakeUp()
	}
	rm.rooms.config.Logger.Debug("heartbeats can't be forwarded to the server that runs a waiting room", "room", rm.id,
		"error", err)
}

// reachable reports whether all servers that visitors may poll are reachable, and are the same as
// at the last check.
func (rm *room) reachable() bool {
	reach := rm.rooms.config.Reachable
	if reach == nil {
		return true
	}
	members, all := reach()
	same := members == rm.lastMembers
	rm.lastMembers = members
	return all && same
}
