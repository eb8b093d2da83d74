package replay

import (
	"net/http"
	"strings"

	"admitone/events"
	"admitone/projections/demand"
)

// Why something is left out.
const (
	noRooms    = "waiting rooms: whoever came in comes in"
	noPasses   = "refused for want of a pass: here nothing is guarded"
	noDeadline = "refused because a deadline for entry had passed: here sign-up stays open"
	noTime     = "refused about a booking whose time had run out: here it is given back"
	noMoment   = "refused for the sake of somebody who was refused, too"
	noOther    = "refused edits, and other requests that depend on more than the log tells"
)

// refused are the requests that a recorded refusal comes to; none if it is left out, and
// why. What hung on the clock alone is not asked again, or its deadline is brought about
// first: the other server's clock is another one.
func (p *player) refused(f *events.RefusalRecorded, w *demand.Wish) (all []*request, leftOut string) {
	switch {
	case w.Moment:
		return nil, noMoment
	case strings.HasPrefix(w.Refused, "pass_"):
		return nil, noPasses
	case w.Refused == "deadline_passed":
		return nil, noDeadline
	}
	at := strings.Split(strings.TrimPrefix(f.Path, "/v1/"), "/")
	if len(at) > 1 && at[0] == "bookings" {
		return p.refusedBooking(at, f, w)
	}
	r := refusedHere(at, f, w)
	if r == nil {
		return nil, noOther
	}
	if w.Refused == "hold_expired" && len(at) > 3 {
		ended := remove("/v1/products/"+at[1]+"/reservations/<"+at[3]+">", r.needs...)
		ended.house = true
		all = append(all, ended)
	}
	return append(all, r), ""
}

// refusedHere is a request about a product, a tournament or a performance, as it was; nil
// if it is none that can be sent again.
func refusedHere(at []string, f *events.RefusalRecorded, w *demand.Wish) *request {
	r := &request{method: f.Method, path: f.Path, needs: []need{{string(w.Stream), alone}}}
	switch {
	case len(at) < 2:
		return nil
	case at[0] == "products" && len(at) == 3 && at[2] == "reservations":
		r.body = members{"holder": f.Holder, "quantity": max(1, f.Quantity), "hold": f.Hold}
	case at[0] == "products" && len(at) > 3:
		r.path = strings.Join(append([]string{"/v1/products", at[1], "reservations", "<" + at[3] + ">"}, at[4:]...), "/")
		r.needs = append(r.needs, need{onReservation(at[3]), alone})
	case at[0] == "tournaments" && len(at) == 3 && at[2] == "entries" && len(f.TeamIDs) > 0:
		r.body = entryOf(f.TeamIDs)
	case at[0] == "tournaments" && len(at) == 4:
	case at[0] == "performances" && len(at) == 3 && at[2] == "bookings":
		r.needs = []need{{onPerformance(at[1]), alone}}
		r.body = members{"holder": f.Holder, "seats": f.Seats}
		if len(f.Seats) == 0 {
			best := members{"quantity": f.Quantity}
			if f.Section != "" {
				best["section"] = f.Section
			}
			r.body = members{"holder": f.Holder, "best_available": best}
		}
	default:
		return nil
	}
	return r
}

// refusedBooking is a request about a booking. If its time had run out before the log
// says so, it is given back here first, unless a late payment takes it again.
func (p *player) refusedBooking(at []string, f *events.RefusalRecorded, w *demand.Wish) (all []*request, leftOut string) {
	b := p.bookings[at[1]]
	if b == nil {
		return nil, noOther
	}
	expired := w.Refused == "hold_expired"
	if b.over || expired && b.late { // it is another booking now that its time has run out
		return nil, noTime
	}
	needs := append(b.places(), need{"booking-" + at[1], alone}, need{onWallet(b.holder), alone})
	if expired {
		b.over = true
		ended := remove("/v1/bookings/<"+at[1]+">", needs...)
		ended.house = true
		all = append(all, ended)
	}
	return append(all, &request{method: f.Method, needs: needs,
		path: strings.Join(append([]string{"/v1/bookings/<" + at[1] + ">"}, at[2:]...), "/")}), ""
}

// sameEnd says that a request was refused because a time had run out, and meets here what
// was given back at that time.
func sameEnd(r *request, recorded string, a *answer) bool {
	if recorded != "hold_expired" || a == nil {
		return false
	}
	return a.refused() == "released" || r.method == http.MethodDelete && statusOf(a) == "released"
}
