package replay

import (
	"net/http"
	"strings"

	"admitone/actors/core"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// refused returns the requests for a refused request, or the reason why it is left out. The target has a
// different clock: a request that was refused only because of the time is left out, or the hold in
// question is released first.
func (p *runner) refused(f *events.RefusalRecorded, intent *demand.Request) (all []*kinds.Request, leftOut string) {
	if intent.Transient {
		return nil, skipTransient
	}
	switch core.Code(intent.Refused) {
	case core.CodePassRequired, core.CodePassInvalid:
		return nil, skipPass
	case core.CodeDeadlinePassed:
		return nil, skipDeadline
	case core.CodeNotOpen, core.CodeSaleClosed, core.CodeCancellationClosed:
		return nil, skipSaleTimes
	case core.CodePaymentInProgress:
		return nil, skipAwaited
	case core.CodeAmountMismatch, core.CodePaymentReferenceUsed:
		return nil, skipOther
	}
	collection, rest, ok := strings.Cut(strings.TrimPrefix(f.Path, "/v1/"), "/")
	if !ok || needsBody(f) {
		return nil, skipOther
	}
	path := strings.Split(rest, "/")
	if collection == "bookings" {
		return p.refusedBooking(path, f, intent)
	}
	if k := kinds.ByCollection(collection); k != nil && k.RefusedRequests != nil {
		all = k.RefusedRequests(f, path)
	}
	if len(all) == 0 {
		return nil, skipOther
	}
	return all, ""
}

// needsBody reports whether a request had a body that its refusal does not contain: an edit, an intent or a checkout.
func needsBody(f *events.RefusalRecorded) bool {
	return f.Method == http.MethodPatch || strings.HasSuffix(f.Path, "/payment-intent") ||
		strings.HasSuffix(f.Path, "/checkout")
}

// refusedBooking returns a refused request about a booking. If the booking's hold had expired, but the
// expiry is recorded later, the booking is released first, unless a late payment takes it again.
func (p *runner) refusedBooking(
	path []string, f *events.RefusalRecorded, intent *demand.Request,
) (all []*kinds.Request, leftOut string) {
	b := p.bookings[path[0]]
	if b == nil {
		return nil, skipOther
	}
	expired := core.Code(intent.Refused) == core.CodeHoldExpired
	if b.released || expired && b.paidLate { // the booking on the target differs from the recorded one
		return nil, skipExpired
	}
	if expired {
		all = append(all, b.expire())
	}
	return append(all, &kinds.Request{Method: f.Method, Needs: b.needsWithMoney(),
		Path: strings.Join(append([]string{"/v1/bookings/<" + b.id + ">"}, path[1:]...), "/")}), ""
}

// refusedAfterRelease reports whether a request that was refused because a hold had expired was refused on the target
// because the replay had released the hold.
func refusedAfterRelease(r *kinds.Request, recorded core.Code, a *answer) bool {
	if recorded != core.CodeHoldExpired || a == nil {
		return false
	}
	return a.refused() == core.CodeReleased ||
		r.Method == http.MethodDelete && memberOf(a, "status") == string(events.ReservationReleased)
}
