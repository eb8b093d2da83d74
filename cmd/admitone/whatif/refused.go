package whatif

import (
	"context"
	"net/http"
	"strings"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// retryRefused decides a request again that was refused in the log. Requests that the simulation does not
// decide (invalid ones, and those of organisers) are refused as recorded.
func (r *executor) retryRefused(request *demand.Request, f *events.RefusalRecorded) (core.Code, error) {
	recorded := core.Code(f.Code)
	switch {
	case request.Transient, recorded == core.CodeAmountMismatch, recorded == core.CodePaymentReferenceUsed:
		return recorded, nil
	}
	done, err := r.executeRefused(request, f)
	if !done {
		return recorded, nil
	}
	refused, err := code(err)
	switch {
	case refused == core.CodeNotFound && (recorded == core.CodeHoldExpired || recorded == core.CodeReleased):
		return recorded, nil // a server looks up ended reservations, which a product does not retain
	case refused == core.CodePassRequired && recorded == core.CodePassInvalid:
		return recorded, nil // a simulation has no invalid passes
	}
	return refused, err
}

// executeRefused executes a refused request. done is false if the simulation does not decide it.
func (r *executor) executeRefused(request *demand.Request, f *events.RefusalRecorded) (done bool, err error) {
	collection, rest, ok := strings.Cut(strings.TrimPrefix(f.Path, "/v1/"), "/")
	if !ok {
		return false, nil
	}
	path := strings.Split(rest, "/")
	switch collection {
	case "performances":
		if len(path) != 2 || path[1] != "bookings" || len(f.Seats)+len(f.Areas) == 0 && f.Quantity == 0 {
			return false, nil
		}
		_, err = r.bookings.Book(
			context.Background(),
			bookings.Book{Origin: origin(), PerformanceID: events.PerformanceID(path[0]),
				Holder: f.Holder, Seats: f.Seats, Areas: f.Areas, Quantity: int(f.Quantity), Section: f.Section,
				Room: r.pass(request)},
		)
		return true, err
	case "bookings":
		return r.executeRefusedBooking(f, path)
	}
	k := kinds.ByCollection(collection)
	if k == nil || k.RefusedCommand == nil {
		return false, nil
	}
	command := k.RefusedCommand(f, path, r.pass(request))
	if command == nil {
		return false, nil
	}
	_, err = r.command(request.Stream, command)
	return true, err
}

// executeRefusedBooking is executeRefused for requests about an existing booking.
func (r *executor) executeRefusedBooking(f *events.RefusalRecorded, path []string) (done bool, err error) {
	ctx, id := context.Background(), r.bookingID(path[0])
	switch {
	case len(path) == 2 && path[1] == "payment":
		_, err = r.bookings.Pay(ctx, bookings.Pay{Origin: origin(), BookingID: id})
	case len(path) == 2 && path[1] == "extension":
		_, err = r.bookings.Extend(ctx, bookings.Extend{Origin: origin(), BookingID: id})
	case len(path) == 1 && f.Method == http.MethodDelete:
		_, err = r.bookings.Cancel(ctx, bookings.Cancel{Origin: origin(), BookingID: id})
	default:
		return false, nil
	}
	return true, err
}

// UnconfirmedHolds implements [bookings.Views]. A simulation does not repeat requests for bookings.
func (h *simulation) UnconfirmedHolds(context.Context, events.BookingID) (map[events.HoldID][]events.StreamID, error) {
	return nil, nil
}

// CatchUp implements [bookings.Views]. A simulation does not lag behind.
func (h *simulation) CatchUp(context.Context) error { return nil }

// KeptAfter implements [bookings.Views]. In a simulation no fee is withheld after a cancellation.
func (h *simulation) KeptAfter(context.Context, events.BookingID) (int64, error) { return 0, nil }

// TakenSeats implements [bookings.Views].
func (h *simulation) TakenSeats(
	_ context.Context,
	id events.PerformanceID,
) (taken []byte, at events.Position, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.entity(performance.Stream(id))
	if err != nil {
		return nil, 0, err
	}
	layout, err := h.halls.layout(e.core.(*performance.Performance))
	if err != nil {
		return nil, 0, err
	}
	taken = make([]byte, layout.Seats())
	for name := range h.taken[id] {
		if seat, ok := layout.Find(events.SeatName(name)); ok {
			taken[seat] = 1
		}
	}
	return taken, h.position, nil
}
