package history_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestHistoryByPages: a history has the same lines for any page size: the events of its own stream, events of other
// streams that concern a booking, and refusals.
func TestHistoryByPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		day := events.StreamID("")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.RandomAction(t)
			if day == "" && len(log.Recorded) > 0 {
				day = events.RefusalsOf(log.Recorded[0].Created)
			}
			if day != "" && rapid.IntRange(0, 3).Draw(t, "refused") == 0 {
				log.Add(day, &events.RefusalRecorded{Stream: "performance-a", Code: "seat_taken", Holder: "bob",
					Seats:        []events.SeatName{"A-1-1"},
					BeatenStream: "seat-a~A-1-1", BeatenRevision: 0, BeatenPosition: 1})
			}
		}
		log.Seal()
		kinds := [][2]string{{"performance", "a"}, {"seat", "a~A-1-1"}, {"wallet", "ada"}}
		for _, id := range c.Order {
			kinds = append(kinds, [2]string{"booking", id})
		}
		for _, entity := range kinds {
			want := relatedTo(t, log, entity, 10_000)
			size := rapid.IntRange(1, 5).Draw(t, "size")
			if got := relatedTo(t, log, entity, size); !slices.Equal(got, want) {
				t.Fatalf("%s in pages of %d: %v, want %v", entity, size, got, want)
			}
			checkHistory(t, log, entity, want)
		}
	})
}

// TestCausesOfLines: an event of another stream that a booking's step caused names that step, even if the
// booking is not part of the history.
func TestCausesOfLines(t *testing.T) {
	log := logtest.NewMemory()
	put := func(stream events.StreamID, command, cause string, fact events.Fact) {
		log.Add(stream, fact)
		e := &log.Recorded[len(log.Recorded)-1]
		id := func(name string) string {
			if name == "" || name == "request" || name == "deadline" {
				return name
			}
			return events.EventID(name, 0).String()
		}
		e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event,
			&events.Metadata{CommandID: id(command), CausationID: id(cause), CorrelationID: "request", At: e.Created})
	}
	put("seat-a~A-1-1", "s1", "held", &events.SeatHeld{HoldID: "b.1", Holder: "ada"})
	put("booking-b", "held", "request", &events.BookingHeld{BookingID: "b", Holder: "ada", PerformanceID: "a",
		Seats: []events.BookedSeat{{Seat: "A-1-1"}}})
	put("booking-b", "paying", "request", &events.BookingPaymentStarted{PaymentID: "b.1"})
	put("wallet-ada", "w1", "paying", &events.WalletDebited{BookingID: "b"})
	put("seat-a~A-1-1", "s2", "paying", &events.SeatBooked{HoldID: "b.1", BookingID: "b", Holder: "ada"})
	put("booking-b", "booked", "paying", &events.BookingBooked{PaymentID: "b.1"})
	put("seat-a~A-1-1", "s3", "nobody knows", &events.SeatReleased{HoldID: "b.1", Holder: "ada"})
	put("seat-a~A-1-1", "s4", "deadline", &events.SeatExpired{HoldID: "b.1", Holder: "ada"})
	for entity, want := range map[[2]string]string{
		{"seat", "a~A-1-1"}: "1<2 5<3 7<0 8<0 ",
		{"wallet", "ada"}:   "4<3 ",
		{"booking", "b"}:    "1<2 2<0 3<0 4<3 5<3 6<3 7<0 8<0 ",
	} {
		page, _, _, err := history.ReadRelated(t.Context(), log, entity[0], entity[1], 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(page, func(a, b history.Line) int { return int(a.Position) - int(b.Position) })
		got := ""
		for i := range page {
			got += fmt.Sprintf("%d<%d ", page[i].Position, page[i].Because)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", entity, got, want)
		}
	}
}

// relatedTo reads a history and returns the positions of its lines.
func relatedTo(t *rapid.T, log events.Store, entity [2]string, size int) (all []events.Position) {
	for after, more := events.Position(0), true; more; {
		page, next, again, err := history.ReadRelated(t.Context(), log, entity[0], entity[1], after, size)
		if err == history.ErrEmpty && after == 0 {
			return nil
		}
		if err != nil || len(page) > size || again && next <= after {
			t.Fatalf("%s: %d lines, next %d after %d, %v", entity, len(page), next, after, err)
		}
		for i := range page {
			all = append(all, page[i].Position)
		}
		after, more = next, again
	}
	slices.Sort(all)
	return all
}

// checkHistory checks that a history has the required events, and no others.
func checkHistory(t *rapid.T, log *logtest.Memory, entity [2]string, positions []events.Position) {
	for i := range log.Recorded {
		e := &log.Recorded[i]
		fact, err := e.Decode()
		if err != nil {
			t.Fatal(err)
		}
		_, refused := fact.(*events.RefusalRecorded)
		mine := e.Stream == events.NewStreamID(entity[0], entity[1]) ||
			entity[0] == "booking" && events.BookingOf(fact) == events.BookingID(entity[1]) &&
				e.Stream.Category() != "booking"
		if refused && len(positions) > 0 {
			mine = entity[0] == "performance" || entity[0] == "seat"
		}
		if mine != slices.Contains(positions, e.Position) {
			t.Fatalf("%s: position %d, %s in %s, in the history: %t, want %t", entity, e.Position, e.Type, e.Stream, !mine, mine)
		}
	}
}
