package api

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"admitone/api/client"
	"admitone/api/sockets/sockettest"
	"admitone/api/webhooks/webhooktest"
)

// messages returns the messages of asyncapi.yaml.
func messages(t *testing.T) map[string]*sockettest.Message {
	t.Helper()
	all, err := sockettest.Messages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSocketExamples: the examples of asyncapi.yaml match the schemas of their messages, a server
// accepts those that clients send, and a payload with an unknown member does not match.
func TestSocketExamples(t *testing.T) {
	w := newHarness(t)
	w.product("tee", 3, "")
	w.product("1", 3, "")
	w.product("2", 3, "")
	sockets := map[string]*sockettest.Peer{}
	for name, m := range messages(t) {
		if len(m.Examples) == 0 && m.FromClient {
			t.Errorf("%s has no example, want one", name)
		}
		for _, example := range m.Examples {
			if err := m.Validate(example); err != nil {
				t.Errorf("an example of %s: %v; want no error", name, err)
			}
			if !m.FromClient || name == "wait" { // there is no such visitor
				continue
			}
			sockets[name] = w.dial("/ws")
			sockets[name].Send(string(example))
		}
		if m.Validate([]byte(`{"event":"`+name+`","data":{"colour":"red"}}`)) == nil && name != "ping" {
			t.Errorf("the schema of %s accepts an unknown member, want an error", name)
		}
	}
	for name, answer := range map[string]string{"subscribe": "snapshot", "unsubscribe": "unsubscribed", "ping": "pong",
		"initProducts": "Product list initialized"} {
		sockets[name].Expect(answer)
	}
}

// TestEverySocketMessage receives every message that a server sends according to asyncapi.yaml.
func TestEverySocketMessage(t *testing.T) {
	w := newHarness(t)
	w.product("p", 5, "")
	w.product("7", 5, "")
	w.hall("hall", 2, "")
	w.teams("a")
	w.tournament("cup", 1, "")
	w.room("r", "")
	received := map[string]bool{}
	expect := func(p *sockettest.Peer, names ...string) {
		t.Helper()
		for _, name := range names {
			_, text, err := p.Conn.ReadMessage()
			w.must(err)
			m, err := sockettest.Describe(text)
			w.must(err)
			if m.Name != name {
				t.Fatalf("got a %s, want a %s: %s", m.Name, name, text)
			}
			received[m.Name] = true
		}
	}
	watch := func(topic, name string) *sockettest.Peer {
		t.Helper()
		p := w.dial("/ws")
		p.Send(`{"event":"subscribe","data":{"topics":["` + topic + `"]}}`)
		expect(p, name+"Snapshot")
		return p
	}
	product, cup, team := watch("product:p", "product"), watch("tournament:cup", "tournament"), watch("team:a", "team")
	counts, seats := watch("performance:hall", "performance"), watch("seats:hall", "seats")
	room := watch("waiting-room:r", "room")
	short := w.dial("/ws/reservations")
	short.Send(`{"event":"init_products","data":["p",7]}`)
	expect(short, "productListInitialized")

	w.reserve("p", "ada", "").is(201)
	expect(product, "productDelta")
	expect(short, "reservationCreated")
	w.reserve("7", "ada", "").is(201)
	expect(short, "reservationCreated")
	w.enter("cup", "a").is(201)
	expect(cup, "tournamentDelta")
	expect(team, "teamDelta")
	w.book("hall", "ada", "A-1-1").is(201)
	expect(counts, "performanceDelta")
	expect(seats, "seatsDelta")
	_, visit := w.joinRoom("r", "ada")
	expect(room, "roomDelta")
	product.Send(`{"event":"wait","data":{"room":"r","visitor":"` + visit["visitor"].(string) + `"}}`)
	expect(product, "visit")
	short.Send(`{"event":"ping"}`)
	expect(short, "pong")
	short.Send(`{"event":"unsubscribe","data":{"topics":["product:p"]}}`)
	expect(short, "unsubscribed")
	short.Send(`{"event":"subscribe","data":{"topics":["product:none"]}}`)
	expect(short, "error")
	for _, name := range slices.Sorted(maps.Keys(messages(t))) {
		if messages(t)[name].FromServer && !received[name] {
			t.Errorf("no %s was received, want one; add it above", name)
		}
	}
}

// TestDeliveriesAreAsDescribed: a webhook receives the message of asyncapi.yaml, and the client
// accepts it as genuine.
func TestDeliveriesAreAsDescribed(t *testing.T) {
	w, event := newHarness(t, withDeliveries), messages(t)["event"]
	if event == nil || event.FromServer || event.FromClient || len(event.Examples) == 0 {
		t.Fatalf("got the message event %+v; want examples, and neither the server nor the client as its sender", event)
	}
	receiver := webhooktest.NewReceiver(t, nil)
	secret := w.createWebhook("w", receiver.URL(), "")
	w.product("p", 5, "")
	w.reserve("p", "ada", `,"hold":true`).is(201)
	receiver.Await(2, patience)
	for _, d := range receiver.All() {
		if err := errors.Join(event.Validate(d.Body), event.ValidateHeaders(d.Header)); err != nil {
			t.Errorf("got the error %v, want none; the body is %s", err, d.Body)
		}
		if got, err := client.CheckWebhook(secret, d.Header, d.Body); err != nil || got.ID != d.ID() || got.Position == 0 {
			t.Errorf("CheckWebhook = %+v, %v; want the id %v, a position and no error", got, err, d.ID())
		}
		unsigned := d.Header.Clone()
		unsigned.Set("webhook-signature", "none")
		if event.ValidateHeaders(unsigned) == nil {
			t.Error("ValidateHeaders accepts the signature none, want an error")
		}
	}
}
