package replay

import (
	"testing"

	"admitone/events"
	"admitone/projections/demand"
)

// TestRefusedRequestsWithoutTheirBody: a refusal does not contain the body of an intent, a checkout or an edit, so
// these are left out. Requests without a body are sent.
func TestRefusedRequestsWithoutTheirBody(t *testing.T) {
	for _, line := range []struct {
		method, path, code string
		sent               bool
	}{
		{"POST", "/v1/bookings/b/payment", "already_confirmed", true},
		{"DELETE", "/v1/bookings/b", "already_confirmed", true},
		{"DELETE", "/v1/bookings/b/seats/A-1-1", "not_held", true},
		{"POST", "/v1/bookings/b/payment-intent", "already_confirmed", false},
		{"POST", "/v1/bookings/b/payment-intent", "hold_expired", false},
		{"POST", "/v1/bookings/b/checkout", "released", false},
		{"PATCH", "/v1/bookings/b", "stale_revision", false},
		{"POST", "/v1/products/p/reservations/r/confirm", "already_confirmed", true},
		{"PATCH", "/v1/products/p/reservations/r", "stale_revision", false},
	} {
		b := &recordedBooking{id: "b", performance: "gala", holder: "ann"}
		p := &runner{bookings: map[string]*recordedBooking{"b": b}}
		f := &events.RefusalRecorded{Method: line.method, Path: line.path, Code: line.code}
		sent, leftOut := p.refused(f, &demand.Request{Fact: f, Refused: line.code})
		if (len(sent) > 0) != line.sent || (leftOut == "") != line.sent || b.released {
			t.Errorf("%s %s, refused with %s: %d requests, left out: %q, released: %t; want sent: %t, not released",
				line.method, line.path, line.code, len(sent), leftOut, b.released, line.sent)
		}
	}
}
