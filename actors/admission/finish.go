package admission

import (
	"context"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/events"
)

// finishLimit is how long Done tries.
const finishLimit = 5 * time.Second

// Done ends the pass of a holder who has got what a room is the way to. At once for this
// node; for the log in the background: nobody waits for it, and if it comes to nothing
// the pass ends by itself. ticket is the one that the pass was of; 0 is whichever the holder has now, for those
// who finish later and without the pass. No room, "", is nobody's way.
//
// If another node runs the room, that one learns of it with the next event of its own.
func (r *Rooms) Done(id events.RoomID, holder events.Holder, ticket int64, request actors.Request) {
	if id == "" {
		return
	}
	if known, ok := r.rooms.Load(id); ok && ticket != 0 {
		known.(*room).seen.end(ticket)
	}
	if r.finishing.Add(1) > r.config.MaxJoins {
		r.finishing.Add(-1)
		return
	}
	if !r.spawn(func() {
		defer r.finishing.Add(-1)
		ctx, cancel := context.WithTimeout(context.Background(), finishLimit)
		defer cancel()
		if err := r.done(ctx, id, holder, ticket, request); err != nil {
			r.config.Logger.Debug("a pass goes on that has done its work", "room", id, "error", err)
		}
	}) {
		r.finishing.Add(-1)
	}
}

func (r *Rooms) done(
	ctx context.Context,
	id events.RoomID,
	holder events.Holder,
	ticket int64,
	request actors.Request,
) error {
	if ticket == 0 {
		var found struct { // not to be read after an error: it may still be written
			ticket int64
			place  waitingroom.Place
			ok     bool
		}
		_, err := r.config.Desk.View(ctx, waitingroom.Stream(id), func(c core.Core) {
			found.ticket, found.place, found.ok = c.(*waitingroom.Room).Find(holder)
		})
		if err != nil || !found.ok || found.place.Status != events.VisitorAdmitted {
			return err
		}
		ticket = found.ticket
	}
	request.Stream, request.Command = waitingroom.Stream(id), &waitingroom.Finish{Ticket: ticket}
	_, err := r.config.Desk.Ask(ctx, request) // not through the room: another node may run it
	return err
}

// Running returns the lines of the rooms that this node runs, as they were published
// last, in no order.
func (r *Rooms) Running() (lines []*Published) {
	r.rooms.Range(func(_, known any) bool {
		if line := known.(*room).line.Load(); line != nil && line.ID != "" {
			lines = append(lines, line)
		}
		return true
	})
	return lines
}
