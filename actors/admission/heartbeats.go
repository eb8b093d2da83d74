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

// MaxHeartbeatMessage is the maximum size of one message of heartbeats in bytes; see
// [Config].ForwardHeartbeats.
const MaxHeartbeatMessage = 32 << 10

// ErrRunsElsewhere means that another server runs the room, or that none does yet.
var ErrRunsElsewhere = errors.New("another server runs the waiting room")

// ErrMalformedHeartbeats means that a message of heartbeats can't be decoded.
var ErrMalformedHeartbeats = errors.New("the message of heartbeats can't be decoded")

// ReceiveHeartbeats records heartbeats that another server has received, if this one runs the room.
// Errors: ErrRunsElsewhere, also if there is no such room; ErrMalformedHeartbeats, with nothing
// recorded; those of [actors.Desk.View].
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
		if ticket <= line.Tickets || rm.seen.known(ticket) { // skips tickets that nobody has yet
			rm.seen.recordJoin(ticket, now)
		}
	}
	return nil
}

// Follows reports whether this server has read the place of a visitor from the log, so that it can
// answer a poll even if another server runs the room. It starts to follow a room with the first
// request for it.
func (r *Rooms) Follows(id events.RoomID, visitor string) bool {
	v, err := r.keys.Load().ReadVisitor(id, visitor)
	if err != nil || r.checkKeys() != nil || r.config.ChecksOnly {
		return false
	}
	rm := r.getOrStart(id)
	if line := rm.line.Load(); line != nil && v.Ticket <= line.Tickets {
		return true
	}
	rm.wakeUp() // the room may be idle
	return false
}

// appendHeartbeats appends ascending tickets, each as the difference from the previous one, until the
// message is full, and returns the remaining tickets.
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

// readHeartbeats decodes a message of appendHeartbeats.
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

// forwarder is the state of forwarding heartbeats to the server that runs the room. Only the sweeps
// use it.
type forwarder struct {
	forwardedAt  time.Time // the other server knows all earlier heartbeats
	failingSince time.Time // since when it is unreachable; zero if it is not
}

// shouldForward reports whether this server forwards heartbeats: it neither owns nor runs the room.
func (rm *room) shouldForward(line *Published) bool {
	return rm.rooms.config.ForwardHeartbeats != nil && !rm.owns() && !rm.runs(line)
}

// forwardHeartbeats forwards the heartbeats received since the last success, and again those of one
// sweep interval before it. If the other server has been unreachable for two sweep intervals, this one
// takes the room over, so that visitors whose heartbeats arrived here are not dropped.
func (rm *room) forwardHeartbeats(now time.Time, sweepEvery time.Duration) {
	t := &rm.forwarder
	since := t.forwardedAt.Add(-sweepEvery)
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
	case now.Sub(t.failingSince) >= 2*sweepEvery:
		t.failingSince = time.Time{}
		rm.hasContact.Store(true)
		rm.wakeUp()
	}
	rm.rooms.config.Logger.Debug("heartbeats can't be forwarded to the server that runs a waiting room", "room", rm.id,
		"error", err)
}

// reachable reports whether all servers that visitors may poll are reachable, and the same as in the
// last call.
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
