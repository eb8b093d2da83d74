package whatif

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/seat"
	"admitone/events"
)

// house is every entity there is, on virtual time: a desk for [bookings.Bookings], with
// no log behind it. What happens is told to a tally.
type house struct {
	kinds    map[string]func() core.Core
	bookings *bookings.Bookings
	// told hears every fact that the house decides, or folds once it is listening.
	told func(stream events.StreamID, fact events.Fact, at time.Time)

	mu       sync.Mutex // bookings ask from many goroutines
	now      time.Time  // guarded by mu
	entities map[events.StreamID]*entity
	position events.Position
	taken    map[string]map[string]bool // the seats of each performance that are not free
	wakes    wakes                      // the deadlines of bookings, which concern other entities
}

type entity struct {
	core     core.Core
	revision events.Revision
	number   int // by age
}

func newHouse(kinds []actors.Kind, told func(events.StreamID, events.Fact, time.Time)) *house {
	h := &house{kinds: map[string]func() core.Core{}, entities: map[events.StreamID]*entity{}, told: told,
		taken: map[string]map[string]bool{}}
	for _, kind := range kinds {
		h.kinds[kind.Category] = kind.New
	}
	h.bookings = bookings.New(h, h.seats)
	return h
}

// entity returns the one of a stream; the caller holds mu.
func (h *house) entity(stream events.StreamID) (*entity, error) {
	e := h.entities[stream]
	if e == nil {
		fresh := h.kinds[stream.Category()]
		if fresh == nil {
			return nil, fmt.Errorf("whatif: nobody knows the rules of %s", stream)
		}
		e = &entity{core: fresh(), revision: events.NoStream, number: len(h.entities)}
		h.entities[stream] = e
	}
	return e, nil
}

// fold takes a recorded fact in as it is.
func (h *house) fold(stream events.StreamID, fact events.Fact, at time.Time) (err error) {
	defer func() {
		if cause := recover(); cause != nil { // what can't be, a core refuses like that
			err = fmt.Errorf("%w: %s: %v", events.ErrDamaged, stream, cause)
		}
	}()
	e, err := h.entity(stream)
	if err != nil {
		return err
	}
	h.now = at
	h.accept(stream, e, []events.Fact{fact})
	return nil
}

func (h *house) accept(stream events.StreamID, e *entity, facts []events.Fact) {
	for _, fact := range facts {
		e.core.Evolve(fact)
		e.revision++
		h.position++
		h.told(stream, fact, h.now)
	}
	if s, ok := e.core.(*seat.Seat); ok {
		h.seated(stream, s)
	}
	if stream.Category() == booking.Category && len(facts) > 0 {
		if at := e.core.NextDeadline(); !at.IsZero() {
			heap.Push(&h.wakes, wake{at, e.number, stream})
		}
	}
}

// seated keeps the map of a performance.
func (h *house) seated(stream events.StreamID, s *seat.Seat) {
	show, name := events.CutPerformance(stream.Entity())
	if h.taken[show] == nil {
		h.taken[show] = map[string]bool{}
	}
	if s.Status() == events.SeatIsFree {
		delete(h.taken[show], name)
		return
	}
	h.taken[show][name] = true
}

// expire lets go of what is due at an entity, as the shell does before any command.
func (h *house) expire(stream events.StreamID, e *entity) error {
	for {
		next := e.core.NextDeadline()
		if next.IsZero() || !next.Before(h.now) {
			return nil
		}
		facts, err := e.core.Decide(&core.Expire{}, h.now)
		if err != nil || len(facts) == 0 {
			return fmt.Errorf("whatif: %s has a deadline at %v and nothing that expires: %w", stream, next, err)
		}
		h.accept(stream, e, facts)
	}
}

// Ask implements [bookings.Desk].
func (h *house) Ask(_ context.Context, request actors.Request) (actors.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.entity(request.Stream)
	if err == nil {
		err = h.expire(request.Stream, e)
	}
	if err != nil {
		return actors.Answer{}, err
	}
	facts, err := e.core.Decide(request.Command, h.now)
	if err == nil {
		h.accept(request.Stream, e, facts)
	}
	return actors.Answer{Facts: facts, Revision: e.revision, Position: h.position, At: h.now}, err
}

// View implements [bookings.Desk].
func (h *house) View(_ context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.entity(stream)
	if err == nil {
		err = h.expire(stream, e)
	}
	if err != nil {
		return actors.Answer{}, err
	}
	read(e.core)
	return actors.Answer{Revision: e.revision, Position: h.position, At: h.now}, nil
}

// command hands one in at the present moment.
func (h *house) command(stream events.StreamID, command core.Command) ([]events.Fact, error) {
	answer, err := h.Ask(context.Background(), actors.Request{Stream: stream, Command: command})
	return answer.Facts, err
}

// origin of a step that a wish, or a deadline, leads to.
func origin() bookings.Origin { return bookings.Origin{ID: actors.NewCommandID(), Actor: "what-if"} }

// until moves the time on. What expires in between concerns nobody but its entity,
// which sees to it when it is asked next; only a booking gives seats back, which a
// server has it do at once.
func (h *house) until(at time.Time) error {
	for len(h.wakes) > 0 && h.wakes[0].at.Before(at) {
		due := heap.Pop(&h.wakes).(wake)
		if e := h.entities[due.stream]; !e.core.NextDeadline().Equal(due.at) {
			continue // it was paid, or extended
		}
		h.now = due.at.Add(1)
		if err := h.bookings.Resume(context.Background(), origin(), due.stream.Entity()); err != nil {
			return err
		}
	}
	h.now = at
	return nil
}

// settle finishes what was under way about bookings when the log was cut off. One that
// is not known yet, and has seats, gives them back: its wish is still to come.
func (h *house) settle() error {
	for _, stream := range slices.Sorted(maps.Keys(h.entities)) {
		var err error
		switch c := h.entities[stream].core.(type) {
		case *booking.Booking:
			if state := c.State(); state.Status == events.BookingIsPaying || state.Refunding {
				err = h.bookings.Resume(context.Background(), origin(), stream.Entity())
			}
		case *seat.Seat:
			hold, holder := c.Owner()
			id, _, _ := events.CutHoldID(hold)
			if hold == "" || h.entities[booking.Stream(id)] != nil {
				break
			}
			show, _ := events.CutPerformance(stream.Entity())
			_, err = h.command(stream, &seat.Release{HoldID: hold, Reason: events.ReleasedIncomplete})
			_, other := h.command(allowance.Stream(show, holder), &allowance.Release{HoldID: hold})
			err = errors.Join(err, other)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end lets everything go that is due by a moment.
func (h *house) end(at time.Time) error {
	if err := h.until(at); err != nil {
		return err
	}
	for stream, e := range h.entities {
		if err := h.expire(stream, e); err != nil {
			return err
		}
	}
	return nil
}

// wake is a deadline of a booking.
type wake struct {
	at     time.Time
	number int // of the entity
	stream events.StreamID
}

// wakes is a heap, the next deadline first; of several at once that of the oldest.
type wakes []wake

func (w wakes) Len() int { return len(w) }
func (w wakes) Less(i, j int) bool {
	if !w[i].at.Equal(w[j].at) {
		return w[i].at.Before(w[j].at)
	}
	return w[i].number < w[j].number
}
func (w wakes) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *wakes) Push(x any)   { *w = append(*w, x.(wake)) }
func (w *wakes) Pop() any {
	last := len(*w) - 1
	x := (*w)[last]
	*w = (*w)[:last]
	return x
}
