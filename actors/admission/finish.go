package admission

import (
	"context"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/events"
)

// finishTimeout bounds the time for which FinishPass tries.
const finishTimeout = 5 * time.Second

// FinishPass ends the pass of a holder who has completed the purchase that a room guards: immediately
// on this node, and in the background in the log. If writing to the log fails, the pass expires by
// itself. ticket is the ticket of the pass; 0 means the holder's current ticket, for a purchase that
// is completed later and without the pass. No-op for the room "".
//
// A node that runs the room learns of this when it next reads the room's events.
func (r *Rooms) FinishPass(id events.RoomID, holder events.Holder, ticket int64, request actors.Request) {
	if id == "" {
		return
	}
	if known, ok := r.rooms.Load(id); ok && ticket != 0 {
		known.(*room).seen.markEnded(ticket)
	}
	if r.finishing.Add(1) > r.config.MaxJoins {
		r.finishing.Add(-1)
		return
	}
	if !r.spawn(func() {
		defer r.finishing.Add(-1)
		ctx, cancel := context.WithTimeout(context.Background(), finishTimeout)
		defer cancel()
		if err := r.done(ctx, id, holder, ticket, request); err != nil {
			r.config.Logger.Debug("a used pass could not be ended; it expires by itself", "room", id, "error", err)
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
		var found struct { // not read after an error, when View may still write it
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
	_, err := r.config.Desk.Ask(ctx, request) // not by askLimited, since this node may not have the room
	return err
}

// Lines returns the last published lines of the rooms that this node has started, in no order.
func (r *Rooms) Lines() (lines []*Published) {
	r.rooms.Range(func(_, known any) bool {
		if line := known.(*room).line.Load(); line != nil && line.ID != "" {
			lines = append(lines, line)
		}
		return true
	})
	return lines
}
