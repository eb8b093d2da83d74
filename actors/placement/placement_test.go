package placement

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

// TestRankIsStable: nodes of different builds must find the same owners.
func TestRankIsStable(t *testing.T) {
	v := NewView("n3:7946", "n1:7946", "n2:7946", "n1:7946")
	if v.Hash() != 0x8d0dc41b450aa110 || !slices.Equal(v.Members(), []Member{"n1:7946", "n2:7946", "n3:7946"}) {
		t.Errorf("the view has %v and the hash %#x, want %v and 0x8d0dc41b450aa110",
			v.Members(), v.Hash(), []Member{"n1:7946", "n2:7946", "n3:7946"})
	}
	for key, want := range map[Key]string{
		"product/lamp": "[n3:7946 n2:7946 n1:7946]", "performance/gala": "[n1:7946 n3:7946 n2:7946]",
		"wallet/ann": "[n1:7946 n2:7946 n3:7946]", "waitingroom/r": "[n3:7946 n2:7946 n1:7946]",
	} {
		got := v.Rank(key)
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", key, got, want)
		}
		for place, m := range got {
			if v.Place(key, m) != place || place == 0 && v.Owner(key) != m {
				t.Errorf("key %s: member %s has place %d, owner is %s", key, m, v.Place(key, m), v.Owner(key))
			}
		}
	}
	if none := NewView(); none.Owner("product/lamp") != "" || none.Place("product/lamp", "n1") != -1 {
		t.Error("an empty view has an owner")
	}
}

// TestLeavingMemberMovesOnlyItsKeys: the keys of the others stay, and keys are spread evenly.
func TestLeavingMemberMovesOnlyItsKeys(t *testing.T) {
	const keys = 100_000
	three, two := NewView("a", "b", "c"), NewView("a", "b")
	owned := map[Member]int{}
	for n := range keys {
		key := keyOf(events.ProductCategory, fmt.Sprint("p", n))
		before := three.Owner(key)
		owned[before]++
		if after := two.Owner(key); before != "c" && after != before || after != three.Rank(key)[0] && before != "c" {
			t.Fatalf("key %s moved from %s to %s when c left, want only c's keys to move", key, before, after)
		} else if before == "c" && after != three.Rank(key)[1] {
			t.Fatalf("key %s moved to %s, want the next member of %v", key, after, three.Rank(key))
		}
	}
	for member, n := range owned {
		if share := float64(n) / keys * 3; math.Abs(share-1) > 0.03 {
			t.Errorf("member %s owns %d of %d keys, want a third within 3%%", member, n, keys)
		}
	}
}

// TestKeys: entities that belong together have one key, by stream and by path.
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
			t.Errorf("%s has the key %q, want %q", c.stream, KeyOf(c.stream), c.want)
		}
		var method, path string
		if _, err := fmt.Sscan(c.path, &method, &path); err != nil {
			t.Fatal(err)
		}
		if got := KeyOfPath(method, path); got != c.want {
			t.Errorf("%s has the key %q, want %q", c.path, got, c.want)
		}
	}
}

// TestKeysOfCreations: what creates something under one Idempotency-Key has one owner, whatever its body
// names.
func TestKeysOfCreations(t *testing.T) {
	for path, want := range map[string]Key{"POST /v1/products": "key/k", "POST /v1/teams": "key/k", "PUT /v1/products": "",
		"POST /v1/products/p": "", "POST /v1/plans": "", "POST /products": ""} {
		method, path, _ := strings.Cut(path, " ")
		if got := KeyOfCreation(method, path, "k"); got != want {
			t.Errorf("%s %s has the key %q, want %q", method, path, got, want)
		}
		if got := KeyOfCreation(method, path, ""); got != "" {
			t.Errorf("%s %s without one has the key %q, want \"\"", method, path, got)
		}
	}
}
