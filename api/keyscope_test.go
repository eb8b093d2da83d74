package api

import (
	"fmt"
	"testing"
)

// TestKeyWithAnotherBody: a key is refused with a second body even if that body names another stream, as
// those of payment reports and of new resources do. The first body gets its answer again, also after a
// restart.
func TestKeyWithAnotherBody(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	w.do("POST", "/v1/products", `{"id":"tee","name":"n","stock":9,"price":100}`).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	reservation := "/v1/products/tee/reservations/" +
		w.reserve("tee", "ada", `,"hold":true`).is(201)["id"].(string)
	product := func(id string) string { return fmt.Sprintf(`{"id":%q,"name":"n","stock":1}`, id) }
	team := func(id string) string { return fmt.Sprintf(`{"id":%q,"name":"n"}`, id) }
	cup := `{"id":%q,"name":"n","team_limit":1,"register_deadline":"2999-01-01T00:00:00Z"}`
	lines := []struct{ path, first, second string }{
		{booking + "/payment", external("a", 100, ""), external("b", 100, "")},
		{reservation + "/confirm", external("c", 100, ""), external("d", 100, "")},
		{"/v1/products", product("p1"), product("p2")},
		{"/v1/products", product("p3"), `{"name":"n","stock":1}`},
		{"/v1/products", `{"name":"n","stock":1}`, product("p4")},
		{"/v1/performances", fmt.Sprintf(newHall, "h1"), fmt.Sprintf(newHall, "h2")},
		{"/v1/teams", team("t1"), team("t2")},
		{"/v1/tournaments", fmt.Sprintf(cup, "c1"), fmt.Sprintf(cup, "c2")},
	}
	send := func(i int, body string) answer {
		return w.do("POST", lines[i].path, body, "Idempotency-Key", fmt.Sprint("k", i))
	}
	var first []answer
	for i, l := range lines {
		first = append(first, send(i, l.first))
	}
	for range 2 {
		for i, l := range lines {
			send(i, l.second).problem(422, "idempotency_key_reused")
			repeated := send(i, l.first)
			if repeated.status != first[i].status || repeated.header.Get("Idempotent-Replay") != "true" {
				t.Errorf("%s: got %d %s, want the replay of %d %s",
					l.first, repeated.status, repeated.text, first[i].status, first[i].text)
			}
		}
		w.stop()
		w.start()
	}
	if refunds := items(w.do("GET", "/v1/refunds", "")); len(refunds) != 0 {
		t.Errorf("after refused payment reports: got the refunds %v, want none", refunds)
	}
	// Under a different key the second bodies are separate requests.
	for i, l := range lines {
		if a := w.do("POST", l.path, l.second, "Idempotency-Key", fmt.Sprint("another", i)); a.status >= 300 {
			t.Errorf("%s: got %d %s, want success", l.second, a.status, a.text)
		}
	}
}

// TestKeyWithAnotherPayment: a key of another request is refused for a payment report, and that of a
// settlement for another reference.
func TestKeyWithAnotherPayment(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	w.do("POST", "/v1/products", `{"id":"tee","name":"n","stock":9,"price":100}`).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	w.do("POST", booking+"/payment", "", "Idempotency-Key", "k").is(200)
	w.do("POST", booking+"/payment", external("a", 100, ""), "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	sold := "/v1/products/tee/reservations/" + w.reserve("tee", "ada", `,"hold":true`).is(201)["id"].(string)
	w.do("POST", sold+"/confirm", "", "Idempotency-Key", "k").is(200)
	w.do("POST", sold+"/confirm", external("b", 100, ""), "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	owed := w.do("POST", booking+"/payment", external("c", 100, "")).is(200)["refund_id"].(string)
	// The keys of reports are refused for other requests as well, although the resource's own stream has no
	// fact of a report with a wrong amount.
	for i, sum := range []int64{100, 99} {
		another, key := w.held("hall", "ada", fmt.Sprint("A-1-", i+2)), fmt.Sprint("first", i)
		w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
		w.do("POST", another+"/payment", external(key, sum, `,"final":true`), "Idempotency-Key", key).is(200)
		w.do("POST", another+"/payment", "", "Idempotency-Key", key).problem(422, "idempotency_key_reused")
		unit := "/v1/products/tee/reservations/" + w.reserve("tee", "ada", `,"hold":true`).is(201)["id"].(string)
		w.do("POST", unit+"/confirm", external("unit"+key, sum, `,"final":true`), "Idempotency-Key", key).is(200)
		w.do("POST", unit+"/confirm", "", "Idempotency-Key", key).problem(422, "idempotency_key_reused")
	}
	settle := func(reference string) answer {
		return w.do("POST", "/v1/refunds/"+owed+"/settlement", fmt.Sprintf(`{"reference":%q}`, reference),
			"Idempotency-Key", "k")
	}
	settle("x").is(200)
	settle("y").problem(422, "idempotency_key_reused")
	if repeated := settle("x"); repeated.status != 200 || repeated.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("repeated: got %d %s; want status = 200, Idempotent-Replay = true", repeated.status, repeated.text)
	}
}
