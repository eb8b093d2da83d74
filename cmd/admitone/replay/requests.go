package replay

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"admitone/actors/allowance"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// httpRequest is a request in the form in which it is sent.
type httpRequest struct {
	method, path, body string
	key, ifMatch       string
}

// recordedBooking is a booking of the log.
type recordedBooking struct {
	id          string
	performance events.PerformanceID
	holder      events.Holder
	seats       []events.SeatName
	areas       []events.WantedPlaces
	paidLate    bool // it expired, but was paid nevertheless
	released    bool // it was released on the target because it had expired
}

// needs returns the needs for a booking and everything that it takes.
func (b *recordedBooking) needs() []kinds.Need {
	needs := []kinds.Need{
		kinds.On(performance.Stream(b.performance), kinds.Shared),
		kinds.On(allowance.Stream(b.performance, b.holder), kinds.Exclusive),
		kinds.On(booking.Stream(events.BookingID(b.id)), kinds.Exclusive),
	}
	for _, name := range b.seats {
		needs = append(needs, kinds.On(seat.Stream(b.performance, name), kinds.Exclusive))
	}
	for i := range b.areas {
		needs = append(needs, kinds.On(area.Stream(b.performance, b.areas[i].Area), kinds.Exclusive))
	}
	return needs
}

// needsWithMoney returns needs with the holder's wallet.
func (b *recordedBooking) needsWithMoney() []kinds.Need {
	return append(b.needs(), kinds.On(wallet.Stream(b.holder), kinds.Exclusive))
}

// expire returns the request that releases a booking that has expired in the log.
func (b *recordedBooking) expire() *kinds.Request {
	b.released = true
	r := kinds.Delete("/v1/bookings/<"+b.id+">", b.needsWithMoney()...)
	r.System = true
	return r
}

// Reasons for leaving an intent out.
const (
	skipRooms          = "waiting rooms: everyone who was admitted may act here"
	skipPass           = "refused for lack of a pass: nothing is guarded here"
	skipSaleTimes      = "refused before a sale opened, after it had closed or after returns were closed: possible here"
	skipDeadline       = "refused because a deadline for entry had passed: entry stays open here"
	skipExpired        = "refused about an expired booking: it is released here"
	skipTransient      = "refused because of a booking that was refused itself"
	skipOther          = "refused edits, and other requests that depend on state outside the log"
	skipAwaited        = "refused while an external payment was awaited: here nothing waits for it"
	skipUnknownBooking = "bookings from before the range, and late payments that failed"
)

// requestsOf returns the requests for an intent, or the reason why it is left out.
func (p *runner) requestsOf(intent *demand.Request) (all []*kinds.Request, leftOut string) {
	if f, ok := intent.Fact.(*events.RefusalRecorded); ok && intent.Stream.Category() != events.WaitingRoomCategory {
		return p.refused(f, intent)
	}
	switch intent.Stream.Category() {
	case events.WaitingRoomCategory:
		return nil, skipRooms
	case events.BookingCategory:
		return p.bookingRequests(intent)
	case events.PaymentCategory:
		return p.paymentRequests(intent)
	}
	p.dropPaid(intent)
	if k := kinds.Of(intent.Stream); k != nil && k.Requests != nil {
		return k.Requests(intent), ""
	}
	return nil, skipOther
}

// isSetup reports whether an intent puts something on sale or charges a wallet.
func isSetup(intent *demand.Request) bool {
	k := kinds.Of(intent.Stream)
	if k == nil || k.Requests == nil {
		return false
	}
	for _, r := range k.Requests(intent) {
		if r.Setup {
			return true
		}
	}
	return false
}

func (p *runner) bookingRequests(intent *demand.Request) (all []*kinds.Request, leftOut string) {
	b := p.bookings[intent.Stream.Entity()]
	if b == nil {
		return nil, skipUnknownBooking
	}
	path := "/v1/bookings/<" + b.id + ">"
	var r *kinds.Request
	switch f := intent.Fact.(type) {
	case *events.BookingHeld:
		body := kinds.BookingBody(b.holder, b.seats, b.areas)
		if len(f.Seats) > 0 {
			body["seats"] = seatsOf(f)
		}
		if f.Label != "" {
			body["label"] = f.Label
		}
		r = kinds.Post("/v1/performances/"+string(b.performance)+"/bookings", kinds.WithOrderData(body, &f.OrderData),
			b.needs()...)
		r.Creates = b.id
	case *events.BookingIntentBegun, *events.BookingIntentEnded:
		return nil, "" // all holds on the target have the same duration
	case *events.BookingPaymentStarted:
		if b.released {
			return nil, skipUnknownBooking
		}
		r = kinds.Post(path+"/payment", struct{}{}, b.needsWithMoney()...)
	case *events.BookingExtended:
		r = kinds.Post(path+"/extension", nil, kinds.On(intent.Stream, kinds.Exclusive))
	case *events.BookingSeatReturned:
		part := "/seats/" + url.PathEscape(string(f.Seat))
		if f.Area != "" {
			part = fmt.Sprintf("/areas/%s/%d", f.Area, f.Place)
		}
		r = kinds.Delete(path+part+kinds.InTime, b.needsWithMoney()...)
	case *events.BookingReleased:
		r = kinds.Delete(path+kinds.InTime, b.needsWithMoney()...)
	case *events.BookingExpired:
		if b.paidLate {
			return nil, "" // the booking stays held on the target until it is paid
		}
		r = b.expire()
	default:
		return nil, skipUnknownBooking
	}
	return []*kinds.Request{r}, ""
}

// prepare returns a request in the form in which it is sent. targetID returns the target's id for an id of the log. ok
// is false if the target has none.
func prepare(
	r *kinds.Request,
	targetID func(id string) (string, bool),
) (s *httpRequest, ok bool, err error) {
	s = &httpRequest{method: r.Method, path: r.Path}
	if before, rest, found := strings.Cut(r.Path, "<"); found {
		recorded, after, _ := strings.Cut(rest, ">")
		id, ok := targetID(recorded)
		if !ok {
			return nil, false, nil
		}
		s.path = before + id + after
	}
	if r.Body != nil {
		body, err := json.Marshal(r.Body)
		if err != nil {
			return nil, false, err
		}
		s.body = string(body)
	}
	return s, true, nil
}

// seatsOf returns the seats of a booking in the form of a request body: names, or names with price
// types.
func seatsOf(f *events.BookingHeld) []any {
	seats := make([]any, len(f.Seats))
	for i := range f.Seats {
		if seats[i] = f.Seats[i].Seat; f.Seats[i].PriceType != "" {
			seats[i] = map[string]any{"seat": f.Seats[i].Seat, "price_type": f.Seats[i].PriceType}
		}
	}
	return seats
}
