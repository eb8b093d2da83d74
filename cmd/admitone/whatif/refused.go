package whatif

import (
	"context"
	"net/http"
	"strings"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/tournament"
	"admitone/events"
	"admitone/projections/demand"
)

// askAgain asks once more for what was refused in the log. What the house does not
// decide is refused as it was: what was no proper request, and what organisers wanted.
func (r *rehearsal) askAgain(w *demand.Wish, f *events.RefusalRecorded) (string, error) {
	if w.Moment {
		return f.Code, nil
	}
	done, err := r.again(w, f)
	if !done {
		return f.Code, nil
	}
	refused, err := code(err)
	if refused == neverCame && (f.Code == "hold_expired" || f.Code == "released") {
		return f.Code, nil // a product forgets what has ended; a server looks it up
	}
	if refused == "pass_required" && f.Code == "pass_invalid" {
		return f.Code, nil // here nobody shows a pass that is none
	}
	return refused, err
}

// again does it; done is false for what the house does not decide.
func (r *rehearsal) again(w *demand.Wish, f *events.RefusalRecorded) (done bool, err error) {
	at := strings.Split(strings.TrimPrefix(f.Path, "/v1/"), "/")
	if len(at) < 2 {
		return false, nil
	}
	switch at[0] {
	case "products", "tournaments":
		command, ok := askedOf(f, at, r.pass(w))
		if !ok {
			return false, nil
		}
		_, err = r.command(w.Stream, command)
		return true, err
	case "performances":
		if len(at) != 3 || at[2] != "bookings" || len(f.Seats) == 0 && f.Quantity == 0 {
			return false, nil
		}
		_, err = r.bookings.Book(context.Background(), bookings.Book{Origin: origin(), PerformanceID: at[1], Holder: f.Holder,
			Seats: f.Seats, Quantity: int(f.Quantity), Section: f.Section, Room: r.pass(w)})
		return true, err
	case "bookings":
		return r.againBooking(f, at)
	}
	return false, nil
}

// askedOf is the command to a product or a tournament that a refused request came to.
func askedOf(f *events.RefusalRecorded, at []string, room string) (core.Command, bool) {
	if len(at) < 3 {
		return nil, false
	}
	post := f.Method == http.MethodPost
	switch what := at[2]; {
	case what == "reservations" && len(at) == 3 && post:
		return &product.Reserve{ReservationID: actors.NewID(), Holder: f.Holder, Quantity: max(1, f.Quantity), Hold: f.Hold, Room: room}, true
	case what == "reservations" && len(at) > 3:
		id, err := events.ParseID(at[3])
		if err != nil {
			return nil, false
		}
		if post {
			return &product.Confirm{ReservationID: id}, true
		}
		return &product.Release{ReservationID: id}, true
	case what == "entries" && post:
		return &tournament.Enter{TeamIDs: f.TeamIDs, Room: room}, len(f.TeamIDs) > 0
	case what == "entries" && len(at) == 4:
		return &tournament.Withdraw{TeamID: at[3]}, true
	}
	return nil, false
}

func (r *rehearsal) againBooking(f *events.RefusalRecorded, at []string) (done bool, err error) {
	ctx, id := context.Background(), at[1]
	if mine, known := r.names[id]; known {
		id = mine
	}
	switch {
	case len(at) == 3 && at[2] == "payment":
		_, err = r.bookings.Pay(ctx, bookings.Pay{Origin: origin(), BookingID: id})
	case len(at) == 3 && at[2] == "extension":
		_, err = r.bookings.Extend(ctx, bookings.Extend{Origin: origin(), BookingID: id})
	case len(at) == 2 && f.Method == http.MethodDelete:
		_, err = r.bookings.Cancel(ctx, bookings.Cancel{Origin: origin(), BookingID: id})
	default:
		return false, nil
	}
	return true, err
}

// seats is the map of a performance, for those who leave the choice to the house.
func (h *house) seats(_ context.Context, id string) (taken []byte, at events.Position, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.entity(performance.Stream(id))
	if err != nil {
		return nil, 0, err
	}
	show := e.core.(*performance.Performance)
	taken = make([]byte, show.Layout().Seats())
	for name := range h.taken[id] {
		if seat, ok := show.Layout().Find(name); ok {
			taken[seat] = 1
		}
	}
	return taken, h.position, nil
}
