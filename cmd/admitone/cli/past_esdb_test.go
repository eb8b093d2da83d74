package cli

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// TestAuditOnEventStoreDB: refusals, the monitor, histories and past states work on an
// EventStoreDB, where positions have gaps.
func TestAuditOnEventStoreDB(t *testing.T) {
	db := newEventStore(t)
	open := func(s server.Settings) *testServer {
		t.Helper()
		s.Listen, s.Store, s.Auth, s.IdleAfter, s.Logger, s.Data = "127.0.0.1:0", db.address(), api.OpenAuth{}, time.Minute,
			slog.New(slog.DiscardHandler), t.TempDir()
		p, err := server.Start(s)
		if err != nil {
			t.Fatal(err)
		}
		running := &testServer{Server: p, store: s.Store, url: "http://" + p.Address(), t: t}
		t.Cleanup(running.end)
		return running
	}
	s := open(server.Settings{Refusals: true, Prove: true})
	s.send("POST", "/v1/products", `{"id":"p","name":"P","stock":2,"price":5}`)
	s.send("POST", "/v1/products/p/reservations", `{"holder":"ada"}`)
	head, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.send("POST", "/v1/products/p/reservations", `{"holder":"eve"}`)
	s.refuses("sold_out", "POST", "/v1/products/p/reservations", `{"holder":"bob"}`)
	last, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.readyUntil(func(_ int, body string) bool { return s.Monitor.Position() >= last })
	if broken := s.Monitor.Violation(); broken != nil {
		t.Error(broken)
	}
	s.end()
	for of, want := range map[string]string{"product/p": "bob wanted 1 unit of product p and was refused: sold_out",
		"holder/bob": "the newest fact was product-p@2"} {
		if status, stdout, stderr := command(t, "history", of, "--store", s.store); status != exitDone ||
			!strings.Contains(stdout, want) {
			t.Errorf("history %s: %s%s", of, stdout, stderr)
		}
	}
	if status, stdout, stderr := command(t, "verify", "--store", s.store); status != exitDone {
		t.Errorf("verify: %s%s", stdout, stderr)
	}
	past := open(server.Settings{At: jsonOf(t, head)})
	if err := past.Views.WaitFor(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	if got := past.send("GET", "/v1/products/p", ""); !strings.Contains(got, `"remaining":1,`) ||
		!strings.Contains(got, `"as_of":{"position":`+jsonOf(t, head)) {
		t.Error(got)
	}
	requireRefusals(t, past)
}
