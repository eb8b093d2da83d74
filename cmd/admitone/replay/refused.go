package replay

import (
	"net/http"
	"strings"

	"admitone/actors/core"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// refused returns the requests for a refused request, or the reason why it is left out. A request
// that was refused only because of the time is left out, or the expiry comes first: the target has
// a different clock.
func (p *runner) refused(f *events.RefusalRecorded, w *demand.Request) (all []*kinds.Request, leftOut string) {
	if w.Transient {
		return nil, noMoment
	}
	switch core.Code(w.Refused) {
	case core.CodePassRequired, core.CodePassInvalid:
		return nil, noPasses
	case core.CodeDeadlinePassed:
		return nil, noDeadline
	case core.CodeNotOpen, core.CodeSaleClosed, core.CodeCancellationClosed:
		return nil, noBounds
	case core.CodePaymentInProgress:
		return nil, noWaiting
	case core.CodeAmountMismatch, core.CodePaymentReferenceUsed:
		return nil, noOther
	}
	collection, rest, ok := strings.Cut(strings.TrimPrefix(f.Path, "/v1/"), "/")
	if !ok || needsBody(f) {
		return nil, noOther
	}
	path := strings.Split(rest, "/")
	if collection == "bookings" {
		return p.refusedBooking(path, f, w)
	}
	if k := kinds.ByCollection(collection); k != nil && k.RefusedRequests != nil {
		all = k.RefusedRequests(f, path)
	}
	if len(all) == 0 {
		return nil, noOther
	}
	return all, ""
}

// needsBody reports whether a request had a body that its refusal does not contain: an edit, an intent or a checkout.
func needsBody(f *events.RefusalRecorded) bool {
	return f.Method == http.MethodPatch || strings.HasSuffix(f.Path, "/payment-intent") ||
		strings.HasSuffix(f.Path, "/checkout")
}

// refusedBooking returns a refused request about a booking. If the booking had expired before it is
// recorded as expired, it is released first, unless a late payment takes it again.
func (p *runner) refusedBooking(
	path []string, f *events.RefusalRecorded, w *demand.Request,
) (all []*kinds.Request, leftOut string) {
	b := p.bookings[path[0]]
	if b == nil {
		return nil, noOther
	}
	expired := core.Code(w.Refused) == core.CodeHoldExpired
	if b.over || expired && b.late { // the booking on the target differs from the recorded one
		return nil, noTime
	}
	if expired {
		all = append(all, b.end())
	}
	return append(all, &kinds.Request{Method: f.Method, Needs: b.needsWithMoney(),
		Path: strings.Join(append([]string{"/v1/bookings/<" + b.id + ">"}, path[1:]...), "/")}), ""
}

// sameEnd reports whether a request that was refused because a hold had expired finds one on the
// target that was released at that time.
func sameEnd(r *kinds.Request, recorded core.Code, a *answer) bool {
	if recorded != core.CodeHoldExpired || a == nil {
		return false
	}
	return a.refused() == core.CodeReleased ||
		r.Method == http.MethodDelete && memberOf(a, "status") == string(events.ReservationReleased)
}
