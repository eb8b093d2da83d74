package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/team"
	"admitone/events"
)

// inParallel calls do for every number below n, on 64 goroutines.
func inParallel(n int, do func(i int)) {
	var all sync.WaitGroup
	for worker := range 64 {
		all.Go(func() {
			for i := worker; i < n; i += 64 {
				do(i)
			}
		})
	}
	all.Wait()
}

// TestOpenHoldsAreBounded: the open holds of a holder are limited, those of products and performances
// together. Confirming or releasing a hold allows another one, and a retry is not a new hold.
func TestOpenHoldsAreBounded(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder)
	bob, shop := bearer(t, "bob", RoleHolder), bearer(t, "shop", RoleService)
	for _, id := range []string{"p", "q"} {
		w.do("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"n","stock":5000,"hold_seconds":3600}`, id),
			"Authorization", admin).is(201)
	}
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall"), "Authorization", admin).is(201)
	const path, hold = "/v1/products/p/reservations", `{"hold":true}`
	created := make([]answer, core.MaxOpenHolds-1)
	inParallel(len(created), func(i int) {
		created[i] = w.do("POST", path, hold, "Authorization", ada, "Idempotency-Key", fmt.Sprint("k", i))
		created[i].is(201)
	})
	last := w.do("POST", "/v1/performances/hall/bookings", `{"seats":["A-1-1"]}`, "Authorization", ada,
		"Idempotency-Key", "seat")
	last.is(201)
	awaitViews := func() { // until they count all holds
		t.Helper()
		head, err := w.store.Head(context.Background())
		w.must(err)
		w.do("GET", fmt.Sprintf("/v1/products/p?min_position=%d", head), "").is(200)
	}
	expectLimit := func(a answer) {
		t.Helper()
		if v := a.problem(409, "limit_exceeded"); v["limit"] != float64(core.MaxOpenHolds) ||
			v["open_holds"] != float64(core.MaxOpenHolds) {
			t.Errorf("got %v; want limit = %v, open_holds = %v", v, float64(core.MaxOpenHolds), float64(core.MaxOpenHolds))
		}
	}
	awaitViews()
	expectLimit(w.do("POST", "/v1/products/q/reservations", hold, "Authorization", ada))
	expectLimit(w.do("POST", "/v1/performances/hall/bookings", `{"seats":["A-1-2"]}`, "Authorization", ada))
	expectLimit(
		w.do("POST", "/v1/performances/hall/bookings", `{"best_available":{"quantity":1}}`, "Authorization", ada,
			"Idempotency-Key", "other"),
	)
	w.do("POST", "/v1/products/none/reservations", hold, "Authorization", ada).problem(404, "not_found")
	w.do("POST", "/v1/products/q/reservations", `{}`, "Authorization", ada).is(201) // no hold
	w.do("POST", path, hold, "Authorization", bob).is(201)
	for _, repeated := range []answer{w.do("POST", path, hold, "Authorization", ada, "Idempotency-Key", "k7"),
		w.do("POST", "/v1/performances/hall/bookings", `{"seats":["A-1-1"]}`, "Authorization", ada, "Idempotency-Key",
			"seat")} {
		if repeated.is(201); repeated.header.Get("Idempotent-Replay") != "true" {
			t.Errorf("%s: got no Idempotent-Replay for a retry, want true", repeated.what)
		}
	}
	for _, exempt := range []string{shop, admin} {
		w.do("POST", path, `{"hold":true,"holder":"ada"}`, "Authorization", exempt).is(201)
		w.do("DELETE",
			path+"/"+w.do("POST", path, `{"hold":true,"holder":"ada"}`, "Authorization", exempt).is(201)["id"].(string),
			"", "Authorization", exempt).is(200)
	}
	// Two of ada's holds now exceed the limit.
	for i, end := range []string{"/confirm", "", "", ""} {
		awaitViews()
		if a := w.do("POST", path, hold, "Authorization", ada); (a.status == 409) != (i < 3) {
			t.Errorf("after %d ended holds: got %d %s; want a refusal: %t", i, a.status, a.text, i < 3)
		}
		method := "DELETE"
		if end != "" {
			method = "POST"
		}
		w.do(method, path+"/"+created[i].is(201)["id"].(string)+end, "", "Authorization", ada).is(200)
	}
}

// TestTeamsAreBounded: the teams of an owner are limited, unless a service creates them.
func TestTeamsAreBounded(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	ada, bob, shop := bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder), bearer(t, "shop", RoleService)
	inParallel(team.MaxOwned, func(i int) {
		w.do("POST", "/v1/teams", fmt.Sprintf(`{"id":"t%d","name":"n"}`, i), "Authorization", ada).is(201)
	})
	head, err := w.store.Head(context.Background())
	w.must(err)
	w.do("GET", fmt.Sprintf("/v1/teams/t7?min_position=%d", head), "").is(200)
	if v := w.do("POST", "/v1/teams", `{"name":"n"}`, "Authorization", ada).problem(409,
		"limit_exceeded"); v["limit"] != float64(team.MaxOwned) {
		t.Errorf("got %v; want limit = %v", v, float64(team.MaxOwned))
	}
	w.do("POST", "/v1/teams", `{"id":"t7","name":"n"}`, "Authorization", ada).is(200)
	w.do("POST", "/v1/teams", `{"name":"n"}`, "Authorization", bob).is(201)
	w.do("POST", "/v1/teams", `{"name":"n","holder":"ada"}`, "Authorization", shop).is(201)
}

// TestKeysAreBounded: the new Idempotency-Keys of one caller are limited, also across a restart. Requests
// with a known key are still answered, and other callers are not affected.
func TestKeysAreBounded(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth, w.desks.SnapshotEvery = secret, 7_000 })
	const limit, path = 10_000, "/v1/products/p/reservations"
	admin, ada := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder)
	bob, shop := bearer(t, "bob", RoleHolder), bearer(t, "shop", RoleService)
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":100000}`, "Authorization", admin).is(201)
	first := w.do("POST", path, `{}`, "Authorization", ada, "Idempotency-Key", "first")
	first.is(201)
	useKeys := func(sub string, n int) { // like as many requests over HTTP
		inParallel(n, func(i int) {
			_, err := w.server.config.Desk.Ask(context.Background(), actors.Request{
				Stream: product.Stream("p"), Command: &product.Reserve{ReservationID: actors.NewID(),
					Holder: events.Holder(sub), Quantity: 1},
				ID: actors.KeyedCommandID(sub, fmt.Sprint(i)), Actor: sub, Bounded: true})
			if err != nil {
				t.Error(err)
			}
		})
	}
	useKeys("shop", limit)
	useKeys("ada", limit-2)
	w.do("POST", path, `{}`, "Authorization", ada, "Idempotency-Key", "last").is(201)
	for range 2 {
		refused := w.do("POST", path, `{}`, "Authorization", ada, "Idempotency-Key", "more")
		refused.problem(429, "rate_limited")
		var wait int
		if fmt.Sscan(refused.header.Get("Retry-After"), &wait); wait < 23*3600 || wait > 24*3600+1 {
			t.Errorf("got Retry-After %d, want %d to %d", wait, 23*3600, 24*3600+1)
		}
		w.do("POST", path, `{}`, "Authorization", ada).is(201) // without a key
		if repeated := w.do("POST", path, `{}`, "Authorization", ada, "Idempotency-Key",
			"first"); repeated.text != first.text {
			t.Errorf("repeated: got %d %s, want %s", repeated.status, repeated.text, first.text)
		}
		w.do("POST", path, `{"quantity":2}`, "Authorization", ada, "Idempotency-Key", "first").problem(
			422,
			"idempotency_key_reused",
		)
		w.stop()
		w.start()
	}
	w.do("POST", path, `{}`, "Authorization", bob, "Idempotency-Key", "bobs").is(201)
	w.do("POST", path, `{}`, "Authorization", shop, "Idempotency-Key", "shops").is(201)
	w.do("POST", path, `{"holder":"ada"}`, "Authorization", admin, "Idempotency-Key", "admins").is(201)
	_, err := w.server.config.Desk.Ask(context.Background(), actors.Request{Stream: product.Stream("p"),
		Command: &product.Reserve{
			ReservationID: actors.NewID(),
			Holder:        "shop",
			Quantity:      1,
		}, ID: actors.KeyedCommandID("shop", "x"), Actor: "shop", Bounded: true})
	if refused := (*actors.KeysSpent)(nil); !errors.As(err, &refused) {
		t.Errorf("got the error %v, want a KeysSpent, because a service is not exempt", err)
	}
}
