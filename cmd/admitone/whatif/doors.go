package whatif

import (
	"container/heap"
	"time"

	"admitone/actors/waitingroom"
	"admitone/events"
	"admitone/projections/demand"
)

// round is how often a room admits, as package admission has it.
const round = 50 * time.Millisecond

// admission of one holder: when it was, and when it is in the house; zero is never.
type admission struct{ recorded, here time.Time }

// doors run the waiting rooms under settings of their own. Then the moments of the
// recorded admissions are nothing to go by, and there are rounds as on a server.
type doors struct {
	*rehearsal
	todo wishes
	// next round of each room; none is planned where nothing would happen.
	next map[events.StreamID]time.Time
	// By tickets of the log: who has it, when it was admitted, and what its visitor did
	// after that.
	holders  map[ticket]string
	recorded map[ticket]time.Time
	after    map[ticket][]demand.Wish
	// ours maps the house's tickets back, for those that were given out here.
	ours map[ticket]int64
	here map[ticket]time.Time // by tickets of the log
}

// wishes is a heap, the first by time, and then by position, first.
type wishes []demand.Wish

func (w wishes) Len() int { return len(w) }
func (w wishes) Less(i, j int) bool {
	if !w[i].At.Equal(w[j].At) {
		return w[i].At.Before(w[j].At)
	}
	return w[i].Position < w[j].Position
}
func (w wishes) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *wishes) Push(x any)   { *w = append(*w, x.(demand.Wish)) }
func (w *wishes) Pop() any {
	last := len(*w) - 1
	x := (*w)[last]
	*w = (*w)[:last]
	return x
}

// newDoors takes the wishes about waiting rooms; holders are those from before.
func newDoors(r *rehearsal, asked []demand.Wish, holders map[ticket]string) *doors {
	d := &doors{rehearsal: r, next: map[events.StreamID]time.Time{}, holders: holders, recorded: map[ticket]time.Time{},
		after: map[ticket][]demand.Wish{}, ours: map[ticket]int64{}, here: map[ticket]time.Time{}}
	for _, w := range asked {
		switch f := w.Fact.(type) {
		case *events.WaitingRoomAdmitted:
			for one := range events.Tickets(f.Tickets) {
				d.recorded[ticket{w.Stream, one}] = w.At
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
		d.todo = append(d.todo, w)
	}
	heap.Init(&d.todo)
	return d
}

// hold keeps what an admitted visitor did until the visitor is admitted here; of one
// who was admitted before the range, it comes at its time.
func (d *doors) hold(w *demand.Wish, number int64) {
	t := ticket{w.Stream, number}
	if _, inRange := d.recorded[t]; !inRange {
		d.todo = append(d.todo, *w)
		return
	}
	d.after[t] = append(d.after[t], *w)
}

// run decides all of it, and tells the admissions of each holder, in order.
func (d *doors) run() (map[string][]admission, error) {
	for stream, e := range d.entities { // who waits already is let in by rounds, too
		if _, ok := e.core.(*waitingroom.Room); ok {
			d.next[stream] = d.now
		}
	}
	for {
		if len(d.todo) == 0 { // then the rounds, until they lead to more
			if _, err := d.rounds(time.Time{}); err != nil {
				return nil, err
			}
			if len(d.todo) == 0 {
				return d.admissions(), nil
			}
		}
		w := heap.Pop(&d.todo).(demand.Wish)
		added, err := d.rounds(w.At)
		if err != nil {
			return nil, err
		}
		if added {
			heap.Push(&d.todo, w) // what was added may come first
			continue
		}
		if err := d.step(&w); err != nil {
			return nil, err
		}
	}
}

// step decides one wish.
func (d *doors) step(w *demand.Wish) error {
	d.now = w.At
	if _, err := d.decide(w); err != nil {
		return err
	}
	if f, ok := w.Fact.(*events.WaitingRoomJoined); ok {
		d.ours[ticket{w.Stream, d.tickets[ticket{w.Stream, f.Ticket}]}] = f.Ticket
	}
	if next, planned := d.next[w.Stream]; !planned || next.After(w.At.Add(round)) {
		d.next[w.Stream] = w.At.Add(1) // a server makes one as soon as it has something to do
	}
	return nil
}

// rounds makes the rounds before a moment, all that there are if it is zero, and says
// whether they led to new wishes.
func (d *doors) rounds(before time.Time) (added bool, err error) {
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
		if len(d.todo) > 0 && before.IsZero() {
			return added, nil // first those
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
func (d *doors) round(room events.StreamID) (added bool, err error) {
	facts, err := d.command(room, &waitingroom.Admit{})
	if err != nil {
		return false, err
	}
	for _, fact := range facts {
		f, ok := fact.(*events.WaitingRoomAdmitted)
		if !ok {
			continue
		}
		for one := range events.Tickets(f.Tickets) {
			added = d.letIn(ticket{room, one}) || added
		}
	}
	delete(d.next, room)
	if next := d.nextRound(room); !next.IsZero() {
		d.next[room] = next
	}
	return added, nil
}

// letIn notes an admission, and plans what the visitor did afterwards.
func (d *doors) letIn(mine ticket) (added bool) {
	theirs := mine
	if number, known := d.ours[mine]; known {
		theirs.number = number
	}
	d.here[theirs] = d.now
	for _, w := range d.after[theirs] {
		w.At = d.now.Add(w.At.Sub(d.recorded[theirs]))
		heap.Push(&d.todo, w)
		added = true
	}
	return added
}

// nextRound is when something may happen in a room by itself; zero if never.
func (d *doors) nextRound(stream events.StreamID) time.Time {
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
	return next.Add(1) // a deadline has passed one moment after it
}

// admissions compares when each holder was admitted with when that is so here.
func (d *doors) admissions() map[string][]admission {
	all := map[string][]admission{}
	for t, at := range d.recorded {
		if holder, known := d.holders[t]; known {
			all[holder] = append(all[holder], admission{at, d.here[t]})
		}
	}
	return all
}
