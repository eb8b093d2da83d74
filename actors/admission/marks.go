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

// MaxMarks bounds the size of one message about signs of life, see [Config].Tell.
const MaxMarks = 32 << 10

// ErrNotHere: another server runs the room, or none does yet.
var ErrNotHere = errors.New("another server runs the waiting room")

// ErrMarks: a message about signs of life can't be read.
var ErrMarks = errors.New("the signs of life can't be read")

// Hear notes signs of life that another server has heard, if this one runs the room. Errors: ErrNotHere, also where
// there is no such room; ErrMarks, and nothing is noted; those of [actors.Desk.View].
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

// Follows reports whether this server has read the place of a visitor from the log, so that a poll can be answered
// here, also if another server runs the room. A room that nobody has asked for yet is followed from now on.
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

// teller passes the signs of life that are heard at this server on to the one that runs a room. It belongs to the look
// for the silent.
type teller struct {
	told    time.Time // all signs of life before it are known to the other server
	failing time.Time // since when it can't be told; zero if it can
}

// tells reports whether signs of life are passed on: another server owns the room, and this one does not run it.
func (rm *room) tells(line *Published) bool {
	return rm.rooms.config.Tell != nil && !rm.owns() && !rm.runs(line)
}

// tell passes on who was heard since the last time, and once more who was heard shortly before it. If the other server
// has not been told for a quarter of the heartbeat, this one takes the room over, so that nobody is dropped unheard.
func (rm *room) tell(now time.Time, every time.Duration) {
	t := &rm.teller
	since := t.told.Add(-every)
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
		t.told, t.failing = now, time.Time{}
		return
	case t.failing.IsZero():
		t.failing = now
	case now.Sub(t.failing) >= 2*every:
		t.failing = time.Time{}
		rm.lastContact.Store(true)
		rm.wakeUp()
	}
	rm.rooms.config.Logger.Debug("the server that runs a waiting room can't be told who was heard", "room", rm.id,
		"error", err)
}

// reachable reports whether all servers that visitors may ask can be heard, and are the same as at the last look.
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
