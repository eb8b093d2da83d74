package placement

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

// TestRankIsStable checks fixed hashes and ranks, because nodes of different builds must find the same owners.
func TestRankIsStable(t *testing.T) {
	v := NewView("n3:7946", "n1:7946", "n2:7946", "n1:7946")
	if v.Hash() != 0x8d0dc41b450aa110 || !slices.Equal(v.Members(), []Member{"n1:7946", "n2:7946", "n3:7946"}) {
		t.Errorf("got members %v, hash %#x; want %v, 0x8d0dc41b450aa110",
			v.Members(), v.Hash(), []Member{"n1:7946", "n2:7946", "n3:7946"})
	}
	for key, want := range map[Key]string{
		"product/lamp": "[n3:7946 n2:7946 n1:7946]", "performance/gala": "[n1:7946 n3:7946 n2:7946]",
		"wallet/ann": "[n1:7946 n2:7946 n3:7946]", "waitingroom/r": "[n3:7946 n2:7946 n1:7946]",
	} {
		got := v.Rank(key)
		if fmt.Sprint(got) != want {
			t.Errorf("Rank(%q): got %v, want %s", key, got, want)
		}
		for place, m := range got {
			if v.Place(key, m) != place || place == 0 && v.Owner(key) != m {
				t.Errorf("key %q: got place %d of member %s and owner %s, want place %d in %v", key, v.Place(key, m), m,
					v.Owner(key), place, got)
			}
		}
	}
	if none := NewView(); none.Owner("product/lamp") != "" || none.Place("product/lamp", "n1") != -1 {
		t.Errorf("empty view: got owner %q, place %d; want none, -1", none.Owner("product/lamp"), none.Place("product/lamp", "n1"))
	}
}

// TestLeavingMemberMovesOnlyItsKeys also checks that keys are spread evenly.
func TestLeavingMemberMovesOnlyItsKeys(t *testing.T) {
	const keys = 100_000
	three, two := NewView("a", "b", "c"), NewView("a", "b")
	owned := map[Member]int{}
	for n := range keys {
		key := keyOf(events.ProductCategory, fmt.Sprint("p", n))
		before := three.Owner(key)
		owned[before]++
		if after := two.Owner(key); before != "c" && after != before || after != three.Rank(key)[0] && before != "c" {
			t.Fatalf("key %s: got owner %s, then %s without member c; want only the keys of c to move", key, before, after)
		} else if before == "c" && after != three.Rank(key)[1] {
			t.Fatalf("key %s: got owner %s without member c, want the second of %v", key, after, three.Rank(key))
		}
	}
	for member, n := range owned {
		if share := float64(n) / keys * 3; math.Abs(share-1) > 0.03 {
			t.Errorf("member %s: got %d of %d keys, want a third within 3%%", member, n, keys)
		}
	}
}

// TestKeys checks the keys of streams, and of paths about the same entities.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		stream events.StreamID
		path   string
		want   Key
	}{
		{events.NewStreamID(events.ProductCategory, "lamp"), "POST /v1/products/lamp/reservations", "product/lamp"},
		{"seat-gala~A-1-1", "PUT /v1/performances/gala/seats/A-1-1/block", "performance/gala"},
		{"allowance-gala~ann", "POST /v1/performances/gala/bookings", "performance/gala"},
		{"area-gala~floor", "PATCH /v1/performances/gala", "performance/gala"},
		{"performance-gala", "PATCH /v1/performances/gala", "performance/gala"},
		{"booking-b1", "POST /v1/bookings/b1/payment", "booking/b1"},
		{"wallet-ann", "POST /v1/wallets/ann/charges", "wallet/ann"},
		{"tournament-cup", "DELETE /v1/tournaments/cup/entries/owls", "tournament/cup"},
		{"team-owls", "PATCH /v1/teams/owls", "team/owls"},
		{events.NewStreamID(events.WaitingRoomCategory, "r"), "POST /v1/waiting-rooms/r/visitors", "waitingroom/r"},
		{events.NewStreamID(events.WaitingRoomCategory, "r"), "GET /v1/waiting-rooms/r/visitors/v", "waitingroom/r"},
		{"", "GET /v1/waiting-rooms/r", ""},
		{"", "GET /v1/products/lamp", ""},
		{"", "HEAD /v1/bookings/b1", ""},
		{"", "POST /v1/products", ""},
		{"", "POST /v1/products/", ""},
		{"", "POST /v1/batch", ""},
		{"", "POST /v1/refunds/r/settlement", ""},
		{"", "POST /products/lamp", ""},
		{"", "GET /", ""},
	} {
		if c.stream != "" && KeyOf(c.stream) != c.want {
			t.Errorf("KeyOf(%q): got %q, want %q", c.stream, KeyOf(c.stream), c.want)
		}
		var method, path string
		if _, err := fmt.Sscan(c.path, &method, &path); err != nil {
			t.Fatal(err)
		}
		if got := KeyOfPath(method, path); got != c.want {
			t.Errorf("KeyOfPath(%q): got %q, want %q", c.path, got, c.want)
		}
	}
}

// TestKeysOfCreations checks that the key of a creation depends only on its Idempotency-Key.
func TestKeysOfCreations(t *testing.T) {
	for path, want := range map[string]Key{"POST /v1/products": "key/k", "POST /v1/teams": "key/k", "PUT /v1/products": "",
		"POST /v1/products/p": "", "POST /v1/plans": "", "POST /products": ""} {
		method, path, _ := strings.Cut(path, " ")
		if got := KeyOfCreation(method, path, "k"); got != want {
			t.Errorf("%s %s: got key %q, want %q", method, path, got, want)
		}
		if got := KeyOfCreation(method, path, ""); got != "" {
			t.Errorf("%s %s without Idempotency-Key: got key %q, want \"\"", method, path, got)
		}
	}
}
