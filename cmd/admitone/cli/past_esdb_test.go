package cli

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
	"admitone/events/storetest/stores"
)

// TestAuditOnEachStore: recorded refusals, the verification while serving, histories and past states work on
// a log of each kind, also where positions have gaps.
func TestAuditOnEachStore(t *testing.T) {
	for kind, open := range map[string]func(t *testing.T) (store string){
		"embedded":     func(t *testing.T) string { return t.TempDir() },
		"esdb":         func(t *testing.T) string { return newEventStore(t).address() },
		"EventStoreDB": func(t *testing.T) string { return stores.Real(t) },
	} {
		t.Run(kind, func(t *testing.T) { auditStore(t, open(t), strings.ToLower(rand.Text())) })
	}
}

// auditStore sells a product to holders whose names begin with its id, so that runs on one store don't
// collide, and checks the results.
func auditStore(t *testing.T, store, product string) {
	path, ada, eve, bob := "/v1/products/"+product+"/reservations", product+"-ada", product+"-eve", product+"-bob"
	by := func(holder string) string { return fmt.Sprintf(`{"holder":%q}`, holder) }
	open := func(s server.Settings) *testServer {
		t.Helper()
		s.Listen, s.Store, s.Auth, s.IdleAfter, s.Logger = "127.0.0.1:0", store, api.OpenAuth{}, time.Minute,
			slog.New(slog.DiscardHandler)
		if server.IsRemote(store) {
			s.Data = t.TempDir()
		}
		p, err := server.Start(s)
		if err != nil {
			t.Fatal(err)
		}
		running := &testServer{Server: p, store: s.Store, url: "http://" + p.Address(), t: t}
		t.Cleanup(running.end)
		return running
	}
	s := open(server.Settings{Refusals: true, Prove: true})
	s.send("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"P","stock":2,"price":5}`, product))
	s.send("POST", path, by(ada))
	head, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.send("POST", path, by(eve))
	s.requireRefusal("sold_out", "POST", path, by(bob))
	last, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.waitForReadyz(func(_ int, body string) bool { return s.Monitor.Position() >= last })
	if broken := s.Monitor.Violation(); broken != nil {
		t.Errorf("the monitor found %v, want no violation", broken)
	}
	s.end()
	for of, want := range map[string]string{
		"product/" + product: bob + " wanted 1 unit of product " + product + " and was refused: sold_out",
		"holder/" + bob:      "the newest fact was product-" + product + "@2",
	} {
		if status, stdout, stderr := command(t, "history", of, "--store", s.store); status != exitDone ||
			!strings.Contains(stdout, want) {
			t.Errorf("history %s: %s%s; want status 0 and %q", of, stdout, stderr, want)
		}
	}
	if status, stdout, stderr := command(t, "verify", "--store", s.store); status != exitDone {
		t.Errorf("verify: %s%s; want status 0", stdout, stderr)
	}
	past := open(server.Settings{At: jsonOf(t, head)})
	if err := past.Views.WaitFor(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	if got := past.send("GET", "/v1/products/"+product, ""); !strings.Contains(got, `"remaining":1,`) ||
		!strings.Contains(got, `"as_of":{"position":`+jsonOf(t, head)) {
		t.Errorf("product as of %d = %s, want remaining 1 as of that position", head, got)
	}
	requireReadOnly(t, past)
}
