package whatif

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestUnchangedPolicyReproducesLog: for random histories of every kind, decided by a server's desk, a
// question with an unchanged policy leads to exactly the same facts.
func TestUnchangedPolicyReproducesLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSale(t.Fatal)
		defer s.close()
		s.open()
		middle := events.Position(1)
		var reserved []events.ID
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for i := range steps {
			s.pass(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 7, 29, 61}).Draw(t,
				"seconds"))*time.Second + time.Millisecond) // no two at the same time
			if i == steps/2 {
				s.writeRefusals()
				middle = s.log.head() + 1
			}
			switch rapid.SampledFrom([]string{"product", "product", "tournament", "booking", "booking", "booking", "room",
				"room"}).Draw(t, "kind") {
			case "product":
				reserved = s.randomProduct(t, reserved)
			case "tournament":
				s.randomTournament(t)
			case "booking":
				s.randomBooking(t)
			case "room":
				s.randomRoom(t)
			}
		}
		s.writeRefusals()
		for _, from := range []events.Position{0, middle} {
			s.checkUnchanged(t, from)
		}
	})
}

func (s *sale) randomProduct(t *rapid.T, reserved []events.ID) []events.ID {
	tee := product.Stream("tee")
	pick := func() events.ID { return rapid.SampledFrom(reserved).Draw(t, "reservation") }
	what := rapid.SampledFrom([]string{"hold", "buy", "confirm", "confirm", "pay", "pay", "release", "edit",
		"times"}).Draw(t, "product")
	if len(reserved) == 0 && what != "edit" && what != "times" {
		what = "hold"
	}
	switch what {
	case "hold", "buy":
		return append(reserved, s.reserve(rapid.SampledFrom(holders).Draw(t, "holder"),
			rapid.Int64Range(1, 4).Draw(t, "units"), what == "hold"))
	case "confirm":
		s.do(tee, &product.Confirm{ReservationID: pick()})
	case "pay":
		s.payReservation(pick(), rapid.IntRange(1, 6).Draw(t, "reference"), rapid.Int64Range(1, 4).Draw(t, "units"))
	case "release":
		id := pick()
		s.completeRefunds(s.do(tee, &product.Release{ReservationID: id, Reason: randomReason(t)}))
	case "times":
		times := s.randomTimes(t)
		s.do(tee, &product.Edit{OpensAt: &times.OpensAt, ClosesAt: &times.ClosesAt})
	case "edit":
		stock := rapid.Int64Range(4, 20).Draw(t, "stock")
		s.do(tee, &product.Edit{Stock: &stock})
	}
	return reserved
}

// randomReason returns the reason of an override, or "".
func randomReason(t *rapid.T) string { return rapid.SampledFrom([]string{"", "ill"}).Draw(t, "reason") }

// randomTimes returns sale times close to the current time.
func (s *sale) randomTimes(t *rapid.T) (times events.SaleTimes) {
	near := func(from, to int) time.Time {
		return s.now().Add(time.Duration(rapid.IntRange(from, to).Draw(t, "bound")) * time.Second)
	}
	times.OpensAt = near(-30, 10)
	times.ClosesAt = near(11, 200)
	return times
}

func (s *sale) randomTournament(t *rapid.T) {
	cup := tournament.Stream("cup")
	team := func() events.TeamID { return events.TeamID(fmt.Sprint("t", rapid.IntRange(0, 7).Draw(t, "team"))) }
	switch rapid.SampledFrom([]string{"enter", "enter", "group", "withdraw", "edit", "close"}).Draw(t, "tournament") {
	case "enter":
		s.do(cup, &tournament.Enter{TeamIDs: []events.TeamID{team()}, Room: "door"})
	case "group":
		s.do(cup, &tournament.Enter{TeamIDs: []events.TeamID{team(), team()}, Room: "door"})
	case "withdraw":
		s.do(cup, &tournament.Withdraw{TeamID: team()})
	case "edit":
		limit := rapid.Int64Range(2, 6).Draw(t, "limit")
		s.do(cup, &tournament.Edit{TeamLimit: &limit})
	case "close":
		status := rapid.SampledFrom([]events.TournamentStatus{events.TournamentOpen, events.TournamentClosed}).Draw(t,
			"status")
		s.do(cup, &tournament.Edit{Status: &status})
	}
}

func (s *sale) randomBooking(t *rapid.T) {
	holder := rapid.SampledFrom(holders).Draw(t, "holder")
	name := fmt.Sprintf("A-%d-%d", rapid.IntRange(1, 2).Draw(t, "row"), rapid.IntRange(1, 3).Draw(t, "number"))
	what := rapid.SampledFrom([]string{"book", "book", "pay", "pay", "extend", "cancel", "charge", "block", "edit",
		"call off", "intent", "intent", "end intent", "report", "report", "return", "return", "times"}).Draw(t, "booking")
	if what == "call off" && rapid.IntRange(0, 4).Draw(t, "really") > 0 {
		what = "book"
	}
	if len(s.bookings) == 0 &&
		slices.Contains([]string{"pay", "extend", "cancel", "intent", "end intent", "report", "return"}, what) {
		what = "book"
	}
	pick := func() string { return rapid.SampledFrom(s.bookings).Draw(t, "which") }
	ctx := context.Background()
	switch what {
	case "book":
		next := name[:4] + string(name[4]+1)
		s.book(
			holder,
			[]events.SeatName{events.SeatName(name), events.SeatName(next)}[:rapid.IntRange(1, 2).Draw(t, "seats")]...)
	case "pay":
		id := pick()
		_, err := s.process.Pay(ctx, bookings.Pay{Origin: origin(), BookingID: events.BookingID(id)})
		s.refusedBooking(err, &events.RefusalRecorded{Path: "/v1/bookings/" + id + "/payment", Stream: "booking-" + id})
	case "extend":
		id := pick()
		_, err := s.process.Extend(ctx, bookings.Extend{Origin: origin(), BookingID: events.BookingID(id)})
		s.refusedBooking(err, &events.RefusalRecorded{Path: "/v1/bookings/" + id + "/extension", Stream: "booking-" + id})
	case "cancel":
		id := pick()
		_, err := s.process.Cancel(ctx, bookings.Cancel{Origin: origin(), BookingID: events.BookingID(id),
			Reason: randomReason(t)})
		s.refusedBooking(err, &events.RefusalRecorded{Method: "DELETE", Path: "/v1/bookings/" + id, Stream: "booking-" + id})
	case "return":
		id := pick()
		_, err := s.process.ReturnSeat(ctx, bookings.ReturnSeat{Origin: origin(), BookingID: events.BookingID(id),
			Seat: events.SeatName(name), Reason: randomReason(t)})
		s.refusedBooking(err, &events.RefusalRecorded{Method: "DELETE", Path: "/v1/bookings/" + id + "/seats/" + name,
			Stream: "booking-" + id})
	case "times":
		times := s.randomTimes(t)
		s.do(performance.Stream("gala"), &performance.Edit{OpensAt: &times.OpensAt, ClosesAt: &times.ClosesAt})
	case "intent", "end intent", "report":
		s.randomPayment(t, what, pick())
	case "charge":
		s.do(wallet.Stream(events.Holder(holder)),
			&wallet.Charge{ID: "more", Amount: rapid.Int64Range(1, 300).Draw(t, "amount")})
	case "edit":
		s.do(performance.Stream("gala"), &performance.Edit{
			Prices: map[events.SectionID]int64{"A": rapid.Int64Range(90, 110).Draw(t, "price")}})
	case "call off":
		s.do(performance.Stream("gala"), &performance.Cancel{Reason: "ill"})
		for _, id := range s.bookings {
			s.must(s.process.CallOff(ctx, origin(), events.BookingID(id)))
		}
	case "block":
		s.do(seat.Stream("gala", events.SeatName(name)),
			rapid.SampledFrom([]core.Command{&seat.Block{}, &seat.Unblock{}}).Draw(t, "block"))
	}
}

func (s *sale) randomRoom(t *rapid.T) {
	door := waitingroom.Stream("door")
	number := rapid.Int64Range(1, 8).Draw(t, "ticket")
	switch rapid.SampledFrom([]string{"join", "join", "admit", "admit", "leave", "finish", "drop", "set"}).Draw(t,
		"room") {
	case "join":
		s.do(door, &waitingroom.Join{Holder: events.Holder(rapid.SampledFrom(holders).Draw(t, "holder"))})
	case "admit":
		s.do(door, &waitingroom.Admit{})
	case "leave":
		s.do(door, &waitingroom.Leave{Ticket: number})
	case "finish":
		s.do(door, &waitingroom.Finish{Ticket: number})
	case "drop":
		s.do(door, &waitingroom.Drop{Tickets: []events.TicketRange{{From: number, To: number + 1}}})
	case "set":
		var settings events.WaitingRoomSettings
		var version int64
		_, err := s.desk.View(context.Background(), door,
			func(c core.Core) { settings = c.(*waitingroom.Room).Line().Settings })
		s.must(err)
		version = settings.Version
		settings.MaxActive = rapid.Int64Range(1, 4).Draw(t, "active")
		s.do(door, &waitingroom.Set{ID: "door", Settings: settings, IfVersion: &version})
	}
}

// checkUnchanged answers a question with an unchanged policy, and compares the facts.
func (s *sale) checkUnchanged(t rapid.TB, from events.Position) {
	t.Helper()
	q := newRun(s.log, Question{From: from, To: s.log.head()})
	var logged, simulated streamFacts
	q.recorded.observe = logged.record(q.recordedSummary)
	observe := q.whatIf.observe
	record := simulated.record(newSummary())
	q.whatIf.observe = func(stream events.StreamID, fact events.Fact, at time.Time) {
		record(stream, fact, at)
		observe(stream, fact, at)
	}
	if err := q.execute(context.Background()); err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, 2*len(q.whatIf.bookingIDs))
	for recorded, id := range q.whatIf.bookingIDs {
		names = append(names, string(id), recorded)
	}
	replacer := strings.NewReplacer(names...)
	received := streamFacts{}
	logged.removeBriefAllowances()
	simulated.removeBriefAllowances()
	for stream, facts := range simulated {
		for _, fact := range facts {
			name := events.StreamID(replacer.Replace(string(stream)))
			received[name] = append(received[name], replacer.Replace(fact))
		}
	}
	refused := append(logged.closed(), received.closed()...)
	logged.remove(refused)
	received.remove(refused)
	if len(received) != len(logged) {
		t.Errorf("from %d: %d streams, want %d as in the log", from, len(received), len(logged))
	}
	for stream, facts := range logged {
		if got := received[stream]; !slices.Equal(got, facts) {
			t.Errorf("from %d: facts of %s\n%s\nwant\n%s", from, stream, strings.Join(got, "\n"), strings.Join(facts, "\n"))
		}
	}
	recorded, requested := q.recordedSummary.result(), q.whatIfSummary.result()
	if fmt.Sprintf("%+v", figuresOf(recorded)) != fmt.Sprintf("%+v", figuresOf(requested)) {
		t.Errorf("from %d: figures\n%+v\nwant\n%+v", from, requested, recorded)
	}
}

// closed returns the bookings that have only abandoned attempts, because they were refused.
func (h streamFacts) closed() (ids []string) {
	closed := func(fact string) bool { return strings.HasPrefix(fact, "booking.abandoned.") }
	for stream, facts := range h {
		if stream.Category() == "booking" && !slices.ContainsFunc(facts, func(fact string) bool { return !closed(fact) }) {
			ids = append(ids, stream.Entity())
		}
	}
	return ids
}

// remove removes bookings and their holds. Refused bookings have other ids in the simulation, or only
// their seats are held and released.
func (h streamFacts) remove(ids []string) {
	for _, id := range ids {
		delete(h, events.NewStreamID("booking", id))
		for stream, facts := range h {
			h[stream] = slices.DeleteFunc(facts, func(fact string) bool { return strings.Contains(fact, `"hold_id":"`+id+`.`) })
			if len(h[stream]) == 0 {
				delete(h, stream)
			}
		}
	}
}

// figuresOf returns figures that can be printed, with the time by its value.
func figuresOf(f Figures) Figures {
	if f.LastSale != nil {
		f.Takings, f.LastSale = f.Takings+f.LastSale.UnixNano(), nil
	}
	return f
}

// streamFacts has the facts of each stream, in order.
type streamFacts map[events.StreamID][]string

// removeBriefAllowances removes allowances that refused bookings took briefly, because nothing depends on them.
func (h streamFacts) removeBriefAllowances() {
	for stream, facts := range h {
		if stream.Category() != "allowance" {
			continue
		}
		facts = slices.DeleteFunc(facts, func(fact string) bool {
			_, id, _ := strings.Cut(fact, `"hold_id":"`)
			id, _, _ = strings.Cut(id, ".")
			return h[events.NewStreamID("booking", id)] == nil
		})
		if h[stream] = facts; len(facts) == 0 {
			delete(h, stream)
		}
	}
}

// record returns a function that records facts and forwards them to a summary. Expirations are recorded one by one,
// because their number in one fact depends on the time of the next command.
func (h *streamFacts) record(t *summary) func(events.StreamID, events.Fact, time.Time) {
	*h = streamFacts{}
	payments := map[events.StreamID]bool{} // for reservations: a simulation does not have them
	return func(stream events.StreamID, fact events.Fact, at time.Time) {
		t.add(stream, fact, at)
		if f, ok := fact.(*events.PaymentReceived); ok && f.ReservationID != "" {
			payments[stream] = true
		}
		if payments[stream] {
			return
		}
		switch f := fact.(type) {
		case *events.ProductExpired:
			for _, hold := range f.Expired {
				(*h)[stream] = append((*h)[stream], "expired "+string(hold.ReservationID))
			}
		case *events.WaitingRoomExpired:
			for ticket := range events.Tickets(f.Tickets) {
				(*h)[stream] = append((*h)[stream], fmt.Sprint("expired ", ticket))
			}
		default:
			(*h)[stream] = append((*h)[stream], fact.Name()+" "+string(events.AppendFact(nil, fact)))
		}
	}
}
