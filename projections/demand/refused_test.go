package demand

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// refusalLog is the part of a store that Refused uses.
type refusalLog struct {
	events.Store
	all []events.Recorded
}

// add appends a fact decided at a second of the last minute of the day.
func (s *refusalLog) add(stream string, second int, fact events.Fact) events.Position {
	e := events.Event{Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	at := time.Date(2031, 5, 1, 23, 59, second, 0, time.UTC)
	e.Metadata, _ = events.Seal(nil, events.Hash{}, events.StreamID(stream), 0, &e, &events.Metadata{At: at})
	revision := events.Revision(0)
	for i := range s.all {
		if s.all[i].Stream == events.StreamID(stream) {
			revision++
		}
	}
	s.all = append(s.all, events.Recorded{Event: e, Stream: events.StreamID(stream), Revision: revision, Created: at,
		Position: events.Position(len(s.all) + 1)})
	return events.Position(len(s.all))
}

// refuse appends a refusal, recorded the next day, that was decided on the event at a position.
func (s *refusalLog) refuse(holder events.Holder, second int, code, beaten string, at events.Position) {
	f := &events.RefusalRecorded{Holder: holder, Code: code, BeatenStream: beaten, BeatenPosition: int64(at)}
	s.add("refusals-2031-05-02", second, f)
}

func (s *refusalLog) ReadAll(_ context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if dir == events.Backward {
		return s.all[min(int(from)-1, len(s.all))-1:][:1], nil
	}
	rest := s.all[min(int(from), len(s.all)):]
	return rest[:min(limit, len(rest))], nil
}

func (s *refusalLog) Read(_ context.Context, stream events.StreamID, from events.Revision, _ events.Direction,
	limit int) (page []events.Recorded, _ error) {
	for _, e := range s.all {
		if e.Stream == stream && e.Revision >= from && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

// TestRefusalsAreEmittedWhereDecided: refusals for contended seats are recorded later and emitted where they
// were decided.
func TestRefusalsAreEmittedWhereDecided(t *testing.T) {
	s := &refusalLog{}
	s.add("product-p", 0, &events.ProductCreated{})
	held := s.add("seat-x~A-1-1", 1, &events.SeatHeld{HoldID: "a.1", BookingID: "a"})
	brief := s.add("seat-x~A-1-2", 1, &events.SeatHeld{HoldID: "b.1", BookingID: "b"})
	s.add("seat-x~A-1-2", 2, &events.SeatReleased{HoldID: "b.1", Reason: events.ReleasedIncomplete})
	s.add("booking-a", 3, &events.BookingHeld{BookingID: "a"})
	s.add("booking-a", 6, &events.BookingReleased{})
	freed := s.add("seat-x~A-1-1", 6, &events.SeatReleased{HoldID: "a.1", Reason: events.ReleasedCancelled})
	s.add("product-p", 9, &events.ProductReserved{})
	s.refuse("early", 2, "seat_taken", "seat-x~A-1-1", held)   // a had the seat, but was emitted at second 3
	s.refuse("later", 5, "seat_taken", "seat-x~A-1-1", held)   // a had it
	s.refuse("nobody", 1, "seat_taken", "seat-x~A-1-2", brief) // b held it briefly
	s.refuse("late", 7, "seat_taken", "seat-x~A-1-1", freed)   // it was free when the refusal was recorded
	s.refuse("first", 8, "sold_out", "product-p", 1)
	s.add("refusals-2031-05-02", 10, &events.RefusalsDropped{Count: 3})
	end := events.Position(len(s.all))

	// A refusal belongs to the day of its record.
	s.all[end-1].Created = s.all[end-1].Created.Add(time.Hour)
	refused, err := Refused(t.Context(), s, 1, end)
	if err != nil || len(refused) != 5 {
		t.Fatalf("%d refusals, %v; want 5", len(refused), err)
	}
	var got []string
	for request, err := range Of(events.All(t.Context(), s, 0), refused) {
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(request.Fact.Name(), "product."), ".v")
		if f, ok := request.Fact.(*events.RefusalRecorded); ok {
			name = fmt.Sprint(f.Holder, map[bool]string{true: "?"}[request.Transient])
		}
		got = append(got, name)
	}
	want := []string{"created", "nobody?", "seat.released", "booking.held", "early", "later", "booking.released",
		"late?", "first", "reserved"}
	if !slices.Equal(got, want) {
		t.Errorf("order\n%v, want\n%v", got, want)
	}
	if refused, err := Refused(t.Context(), s, end, end); err != nil || len(refused) != 0 {
		t.Errorf("a range without refusals: %v, %v, want none", refused, err)
	}
}
