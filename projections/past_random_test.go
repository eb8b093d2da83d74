package projections

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// productModel generates valid facts of a product.
type productModel struct {
	id                events.ProductID
	stock, held, sold int64
	open              []events.ProductHeld // neither confirmed nor ended
	count             int
}

func (s *productModel) remaining() int64 { return s.stock - s.held - s.sold }

// randomAction returns a possible next fact.
func (s *productModel) randomAction(t *rapid.T) events.Fact {
	if s.stock == 0 {
		s.stock = rapid.Int64Range(1, 9).Draw(t, "stock")
		return &events.ProductCreated{ProductID: s.id, DisplayName: "Lamp " + string(s.id), Stock: s.stock, HoldSeconds: 60}
	}
	action := rapid.SampledFrom([]string{"sell", "hold", "confirm", "release", "expire", "edit"}).Draw(t, "action")
	s.count++
	id := events.ReservationID(events.EventID(string(s.id), s.count).String())
	switch {
	case action == "sell" && s.remaining() > 0:
		s.sold++
		return &events.ProductReserved{ReservationID: id, Holder: "ada", Quantity: 1, Remaining: s.remaining()}
	case action == "hold" && s.remaining() > 0:
		s.held++
		f := events.ProductHeld{ReservationID: id, Holder: "bob", Quantity: 1, ExpiresAt: time.Unix(2_000_000_000, 0).UTC(),
			Remaining: s.remaining()}
		s.open = append(s.open, f)
		return &f
	case action != "sell" && action != "hold" && action != "edit" && len(s.open) > 0:
		f := s.open[0]
		s.open = s.open[1:]
		s.held--
		switch action {
		case "confirm":
			s.sold++
			return &events.ProductConfirmed{ReservationID: f.ReservationID, Holder: f.Holder, Quantity: 1,
				Remaining: s.remaining()}
		case "release":
			return &events.ProductReleased{ReservationID: f.ReservationID, Holder: f.Holder, Quantity: 1,
				Was: events.ReservationHeld, Remaining: s.remaining()}
		}
		return &events.ProductExpired{Expired: []events.ExpiredHold{{ReservationID: f.ReservationID, Holder: f.Holder,
			Quantity: 1, ExpiresAt: f.ExpiresAt}}, Quantity: 1, Remaining: s.remaining()}
	}
	s.stock = s.held + s.sold + rapid.Int64Range(1, 5).Draw(t, "more")
	return &events.ProductEdited{DisplayName: fmt.Sprint("Lamp ", s.count), Stock: s.stock, Remaining: s.remaining()}
}

// TestThePastIsTheFoldOfAPrefix: in random histories of all kinds, the past state of each entity at every
// position equals the state in views that were folded up to that position.
func TestThePastIsTheFoldOfAPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		sellers := []*productModel{{id: "a"}, {id: "a-b"}}
		cups := []*tournamentModel{{id: "a"}, {id: "a-b"}}
		rooms := []*waitingRoomModel{{id: "a"}, {id: "a-b"}}
		for _, id := range testTeams {
			log.Add(team(id), &events.TeamRegistered{TeamID: id, DisplayName: "Team " + string(id)})
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				s := rapid.SampledFrom(sellers).Draw(t, "product")
				log.Add(product(s.id), s.randomAction(t))
			case 1:
				o := rapid.SampledFrom(cups).Draw(t, "tournament")
				log.Add(cup(o.id), o.randomAction(t)...)
			case 2:
				p := rapid.SampledFrom(rooms).Draw(t, "room")
				log.Add(events.NewStreamID("waitingroom", string(p.id)), p.randomAction(t))
			case 3:
				c.RandomAction(t)
			}
		}
		now, then := openIn(t, log, vfs.NewMem()), openIn(t, log, vfs.NewMem())
		defer now.Close()
		defer then.Close()
		foldEvents(t, now, log.Recorded)
		for at := range log.Recorded {
			if err := then.apply(log.Recorded[at : at+1]); err != nil {
				t.Fatal(err)
			}
			checkPast(t, now, then, c.Order, events.Position(at+1))
		}
	})
}

// checkPast compares all past states at a position, read with now, with the views then, which end at that position.
func checkPast(t *rapid.T, now, then *Projections, bookings []string, at events.Position) {
	for _, id := range []events.TournamentID{"a", "a-b"} {
		p, err := row.ProductAt(t.Context(), now.store, events.ProductID(id), at)
		want, ok, _ := then.Product(events.ProductID(id))
		checkRow(t, at, p, err, want, ok)
		p, err = now.ProductAt(t.Context(), events.ProductID(id), at) // from a snapshot
		checkRow(t, at, p, err, want, ok)
		checkPerformance(t, now, then, events.PerformanceID(id), at)
		w, err := row.WaitingRoomAt(t.Context(), now.store, events.RoomID(id), at)
		room, ok, _ := then.WaitingRoom(events.RoomID(id))
		checkRow(t, at, w, err, room, ok)
		roster, err := row.RosterAt(t.Context(), now.store, id, at)
		cup, ok, _ := then.Tournament(id)
		played, cupErr := now.TournamentAt(t.Context(), id, at)
		checkRow(t, at, played, cupErr, cup, ok)
		if roster == nil {
			checkRow(t, at, (*row.Tournament)(nil), err, cup, ok)
			continue
		}
		checkRow(t, at, &roster.Tournament, err, cup, ok)
		var entries []row.Entry
		for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
			page, _ := roster.Entries(status, 0, 99)
			entries = append(entries, page...)
		}
		if want := entriesIn(t, then, id, 3); fmt.Sprint(entries) != fmt.Sprint(want) {
			t.Fatalf("at %d the roster has %+v, want %+v", at, entries, want)
		}
	}
	for _, id := range testTeams {
		got, err := row.TeamAt(t.Context(), now.store, id, at)
		want, ok, _ := then.Team(id)
		checkRow(t, at, got, err, want, ok)
	}
	for _, id := range bookings {
		got, err := row.BookingAt(t.Context(), now.store, events.BookingID(id), at)
		want, ok, _ := then.Booking(id)
		checkRow(t, at, got, err, want, ok)
	}
	for _, holder := range []events.Holder{"ada", "ada-b"} {
		checkWallet(t, now, then, holder, at)
	}
}

func checkRow[R any](t *rapid.T, at events.Position, got *R, err error, want R, ok bool) {
	t.Helper()
	if err != nil || (got != nil) != ok || ok && !reflect.DeepEqual(*got, want) {
		t.Fatalf("state at %d: %+v, %v; want %+v, %t", at, got, err, want, ok)
	}
}
