package history

import (
	"strings"
	"testing"

	"admitone/events"
)

// TestLinksOfRefusal: a refusal links the requested entity, the entity on which it was decided, and the holder.
func TestLinksOfRefusal(t *testing.T) {
	for _, test := range []struct {
		fact events.RefusalRecorded
		want string
	}{
		{events.RefusalRecorded{Stream: "booking-7", Holder: "bob", BeatenStream: "seat-gig~A-1-1"},
			"seat/gig~A-1-1 booking/7 holder/bob"},
		{events.RefusalRecorded{Stream: "tournament-cup", TeamIDs: []events.TeamID{"owls", "cats"},
			BeatenStream: "tournament-cup"}, "tournament/cup team/owls team/cats"},
		{events.RefusalRecorded{Stream: "waitingroom-door-1", Holder: "eve"}, "waiting-room/door-1 holder/eve"},
	} {
		e := &events.Recorded{Stream: "refusals-2031-05-01"}
		if got := strings.Join(linksOf(e, &test.fact), " "); got != test.want {
			t.Errorf("links of %+v are %q, want %q", test.fact, got, test.want)
		}
	}
}

// TestDescribeRefusedRequests: refused requests are described in words, unknown ones by method and path.
func TestDescribeRefusedRequests(t *testing.T) {
	for _, test := range []struct {
		fact events.RefusalRecorded
		want string
	}{
		{events.RefusalRecorded{Method: "POST", Path: "/v1/products/p/reservations", Stream: "product-p", Holder: "ada",
			Quantity: 2, Hold: true}, "ada wanted to hold 2 units of product p"},
		{events.RefusalRecorded{Method: "POST", Path: "/v1/products/p/reservations/r1/confirm", Stream: "product-p",
			Holder: "ada"}, "ada wanted to confirm reservation r1 of product p"},
		{events.RefusalRecorded{Method: "DELETE", Path: "/v1/products/p/reservations/r1", Stream: "product-p"},
			"somebody wanted to give back reservation r1 of product p"},
		{events.RefusalRecorded{Method: "PATCH", Path: "/v1/products/p", Stream: "product-p"},
			"somebody wanted to edit product p"},
		{events.RefusalRecorded{Method: "POST", Path: "/v1/performances/g/bookings", Stream: "performance-g", Holder: "bob",
			Quantity: 3, Section: "B"}, "bob wanted the best 3 seats in section B of performance g"},
		{events.RefusalRecorded{Method: "PUT", Path: "/v1/performances/g/seats/A-1-1/block", Stream: "performance-g"},
			"somebody wanted to take seat A-1-1 of performance g off sale"},
		{events.RefusalRecorded{Method: "DELETE", Path: "/v1/performances/g/seats/A-1-1/block", Stream: "performance-g"},
			"somebody wanted to put seat A-1-1 of performance g back on sale"},
		{events.RefusalRecorded{Method: "POST", Path: "/v1/bookings/7/extension", Stream: "booking-7", Holder: "bob"},
			"bob wanted more time for booking 7"},
		{events.RefusalRecorded{Method: "DELETE", Path: "/v1/bookings/7", Stream: "booking-7", Holder: "bob"},
			"bob wanted to give back booking 7"},
		{events.RefusalRecorded{Method: "POST", Path: "/v1/tournaments/cup/entries", Stream: "tournament-cup",
			TeamIDs: []events.TeamID{"owls", "cats"}}, "owls and cats wanted to enter tournament cup"},
		{events.RefusalRecorded{Method: "DELETE", Path: "/v1/tournaments/cup/entries/owls", Stream: "tournament-cup",
			TeamIDs: []events.TeamID{"owls"}}, "owls wanted to withdraw owls from tournament cup"},
		{events.RefusalRecorded{Method: "POST", Path: "/v1/waiting-rooms/door/visitors", Stream: "waitingroom-door",
			Holder: "eve"}, "eve wanted to join waiting-room door"},
		{events.RefusalRecorded{Method: "POST", Path: "/v1/wallets/eve/charges", Stream: "wallet-eve", Holder: "eve"},
			"eve wanted to charge wallet eve"},
		{events.RefusalRecorded{Method: "POST", Path: "/v2/dance", Stream: "product-p", Holder: "eve"},
			"eve wanted POST /v2/dance"},
	} {
		test.fact.Code, test.fact.Detail = "no", "because"
		if got := describeRefusal(&test.fact, subject{}); got != test.want+" and was refused: no, because" {
			t.Errorf("%s %s: %q, want %q", test.fact.Method, test.fact.Path, got, test.want)
		}
	}
}
