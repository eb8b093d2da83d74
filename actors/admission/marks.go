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

// MaxMarks bounds the size of one message of heartbeats, see [Config].Tell.
const MaxMarks = 32 << 10

// ErrNotHere: another server runs the room, or none does yet.
var ErrNotHere = errors.New("another server runs the waiting room")

// ErrMarks: a message of heartbeats can't be decoded.
var ErrMarks = errors.New("the message of heartbeats can't be decoded")

// Hear records heartbeats received by another server, if this one runs the room. Errors:
// ErrNotHere, also if there is no such room; ErrMarks, with nothing recorded; errors of
// [actors.Desk.View].
func (r *Rooms) Hear(ctx context.Context, id events.RoomID, marks []byte) error {
	tickets, err := readMarks(marks)
	if err != nil {
		return err
	}
	rm, err := r.find(ctx, id)
	if errors.Is(err, errNoRoom) {
		return ErrNotHere
	}
	if err != nil {
		return err
	}
	line, now := rm.line.Load(), r.config.Now()
	if !rm.runs(line) {
		return ErrNotHere
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
	if err != nil || r.usable() != nil || r.config.Elsewhere {
		return false
	}
	rm := r.begun(id)
	if line := rm.line.Load(); line != nil && v.Ticket <= line.Tickets {
		return true
	}
	rm.wakeUp() // it may rest
	return false
}

// appendMarks appends ascending tickets, each as the difference to the one before, until the message is full, and
// returns the rest of them.
func appendMarks(dst []byte, tickets []int64) (marks []byte, rest []int64) {
	last := int64(0)
	for i, ticket := range tickets {
		if len(dst)+binary.MaxVarintLen64 > MaxMarks {
			return dst, tickets[i:]
		}
		dst = binary.AppendUvarint(dst, uint64(ticket-last))
		last = ticket
	}
	return dst, nil
}

// readMarks reads what appendMarks wrote.
func readMarks(marks []byte) (tickets []int64, err error) {
	if len(marks) > MaxMarks {
		return nil, ErrMarks
	}
	for last := int64(0); len(marks) > 0; {
		step, n := binary.Uvarint(marks)
		if n <= 0 || step == 0 || step > waitingroom.MaxTickets || last+int64(step) > waitingroom.MaxTickets {
			return nil, ErrMarks
		}
		last, marks = last+int64(step), marks[n:]
		tickets = append(tickets, last)
	}
	return tickets, nil
}

// forwarder passes the heartbeats received by this server on to the one that runs the room. It
// belongs to the goroutine that sweeps silent visitors.
type forwarder struct {
	forwarded time.Time // the other server knows all earlier heartbeats
	failing   time.Time // since when it is unreachable; zero if it is not
}

// forwards reports whether heartbeats are passed on: another server owns the room, and this one
// does not run it.
func (rm *room) forwards(line *Published) bool {
	return rm.rooms.config.Tell != nil && !rm.owns() && !rm.runs(line)
}

// forward passes on the heartbeats since the last time, and repeats those shortly before it. If the
// other server has been unreachable for a quarter of the heartbeat, this one takes the room over,
// so that nobody is dropped whose heartbeats arrived here.
func (rm *room) forward(now time.Time, every time.Duration) {
	t := &rm.forwarder
	since := t.forwarded.Add(-every)
	var tickets []int64
	rm.eachInLine(func(ticket int64) {
		if rm.seen.since(ticket, since) {
			tickets = append(tickets, ticket)
		}
	})
	slices.Sort(tickets)
	err := error(nil)
	for len(tickets) > 0 && err == nil {
		var marks []byte
		marks, tickets = appendMarks(nil, tickets)
		err = rm.rooms.config.Tell(rm.id, marks)
	}
	switch {
	case err == nil:
		t.forwarded, t.failing = now, time.Time{}
		return
	case t.failing.IsZero():
		t.failing = now
	case now.Sub(t.failing) >= 2*every:
		t.failing = time.Time{}
		rm.hasContact.Store(true)
		rm.wakeUp()
	}
	rm.rooms.config.Logger.Debug("heartbeats can't be forwarded to the server that runs a waiting room", "room", rm.id,
		"error", err)
}

// reachable reports whether all servers that visitors may poll are reachable, and are the same as
// at the last check.
func (rm *room) reachable() bool {
	reach := rm.rooms.config.Reach
	if reach == nil {
		return true
	}
	members, all := reach()
	same := members == rm.members
	rm.members = members
	return all && same
}
