package load

import (
	"fmt"
	"slices"
	"time"

	"admitone/events"
)

// recordedRoom checks a waiting room's log with an independent implementation of its rules:
// visitors are admitted in order, the limits of active visitors and of admissions per second are
// always observed, and no pass ends too early.
type recordedRoom struct {
	settings events.WaitingRoomSettings
	visitors []recordedVisitor       // by ticket, from 1
	places   map[events.Holder]int64 // tickets of the holders who wait or have a pass
	head     int64                   // no visitor waits at a place before it
	draw
	events.WaitingRoomCounts
	recent    []*events.WaitingRoomAdmitted // the admissions of the last second
	admitted  int64
	maxActive int64 // the maximum number of active visitors
	revision  events.Revision
	position  events.Position
	hash      events.Hash
}

// recordedVisitor is the visitor with a ticket.
type recordedVisitor struct {
	holder  events.Holder
	status  events.VisitorStatus
	dropped bool
	// until is the end of the pass, admitted the log position of the admission; zero before it.
	until    time.Time
	admitted events.Position
}

func newRecordedRoom() *recordedRoom {
	return &recordedRoom{visitors: make([]recordedVisitor, 1), places: map[events.Holder]int64{}, head: 1,
		revision: events.NoStream}
}

// apply checks and applies an event, with rules that it does not share with the room's core.
func (r *recordedRoom) apply(e *events.Recorded) error {
	hash, err := events.CheckLink(r.hash, e)
	if err != nil || e.Revision != r.revision+1 {
		return fmt.Errorf("revision %d after %d: %v", e.Revision, r.revision, err)
	}
	r.hash, r.revision, r.position = hash, e.Revision, e.Position
	fact, err := e.Decode()
	if err == nil {
		err = r.evolve(fact, e.Created)
	}
	if err != nil {
		return fmt.Errorf("revision %d: %w", e.Revision, err)
	}
	return nil
}

func (r *recordedRoom) evolve(fact events.Fact, at time.Time) error {
	var counts events.WaitingRoomCounts
	var err error
	switch f := fact.(type) {
	case *events.WaitingRoomOpened:
		r.settings = f.WaitingRoomSettings
		return nil
	case *events.WaitingRoomRun:
		return nil
	case *events.WaitingRoomBegun:
		return r.begin(f)
	case *events.WaitingRoomShuffled:
		return r.shuffle(f)
	case *events.WaitingRoomJoined:
		counts, err = f.WaitingRoomCounts, r.join(f)
	case *events.WaitingRoomAdmitted:
		counts, err = f.WaitingRoomCounts, r.admit(f)
	case *events.WaitingRoomLeft:
		counts, err = f.WaitingRoomCounts, r.end(f.Ticket, f.Was, events.VisitorLeft)
	case *events.WaitingRoomFinished:
		counts, err = f.WaitingRoomCounts, r.end(f.Ticket, events.VisitorAdmitted, events.VisitorLeft)
	case *events.WaitingRoomDropped:
		counts, err = f.WaitingRoomCounts, r.drop(f)
	case *events.WaitingRoomExpired:
		counts, err = f.WaitingRoomCounts, r.expire(f, at)
	default:
		return fmt.Errorf("unexpected %s", fact.Name())
	}
	if err == nil && counts != r.WaitingRoomCounts {
		err = fmt.Errorf("its counts are %+v, want %+v", counts, r.WaitingRoomCounts)
	}
	if r.maxActive = max(r.maxActive, r.Active); err == nil && r.Active > r.settings.MaxActive {
		err = fmt.Errorf("%d visitors are active, more than %d", r.Active, r.settings.MaxActive)
	}
	return err
}

func (r *recordedRoom) join(f *events.WaitingRoomJoined) error {
	if f.Ticket != int64(len(r.visitors)) {
		return fmt.Errorf("ticket %d follows ticket %d", f.Ticket, len(r.visitors)-1)
	}
	if other, in := r.places[f.Holder]; in {
		return fmt.Errorf("%s has the tickets %d and %d at the same time", f.Holder, other, f.Ticket)
	}
	r.places[f.Holder] = f.Ticket
	r.visitors = append(r.visitors, recordedVisitor{holder: f.Holder, status: events.VisitorWaiting})
	r.Waiting++
	return nil
}

// first returns the ticket of the first waiting visitor, or the number after the last ticket if nobody waits.
func (r *recordedRoom) first() int64 {
	for r.head < int64(len(r.visitors)) && r.visitors[r.ticketAt(r.head)].status != events.VisitorWaiting {
		r.head++
	}
	return r.ticketAt(r.head)
}

func (r *recordedRoom) admit(f *events.WaitingRoomAdmitted) error {
	if r.settings.Order == events.RoomShuffle && r.order == nil {
		return fmt.Errorf("%d are admitted before their order is drawn", f.Count)
	}
	count := int64(0)
	for ticket := range events.Tickets(f.Tickets) {
		if first := r.first(); ticket != first {
			return fmt.Errorf("ticket %d is admitted while ticket %d is first in the line", ticket, first)
		}
		v := &r.visitors[ticket]
		v.status, v.until, v.admitted = events.VisitorAdmitted, f.ExpiresAt, r.position
		count++
	}
	r.Waiting, r.Active, r.admitted = r.Waiting-count, r.Active+count, r.admitted+count
	want := time.Duration(r.settings.ActiveSeconds) * time.Second
	if lifetime := f.ExpiresAt.Sub(f.AdmittedAt); lifetime != want {
		return fmt.Errorf("a pass lasts for %v, want %v", lifetime, want)
	}
	r.recent = slices.DeleteFunc(r.recent, func(old *events.WaitingRoomAdmitted) bool {
		return f.AdmittedAt.Sub(old.AdmittedAt) >= time.Second
	})
	r.recent = append(r.recent, f)
	lastSecond := int64(0)
	for _, a := range r.recent {
		lastSecond += a.Count
	}
	switch {
	case count != f.Count || r.admitted != f.Admitted:
		return fmt.Errorf("it counts %d admissions, %d in all; want %d, %d", f.Count, f.Admitted, count, r.admitted)
	case lastSecond > r.settings.AdmitPerSecond:
		return fmt.Errorf("%d were admitted within a second, more than %d", lastSecond, r.settings.AdmitPerSecond)
	}
	return nil
}

// end changes the status of a visitor, who must have the status was, to becomes.
func (r *recordedRoom) end(ticket int64, was, becomes events.VisitorStatus) error {
	if ticket < 1 || ticket >= int64(len(r.visitors)) || r.visitors[ticket].status != was {
		return fmt.Errorf("ticket %d is not %s", ticket, was)
	}
	v := &r.visitors[ticket]
	if v.status = becomes; was == events.VisitorWaiting {
		r.Waiting--
	} else {
		r.Active--
	}
	delete(r.places, v.holder)
	return nil
}

func (r *recordedRoom) drop(f *events.WaitingRoomDropped) error {
	for ticket := range events.Tickets(f.Tickets) {
		if err := r.end(ticket, events.VisitorWaiting, events.VisitorExpired); err != nil {
			return err
		}
		r.visitors[ticket].dropped = true
	}
	return nil
}

func (r *recordedRoom) expire(f *events.WaitingRoomExpired, at time.Time) error {
	for ticket := range events.Tickets(f.Tickets) {
		if err := r.end(ticket, events.VisitorAdmitted, events.VisitorExpired); err != nil {
			return err
		}
		if early := r.visitors[ticket].until.Sub(at); early > 0 {
			return fmt.Errorf("the pass of ticket %d ended %v too early", ticket, early)
		}
	}
	return nil
}
