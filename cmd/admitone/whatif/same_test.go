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
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestTheSamePolicyHasTheSameOutcome: of random histories of every kind, decided by the
// desk that servers have, the question without a change comes to the very same facts.
func TestTheSamePolicyHasTheSameOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSale(t.Fatal)
		defer s.close()
		s.open()
		middle := events.Position(1)
		var reserved []events.ID
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for i := range steps {
			s.pass(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 7, 29, 61}).Draw(t, "seconds"))*time.Second + time.Millisecond) // no two at once
			if i == steps/2 {
				s.writeRefusals()
				middle = s.log.head() + 1
			}
			switch rapid.SampledFrom([]string{"product", "product", "tournament", "booking", "booking", "booking", "room", "room"}).Draw(t, "kind") {
			case "product":
				reserved = s.someProduct(t, reserved)
			case "tournament":
				s.someTournament(t)
			case "booking":
				s.someBooking(t)
			case "room":
				s.someRoom(t)
			}
		}
		s.writeRefusals()
		for _, from := range []events.Position{0, middle} {
			s.same(t, from)
		}
	})
}

func (s *sale) someProduct(t *rapid.T, reserved []events.ID) []events.ID {
	tee := product.Stream("tee")
	pick := func() events.ID { return rapid.SampledFrom(reserved).Draw(t, "reservation") }
	what := rapid.SampledFrom([]string{"hold", "buy", "confirm", "confirm", "release", "edit"}).Draw(t, "product")
	if len(reserved) == 0 && what != "edit" {
		what = "hold"
	}
	switch what {
	case "hold", "buy":
		return append(reserved, s.reserve(rapid.SampledFrom(holders).Draw(t, "holder"), rapid.Int64Range(1, 4).Draw(t, "units"), what == "hold"))
	case "confirm":
		s.do(tee, &product.Confirm{ReservationID: pick()})
	case "release":
		s.do(tee, &product.Release{ReservationID: pick()})
	case "edit":
		stock := rapid.Int64Range(4, 20).Draw(t, "stock")
		s.do(tee, &product.Edit{Stock: &stock})
	}
	return reserved
}

func (s *sale) someTournament(t *rapid.T) {
	cup := tournament.Stream("cup")
	team := func() string { return fmt.Sprint("t", rapid.IntRange(0, 7).Draw(t, "team")) }
	switch rapid.SampledFrom([]string{"enter", "enter", "group", "withdraw", "edit", "close"}).Draw(t, "tournament") {
	case "enter":
		s.do(cup, &tournament.Enter{TeamIDs: []string{team()}, Room: "door"})
	case "group":
		s.do(cup, &tournament.Enter{TeamIDs: []string{team(), team()}, Room: "door"})
	case "withdraw":
		s.do(cup, &tournament.Withdraw{TeamID: team()})
	case "edit":
		limit := rapid.Int64Range(2, 6).Draw(t, "limit")
		s.do(cup, &tournament.Edit{TeamLimit: &limit})
	case "close":
		status := rapid.SampledFrom([]events.TournamentStatus{events.TournamentOpen, events.TournamentClosed}).Draw(t, "status")
		s.do(cup, &tournament.Edit{Status: &status})
	}
}

func (s *sale) someBooking(t *rapid.T) {
	holder := rapid.SampledFrom(holders).Draw(t, "holder")
	name := fmt.Sprintf("A-%d-%d", rapid.IntRange(1, 2).Draw(t, "row"), rapid.IntRange(1, 3).Draw(t, "number"))
	what := rapid.SampledFrom([]string{"book", "book", "pay", "pay", "extend", "cancel", "charge", "block"}).Draw(t, "booking")
	if len(s.bookings) == 0 && slices.Contains([]string{"pay", "extend", "cancel"}, what) {
		what = "book"
	}
	about := func() string { return rapid.SampledFrom(s.bookings).Draw(t, "which") }
	ctx := context.Background()
	switch what {
	case "book":
		next := name[:4] + string(name[4]+1)
		s.book(holder, []string{name, next}[:rapid.IntRange(1, 2).Draw(t, "seats")]...)
	case "pay":
		id := about()
		_, err := s.process.Pay(ctx, bookings.Pay{Origin: origin(), BookingID: id})
		s.refusedBooking(err, &events.RefusalRecorded{Path: "/v1/bookings/" + id + "/payment", Stream: "booking-" + id})
	case "extend":
		id := about()
		_, err := s.process.Extend(ctx, bookings.Extend{Origin: origin(), BookingID: id})
		s.refusedBooking(err, &events.RefusalRecorded{Path: "/v1/bookings/" + id + "/extension", Stream: "booking-" + id})
	case "cancel":
		id := about()
		_, err := s.process.Cancel(ctx, bookings.Cancel{Origin: origin(), BookingID: id})
		s.refusedBooking(err, &events.RefusalRecorded{Method: "DELETE", Path: "/v1/bookings/" + id, Stream: "booking-" + id})
	case "charge":
		s.do(wallet.Stream(holder), &wallet.Charge{ID: "more", Amount: rapid.Int64Range(1, 300).Draw(t, "amount")})
	case "block":
		s.do(seat.Stream("gala", name), rapid.SampledFrom([]core.Command{&seat.Block{}, &seat.Unblock{}}).Draw(t, "block"))
	}
}

func (s *sale) someRoom(t *rapid.T) {
	door := waitingroom.Stream("door")
	number := rapid.Int64Range(1, 8).Draw(t, "ticket")
	switch rapid.SampledFrom([]string{"join", "join", "admit", "admit", "leave", "finish", "drop", "set"}).Draw(t, "room") {
	case "join":
		s.do(door, &waitingroom.Join{Holder: rapid.SampledFrom(holders).Draw(t, "holder")})
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
		_, err := s.desk.View(context.Background(), door, func(c core.Core) { settings = c.(*waitingroom.Room).Line().Settings })
		s.must(err)
		version = settings.Version
		settings.MaxActive = rapid.Int64Range(1, 4).Draw(t, "active")
		s.do(door, &waitingroom.Set{ID: "door", Settings: settings, IfVersion: &version})
	}
}

// same asks the question without a change, and compares fact by fact.
func (s *sale) same(t *rapid.T, from events.Position) {
	q := newInquiry(s.log, Question{From: from, To: s.log.head(), Kinds: kinds})
	var was, mine told
	q.was.told = was.hear(q.wasTally)
	tell := q.mine.told
	hear := mine.hear(newTally())
	q.mine.told = func(stream events.StreamID, fact events.Fact, at time.Time) {
		hear(stream, fact, at)
		tell(stream, fact, at)
	}
	if err := q.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, 2*len(q.mine.names))
	for theirs, ours := range q.mine.names {
		names = append(names, ours, theirs)
	}
	again := strings.NewReplacer(names...)
	heard := map[string][]string{}
	was.complete()
	mine.complete()
	for stream, facts := range mine {
		for _, fact := range facts {
			name := again.Replace(string(stream))
			heard[name] = append(heard[name], again.Replace(fact))
		}
	}
	if len(heard) != len(was) {
		t.Errorf("from %d: %d streams, and the log has %d", from, len(heard), len(was))
	}
	for stream, facts := range was {
		if got := heard[string(stream)]; !slices.Equal(got, facts) {
			t.Errorf("from %d: %s goes\n%s\nand in the log\n%s", from, stream, strings.Join(got, "\n"), strings.Join(facts, "\n"))
		}
	}
	recorded, asked := q.wasTally.result(), q.mineTally.result()
	if fmt.Sprintf("%+v", figuresOf(recorded)) != fmt.Sprintf("%+v", figuresOf(asked)) {
		t.Errorf("from %d: the figures are\n%+v\nand were\n%+v", from, asked, recorded)
	}
}

// figuresOf are figures that can be printed: the time by its value.
func figuresOf(f Figures) Figures {
	if f.LastSale != nil {
		f.Takings, f.LastSale = f.Takings+f.LastSale.UnixNano(), nil
	}
	return f
}

// told is what was heard of each stream, in order.
type told map[events.StreamID][]string

// complete leaves out what allowances were taken for a moment, by bookings that were
// refused: nothing hangs on it.
func (h told) complete() {
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

// hear notes facts and passes them on. How many expire with one fact depends on who
// asked first, so those are told one by one.
func (h *told) hear(t *tally) func(events.StreamID, events.Fact, time.Time) {
	*h = told{}
	return func(stream events.StreamID, fact events.Fact, at time.Time) {
		t.told(stream, fact, at)
		switch f := fact.(type) {
		case *events.ProductExpired:
			for _, one := range f.Expired {
				(*h)[stream] = append((*h)[stream], "expired "+one.ReservationID)
			}
		case *events.WaitingRoomExpired:
			for one := range events.Tickets(f.Tickets) {
				(*h)[stream] = append((*h)[stream], fmt.Sprint("expired ", one))
			}
		default:
			(*h)[stream] = append((*h)[stream], fact.Name()+" "+string(fact.AppendJSON(nil)))
		}
	}
}
