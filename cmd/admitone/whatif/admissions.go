package whatif

import (
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
	"admitone/projections/demand"
)

// round is the interval between rounds of admissions, as in package admission.
const round = 50 * time.Millisecond

// admission has the recorded and the simulated time of an admission; zero stands for never.
type admission struct{ recorded, simulated time.Time }

// admissions simulates waiting rooms with changed settings. The times of the recorded admissions do
// not apply then, and rooms admit in rounds as on a server.
type admissions struct {
	*executor
	pending agenda[demand.Request]
	// next has the time of each room's next round that may have an effect.
	next map[events.StreamID]time.Time
	// By tickets of the log: the holder, the time of the admission, and the requests after it.
	holders  map[ticket]events.Holder
	recorded map[ticket]time.Time
	after    map[ticket][]demand.Request
	// logNumbers maps tickets of the simulation to the numbers of those of the log.
	logNumbers map[ticket]int64
	admitted   map[ticket]time.Time // the times of admissions, by tickets of the log
}

// newAdmissions returns the simulation of the given requests about waiting rooms. holders has the holders of tickets
// from before the range.
func newAdmissions(r *executor, requests []demand.Request, holders map[ticket]events.Holder) *admissions {
	d := &admissions{executor: r, next: map[events.StreamID]time.Time{}, holders: holders,
		recorded: map[ticket]time.Time{}, after: map[ticket][]demand.Request{}, logNumbers: map[ticket]int64{},
		admitted: map[ticket]time.Time{}}
	for _, request := range requests {
		switch f := request.Fact.(type) {
		case *events.WaitingRoomAdmitted:
			for number := range events.Tickets(f.Tickets) {
				d.recorded[ticket{request.Stream, number}] = request.At
			}
			continue
		case *events.WaitingRoomFinished:
			d.hold(&request, f.Ticket)
			continue
		case *events.WaitingRoomLeft:
			if f.Was == events.VisitorAdmitted {
				d.hold(&request, f.Ticket)
				continue
			}
		case *events.WaitingRoomJoined:
			d.holders[ticket{request.Stream, f.Ticket}] = f.Holder
		}
		d.schedule(request)
	}
	return d
}

// plan schedules a request to be decided, by its time and position.
func (d *admissions) schedule(request demand.Request) {
	d.pending.add(request.At, uint64(request.Position), request)
}

// hold retains a request of an admitted visitor until the simulation admits the visitor. If the visitor
// was admitted before the range, the request is decided at its recorded time.
func (d *admissions) hold(request *demand.Request, number int64) {
	t := ticket{request.Stream, number}
	if _, inRange := d.recorded[t]; !inRange {
		d.schedule(*request)
		return
	}
	d.after[t] = append(d.after[t], *request)
}

// run decides all requests and returns the admissions of each holder.
func (d *admissions) run() (map[events.Holder][]admission, error) {
	for stream, e := range d.entities { // rooms in which visitors already wait
		if _, ok := e.core.(*waitingroom.Room); ok {
			d.next[stream] = d.now
		}
	}
	for {
		if d.pending.len() == 0 { // execute rounds until they lead to more requests
			if _, err := d.rounds(time.Time{}); err != nil {
				return nil, err
			}
			if d.pending.len() == 0 {
				return d.byHolder(), nil
			}
		}
		request := d.pending.take().what
		added, err := d.rounds(request.At)
		if err != nil {
			return nil, err
		}
		if added {
			d.schedule(request) // an added request may precede it
			continue
		}
		if err := d.step(&request); err != nil {
			return nil, err
		}
	}
}

// step decides one request.
func (d *admissions) step(request *demand.Request) error {
	d.now = request.At
	if _, err := d.decide(request); err != nil {
		return err
	}
	if f, ok := request.Fact.(*events.WaitingRoomJoined); ok {
		d.logNumbers[ticket{request.Stream, d.tickets[ticket{request.Stream, f.Ticket}]}] = f.Ticket
	}
	if next, planned := d.next[request.Stream]; !planned || next.After(request.At.Add(round)) {
		d.next[request.Stream] = request.At.Add(1) // a server starts a round as soon as it may have an effect
	}
	return nil
}

// rounds executes the rounds before a time, or all rounds if it is zero, until they lead to new
// requests, which it reports.
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
		if d.pending.len() > 0 && before.IsZero() {
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

// round executes the round of a room, and schedules the room's next one.
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
func (d *admissions) admit(simulated ticket) (added bool) {
	recorded := simulated
	if number, known := d.logNumbers[simulated]; known {
		recorded.number = number
	}
	d.admitted[recorded] = d.now
	for _, request := range d.after[recorded] {
		request.At = d.now.Add(request.At.Sub(d.recorded[recorded]))
		d.schedule(request)
		added = true
	}
	return added
}

// nextRound returns the next time at which a room may admit or expire visitors, zero for never.
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
	return next.Add(1) // a deadline has passed one nanosecond later
}

// byHolder returns the admissions of each holder.
func (d *admissions) byHolder() map[events.Holder][]admission {
	all := map[events.Holder][]admission{}
	for t, at := range d.recorded {
		if holder, known := d.holders[t]; known {
			all[holder] = append(all[holder], admission{at, d.admitted[t]})
		}
	}
	return all
}
