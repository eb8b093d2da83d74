package whatif

import (
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
	"admitone/projections/demand"
)

// round is the interval of admissions, as in package admission.
const round = 50 * time.Millisecond

// admission has the recorded and the simulated time of an admission; zero is never.
type admission struct{ recorded, here time.Time }

// admissions run the waiting rooms under other settings. The times of the recorded admissions do
// not apply then, and rooms admit in rounds as on a server.
type admissions struct {
	*executor
	todo agenda[demand.Request]
	// next has the next round of each room in which something may happen.
	next map[events.StreamID]time.Time
	// By tickets of the log: the holder, the time of the admission, and the requests after it.
	holders  map[ticket]events.Holder
	recorded map[ticket]time.Time
	after    map[ticket][]demand.Request
	// ours maps tickets of the simulation to the numbers of those of the log.
	ours map[ticket]int64
	here map[ticket]time.Time // the times of admissions, by tickets of the log
}

// newAdmissions takes the requests about waiting rooms, and the holders from before the range.
func newAdmissions(r *executor, requests []demand.Request, holders map[ticket]events.Holder) *admissions {
	d := &admissions{executor: r, next: map[events.StreamID]time.Time{}, holders: holders,
		recorded: map[ticket]time.Time{}, after: map[ticket][]demand.Request{}, ours: map[ticket]int64{},
		here: map[ticket]time.Time{}}
	for _, w := range requests {
		switch f := w.Fact.(type) {
		case *events.WaitingRoomAdmitted:
			for number := range events.Tickets(f.Tickets) {
				d.recorded[ticket{w.Stream, number}] = w.At
			}
			continue
		case *events.WaitingRoomFinished:
			d.hold(&w, f.Ticket)
			continue
		case *events.WaitingRoomLeft:
			if f.Was == events.VisitorAdmitted {
				d.hold(&w, f.Ticket)
				continue
			}
		case *events.WaitingRoomJoined:
			d.holders[ticket{w.Stream, f.Ticket}] = f.Holder
		}
		d.plan(w)
	}
	return d
}

// plan schedules a request to be decided, by its time and position.
func (d *admissions) plan(w demand.Request) { d.todo.add(w.At, uint64(w.Position), w) }

// hold retains a request of an admitted visitor until the visitor is admitted here. If the visitor
// was admitted before the range, the request is decided at its recorded time.
func (d *admissions) hold(w *demand.Request, number int64) {
	t := ticket{w.Stream, number}
	if _, inRange := d.recorded[t]; !inRange {
		d.plan(*w)
		return
	}
	d.after[t] = append(d.after[t], *w)
}

// run decides all requests and returns the admissions of each holder.
func (d *admissions) run() (map[events.Holder][]admission, error) {
	for stream, e := range d.entities { // rooms in which visitors already wait
		if _, ok := e.core.(*waitingroom.Room); ok {
			d.next[stream] = d.now
		}
	}
	for {
		if d.todo.len() == 0 { // rounds, until they lead to more requests
			if _, err := d.rounds(time.Time{}); err != nil {
				return nil, err
			}
			if d.todo.len() == 0 {
				return d.of(), nil
			}
		}
		w := d.todo.take().what
		added, err := d.rounds(w.At)
		if err != nil {
			return nil, err
		}
		if added {
			d.plan(w) // an added request may precede it
			continue
		}
		if err := d.step(&w); err != nil {
			return nil, err
		}
	}
}

// step decides one request.
func (d *admissions) step(w *demand.Request) error {
	d.now = w.At
	if _, err := d.decide(w); err != nil {
		return err
	}
	if f, ok := w.Fact.(*events.WaitingRoomJoined); ok {
		d.ours[ticket{w.Stream, d.tickets[ticket{w.Stream, f.Ticket}]}] = f.Ticket
	}
	if next, planned := d.next[w.Stream]; !planned || next.After(w.At.Add(round)) {
		d.next[w.Stream] = w.At.Add(1) // a server begins a round as soon as one has an effect
	}
	return nil
}

// rounds executes the rounds before a time, all of them if it is zero, and reports whether they
// led to new requests.
func (d *admissions) rounds(before time.Time) (added bool, err error) {
	for {
		var room events.StreamID
		for stream, at := range d.next {
			first, any := d.next[room]
			if !any || at.Before(first) || at.Equal(first) && stream < room {
				room = stream
			}
		}
		at, any := d.next[room]
		if !any || !before.IsZero() && !at.Before(before) {
			return added, nil
		}
		if d.todo.len() > 0 && before.IsZero() {
			return added, nil // requests come first
		}
		d.now = at
		more, err := d.round(room)
		if err != nil {
			return added, err
		}
		if added = added || more; added && !before.IsZero() {
			return added, nil
		}
	}
}

// round admits at one room and plans the next.
func (d *admissions) round(room events.StreamID) (added bool, err error) {
	facts, err := d.command(room, &waitingroom.Admit{})
	if err != nil {
		return false, err
	}
	for _, fact := range facts {
		f, ok := fact.(*events.WaitingRoomAdmitted)
		if !ok {
			continue
		}
		for number := range events.Tickets(f.Tickets) {
			added = d.admit(ticket{room, number}) || added
		}
	}
	delete(d.next, room)
	if next := d.nextRound(room); !next.IsZero() {
		d.next[room] = next
	}
	return added, nil
}

// admit records an admission and schedules the requests that follow it.
func (d *admissions) admit(mine ticket) (added bool) {
	theirs := mine
	if number, known := d.ours[mine]; known {
		theirs.number = number
	}
	d.here[theirs] = d.now
	for _, w := range d.after[theirs] {
		w.At = d.now.Add(w.At.Sub(d.recorded[theirs]))
		d.plan(w)
		added = true
	}
	return added
}

// nextRound returns the next time at which a room may admit or expire visitors, zero if never.
func (d *admissions) nextRound(stream events.StreamID) time.Time {
	room := d.room(stream)
	line := room.Line()
	if line.Waiting == 0 {
		return time.Time{}
	}
	var next time.Time
	for _, at := range []time.Time{line.NextAdmission(d.now), room.NextDeadline(), line.Settings.OpensAt} {
		if at.After(d.now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if next.IsZero() {
		return next
	}
	if soon := d.now.Add(round); next.Before(soon) {
		return soon
	}
	return next.Add(1) // a deadline has passed one nanosecond after it
}

// of returns the admissions of each holder.
func (d *admissions) of() map[events.Holder][]admission {
	all := map[events.Holder][]admission{}
	for t, at := range d.recorded {
		if holder, known := d.holders[t]; known {
			all[holder] = append(all[holder], admission{at, d.here[t]})
		}
	}
	return all
}
