package whatif

import (
	"cmp"
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
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
)

// simulation has all entities in memory, in virtual time. It is the desk of [bookings.Bookings],
// without a log.
type simulation struct {
	bookings *bookings.Bookings
	halls    halls
	// observe is called with every fact that is folded or decided.
	observe func(stream events.StreamID, fact events.Fact, at time.Time)

	mu        sync.Mutex // bookings send commands from several goroutines
	now       time.Time  // guarded by mu
	entities  map[events.StreamID]*entity
	position  events.Position
	taken     map[events.PerformanceID]map[string]bool // the seats of each performance that are not free
	deadlines agenda[events.StreamID]                  // the deadlines of bookings, which concern other entities
}

type entity struct {
	core     core.Core
	revision events.Revision
	number   int // in the order of creation
}

func newSimulation(store events.Store, observe func(events.StreamID, events.Fact, time.Time)) *simulation {
	h := &simulation{
		entities: map[events.StreamID]*entity{},
		observe:  observe,
		halls:    halls{store: store, known: map[events.PlanID]*events.Hall{}},
		taken:    map[events.PerformanceID]map[string]bool{},
	}
	h.bookings = bookings.New(h, h)
	return h
}

// entity returns the entity of a stream; the caller holds mu.
func (h *simulation) entity(stream events.StreamID) (*entity, error) {
	e := h.entities[stream]
	if e == nil {
		kind := kinds.Of(stream)
		if kind == nil {
			return nil, fmt.Errorf("there are no rules for %s", stream)
		}
		e = &entity{core: kind.Rules.New(), revision: events.NoStream, number: len(h.entities)}
		h.entities[stream] = e
	}
	return e, nil
}

// fold applies a recorded fact to its entity.
func (h *simulation) fold(stream events.StreamID, fact events.Fact, at time.Time) (err error) {
	defer func() {
		if cause := recover(); cause != nil { // a core panics on an impossible fact
			err = fmt.Errorf("%w: %s: %v", events.ErrDamaged, stream, cause)
		}
	}()
	e, err := h.entity(stream)
	if err != nil {
		return err
	}
	h.now = at
	e.core.Evolve(fact)
	h.accept(stream, e, []events.Fact{fact})
	return nil
}

// accept records facts that an entity has applied.
func (h *simulation) accept(stream events.StreamID, e *entity, facts []events.Fact) {
	for _, fact := range facts {
		e.revision++
		h.position++
		h.observe(stream, fact, h.now)
	}
	if s, ok := e.core.(*seat.Seat); ok {
		h.updateSeatMap(stream, s)
	}
	if stream.Category() == events.BookingCategory && len(facts) > 0 {
		if at := e.core.NextDeadline(); !at.IsZero() {
			h.deadlines.add(at, uint64(e.number), stream)
		}
	}
}

// updateSeatMap updates the taken seats of a performance.
func (h *simulation) updateSeatMap(stream events.StreamID, s *seat.Seat) {
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

// step executes a command as a desk does. A nil command only expires passed deadlines.
func (h *simulation) step(stream events.StreamID, command core.Command) (*entity, []events.Fact, error) {
	e, err := h.entity(stream)
	if err != nil {
		return nil, nil, err
	}
	facts, err := core.Step(e.core, command, h.now, func(expired []events.Fact) { h.accept(stream, e, expired) })
	if err != nil && !errors.As(err, new(*core.Refusal)) {
		err = fmt.Errorf("deciding a request to %s again: %w", stream, err)
	}
	if err == nil {
		h.accept(stream, e, facts)
	}
	return e, facts, err
}

// Ask implements [actors.Dispatcher].
func (h *simulation) Ask(_ context.Context, request actors.Request) (actors.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, facts, err := h.step(request.Stream, request.Command)
	if e == nil {
		return actors.Answer{}, err
	}
	return actors.Answer{Facts: facts, Revision: e.revision, Position: h.position, At: h.now}, err
}

// View implements [actors.Dispatcher].
func (h *simulation) View(_ context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, _, err := h.step(stream, nil)
	if err != nil {
		return actors.Answer{}, err
	}
	read(e.core)
	return actors.Answer{Revision: e.revision, Position: h.position, At: h.now}, nil
}

// command executes a command at the simulation's time.
func (h *simulation) command(stream events.StreamID, command core.Command) ([]events.Fact, error) {
	answer, err := h.Ask(context.Background(), actors.Request{Stream: stream, Command: command})
	return answer.Facts, err
}

// origin returns the origin of the commands of a simulation.
func origin() bookings.Origin { return bookings.Origin{ID: actors.NewCommandID(), Actor: "what-if"} }

// advance advances the time. Entities expire passed deadlines with their next command, except bookings,
// whose deadlines concern other entities and are executed at their time.
func (h *simulation) advance(at time.Time) error {
	for h.deadlines.hasBefore(at) {
		due := h.deadlines.take()
		if e := h.entities[due.what]; !e.core.NextDeadline().Equal(due.at) {
			continue // the booking has been paid or extended
		}
		h.now = due.at.Add(1)
		if err := h.bookings.Resume(context.Background(), origin(), events.BookingID(due.what.Entity())); err != nil {
			return err
		}
	}
	h.now = at
	return nil
}

// settle completes or undoes the bookings in progress at the beginning of the range. The seats of
// bookings that are not recorded yet are released, because the range has their requests.
func (h *simulation) settle() error {
	for _, stream := range h.byAge() {
		var err error
		switch c := h.entities[stream].core.(type) {
		case *booking.Booking:
			if state := c.State(); state.Status == events.BookingIsPaying || state.Refunding {
				err = h.bookings.Resume(context.Background(), origin(), events.BookingID(stream.Entity()))
			}
		case *seat.Seat:
			hold, holder := c.Owner()
			id, _, _ := events.CutHoldID(hold)
			if b := h.entities[booking.Stream(id)]; hold == "" || b != nil && b.core.(*booking.Booking).Exists() {
				break
			}
			show, _ := events.CutPerformance(stream.Entity())
			_, err = h.command(stream, &seat.Release{HoldID: hold, Reason: events.ReleasedIncomplete})
			_, allowanceErr := h.command(allowance.Stream(show, holder), &allowance.Release{HoldID: hold})
			err = errors.Join(err, allowanceErr)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// byAge returns the streams of all entities, the oldest first. Their names have a different order,
// because the ids of bookings created in the same millisecond are random.
func (h *simulation) byAge() []events.StreamID {
	older := func(a, b events.StreamID) int { return cmp.Compare(h.entities[a].number, h.entities[b].number) }
	return slices.SortedFunc(maps.Keys(h.entities), older)
}

// cancelBookings cancels the bookings of a cancelled performance.
func (h *simulation) cancelBookings(id events.PerformanceID) error {
	for _, stream := range h.byAge() {
		b, ok := h.entities[stream].core.(*booking.Booking)
		if !ok || b.State().PerformanceID != id {
			continue
		}
		if err := h.bookings.CallOff(context.Background(), origin(), b.State().ID); err != nil {
			return err
		}
	}
	return nil
}

// cancelReservations cancels the reservations of a cancelled product.
func (h *simulation) cancelReservations(stream events.StreamID) error {
	for _, id := range h.entities[stream].core.(*product.Product).Open() {
		if _, err := h.command(stream, &product.CallOff{ReservationID: id}); err != nil {
			return err
		}
	}
	return nil
}

// end expires everything whose deadline has passed at a time.
func (h *simulation) end(at time.Time) error {
	if err := h.advance(at); err != nil {
		return err
	}
	for stream := range h.entities {
		if _, _, err := h.step(stream, nil); err != nil {
			return err
		}
	}
	return nil
}
