package whatif

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/actors/wallet"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
)

var day = time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)

// memoryLog is a log in memory with the operations that a desk and Ask need.
type memoryLog struct {
	events.Store
	mu     sync.Mutex
	all    []events.Recorded // guarded by mu
	counts map[events.StreamID]events.Revision
}

func (m *memoryLog) Append(_ context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts[stream]-1 != expected {
		return events.Appended{}, events.ErrConflict
	}
	for _, e := range batch {
		e.Data, e.Metadata = append([]byte(nil), e.Data...), append([]byte(nil), e.Metadata...)
		m.all = append(m.all, events.Recorded{Event: e, Stream: stream, Revision: m.counts[stream],
			Position: events.Position(len(m.all) + 1),
			Created:  day})
		m.counts[stream]++
	}
	return events.Appended{Revision: m.counts[stream] - 1, Position: events.Position(len(m.all)), Consecutive: true}, nil
}

func (m *memoryLog) Read(_ context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) (page []events.Recorded, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.all {
		e := m.all[i]
		if dir == events.Backward {
			e = m.all[len(m.all)-1-i]
		}
		if e.Stream == stream && len(page) < limit &&
			(dir == events.Forward && e.Revision >= from || dir == events.Backward && e.Revision <= from) {
			page = append(page, e)
		}
	}
	return page, nil
}

func (m *memoryLog) ReadAll(_ context.Context, after events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if dir == events.Backward { // only the last event is requested
		before := m.all[:min(int(after)-1, len(m.all))]
		return append([]events.Recorded(nil), before[max(0, len(before)-1):]...), nil
	}
	rest := m.all[min(int(after), len(m.all)):]
	return append([]events.Recorded(nil), rest[:min(limit, len(rest))]...), nil
}

func (m *memoryLog) head() events.Position {
	m.mu.Lock()
	defer m.mu.Unlock()
	return events.Position(len(m.all))
}

// sale is a desk with bookings, and a clock that the test sets.
type sale struct {
	fatal     func(args ...any)
	log       *memoryLog
	mu        sync.Mutex
	time      time.Time // guarded by mu
	desk      *actors.Desk
	process   *bookings.Bookings
	bookings  []string
	refusals  []*events.RefusalRecorded // not yet written
	refusedAt []time.Time
}

func newSale(fatal func(args ...any)) *sale {
	s := &sale{fatal: fatal, log: &memoryLog{counts: map[events.StreamID]events.Revision{}}, time: day}
	engine, err := actors.NewEngine()
	s.must(err)
	quiet := slog.New(slog.DiscardHandler)
	s.desk = actors.NewDesk(engine, actors.Config{Store: s.log, Kinds: kinds.Rules(), Now: s.now, Logger: quiet})
	s.process = bookings.New(separateCommands{s.desk}, noViews{})
	return s
}

// separateCommands makes bookings send their commands one by one, as on an EventStoreDB and as in the
// simulation. If several entities decide together, a booking with several reasons for refusal may be
// refused for a different one.
type separateCommands struct{ actors.Dispatcher }

// noViews has no seat maps and no unfinished bookings.
type noViews struct{}

func (noViews) TakenSeats(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
	return nil, 0, errors.New("no map")
}
func (noViews) UnconfirmedHolds(context.Context, events.BookingID) (map[events.HoldID][]events.StreamID, error) {
	return nil, nil
}
func (noViews) Hall(context.Context, events.PlanID) (*events.Hall, error) {
	return nil, events.ErrNoPlan
}
func (noViews) CatchUp(context.Context) error { return nil }

func (noViews) KeptAfter(context.Context, events.BookingID) (int64, error) { return 0, nil }

func (s *sale) close() {
	s.process.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s.must(s.desk.Close(ctx))
}

func (s *sale) must(err error) {
	if err != nil {
		s.fatal(err)
	}
}

func (s *sale) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

func (s *sale) set(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = at
}

// do sends a command and records a refusal.
func (s *sale) do(stream events.StreamID, command core.Command) []events.Fact {
	answer, err := s.desk.Ask(context.Background(),
		actors.Request{Stream: stream, Command: command, ID: actors.NewCommandID(), Actor: "somebody"})
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		s.refused(stream, command, answer, refusal)
	}
	return answer.Facts
}

// refused records a refusal, as a server does with --record-refusals.
func (s *sale) refused(stream events.StreamID, command core.Command, answer actors.Answer, refusal *core.Refusal) {
	f := &events.RefusalRecorded{Method: "POST", Stream: string(stream), Code: string(refusal.Code),
		BeatenStream: string(stream), BeatenRevision: int64(answer.Revision), BeatenPosition: int64(answer.Position)}
	switch c := command.(type) {
	case *product.Reserve:
		f.Path, f.Holder, f.Quantity, f.Hold = "/v1/products/tee/reservations", c.Holder, c.Quantity, c.Hold
	case *product.Confirm:
		f.Path = "/v1/products/tee/reservations/" + c.ReservationID.String() + "/confirm"
	case *product.Release:
		f.Method, f.Path = "DELETE", "/v1/products/tee/reservations/"+c.ReservationID.String()
	case *tournament.Enter:
		f.Path, f.TeamIDs = "/v1/tournaments/cup/entries", c.TeamIDs
	case *tournament.Withdraw:
		f.Method, f.Path = "DELETE", "/v1/tournaments/cup/entries/"+string(c.TeamID)
	default:
		f.Path = "/v1/" + stream.Category()
	}
	s.refusals = append(s.refusals, f)
	s.refusedAt = append(s.refusedAt, s.now())
}

// writeRefusals appends the refusals so far, as a server does at intervals.
func (s *sale) writeRefusals() {
	stream := events.RefusalsOf(day)
	for i, f := range s.refusals {
		e := events.Event{Type: f.Name(), Data: events.AppendFact(nil, f)}
		e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, 0, &e,
			&events.Metadata{Actor: string(f.Holder), At: s.refusedAt[i]})
		_, err := s.log.Append(context.Background(), stream, s.log.counts[stream]-1, []events.Event{e})
		s.must(err)
	}
	s.refusals, s.refusedAt = nil, nil
}

// pass advances the time by d, and executes the deadlines of bookings in between, as a server does.
func (s *sale) pass(d time.Duration) {
	to := s.now().Add(d)
	for {
		var due []string // the bookings with the earliest deadline
		first := to
		for _, id := range s.bookings {
			_, err := s.desk.View(context.Background(), booking.Stream(events.BookingID(id)), func(c core.Core) {
				switch at := c.NextDeadline(); {
				case at.IsZero() || !at.Before(to) || at.After(first):
				case at.Before(first):
					due, first = []string{id}, at
				default:
					due = append(due, id)
				}
			})
			s.must(err)
		}
		if due == nil {
			s.set(to)
			return
		}
		s.set(first.Add(1))
		for _, id := range due {
			s.must(s.process.Resume(context.Background(), origin(), events.BookingID(id)))
		}
	}
}

func (s *sale) book(holder string, seats ...events.SeatName) {
	answer, err := s.process.Book(context.Background(),
		bookings.Book{Origin: origin(), PerformanceID: "gala", Holder: events.Holder(holder), Seats: seats, Room: "door"})
	if err == nil {
		s.bookings = append(s.bookings, string(answer.Booking.ID))
	}
	s.refusedBooking(err, &events.RefusalRecorded{Path: "/v1/performances/gala/bookings", Stream: "performance-gala",
		Holder: events.Holder(holder), Seats: seats})
}

// refusedBooking records the refusal of a request about a booking, with the conflicting fact, as a
// server does.
func (s *sale) refusedBooking(err error, f *events.RefusalRecorded) {
	refusal := (*core.Refusal)(nil)
	if !errors.As(err, &refusal) {
		return
	}
	if f.Method == "" {
		f.Method = "POST"
	}
	f.Code, f.BeatenStream = string(refusal.Code), f.Stream
	switch taken := refusal.Fields.Seats(); {
	case f.Code == string(core.CodeSeatTaken) && len(taken) > 0:
		f.BeatenStream = "seat-gala~" + string(taken[0])
	case f.Code == string(core.CodeLimitExceeded) && f.Holder != "":
		f.BeatenStream = "allowance-gala~" + string(f.Holder)
	}
	if page, _ := s.log.Read(context.Background(), events.StreamID(f.BeatenStream), events.EndRevision, events.Backward,
		1); len(page) > 0 {
		f.BeatenRevision, f.BeatenPosition = int64(page[0].Revision), int64(page[0].Position)
	} else {
		f.BeatenStream = ""
	}
	s.refusals, s.refusedAt = append(s.refusals, f), append(s.refusedAt, s.now())
}

// reserve requests units and returns the reservation's id.
func (s *sale) reserve(holder string, quantity int64, hold bool) events.ID {
	id := actors.NewID()
	s.do(
		product.Stream("tee"),
		&product.Reserve{ReservationID: id, Holder: events.Holder(holder), Quantity: quantity, Hold: hold,
			Room: "door"},
	)
	return id
}

// open puts an entity of each kind on sale.
func (s *sale) open() {
	s.do(
		product.Stream("tee"),
		&product.Create{ID: "tee", Name: "Tee", Stock: 12, LimitPerHolder: 5, HoldSeconds: 60, Price: teeOffer.Price,
			WaitingRoom: "door", Cancellation: teeOffer.Cancellation},
	)
	s.do(tournament.Stream("cup"), &tournament.Create{ID: "cup", Name: "Cup", TeamLimit: 4,
		RegisterDeadline: day.Add(20 * time.Minute), Waitlist: true, Rule: events.WaitlistFill, WaitingRoom: "door"})
	s.do(performance.Stream("gala"), &performance.Create{ID: "gala", Title: "Gala", Venue: "Hall",
		StartsAt: day.Add(time.Hour), HoldSeconds: 60,
		Cancellation:   events.Cancellation{RefundPercent: 33, Until: day.Add(10 * time.Minute)},
		LimitPerHolder: 4, WaitingRoom: "door", Sections: []events.Section{{ID: "A", Rows: 2, SeatsPerRow: 4, Price: 100}}})
	s.do(waitingroom.Stream("door"), &waitingroom.Set{ID: "door", Settings: events.WaitingRoomSettings{
		AdmitPerSecond: 1, MaxActive: 3, ActiveSeconds: 60, HeartbeatSeconds: 30}})
	for _, holder := range holders {
		s.do(wallet.Stream(events.Holder(holder)), &wallet.Charge{ID: events.ChargeID("first-" + holder), Amount: 500})
	}
	for i := range 8 {
		s.do(team.Stream(events.TeamID(fmt.Sprint("t", i))), &team.Register{ID: events.TeamID(fmt.Sprint("t", i)), Name: "T"})
	}
}

// teeOffer is the offer of the product, whose units may be returned until ten minutes after the start.
var teeOffer = product.Offer{Price: 5,
	Cancellation: events.Cancellation{RefundPercent: 50, Until: day.Add(10 * time.Minute)}}

var holders = []string{"ann", "bob", "cid", "dot"}
