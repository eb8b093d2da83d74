package api

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/verify"
)

// TestBrokenRuleNamesNoHolder: /readyz, which is public, names the stream of a broken rule only to auditors and
// admins, as names of holders are in those of wallets and allowances. No request id contains the name: ids are
// hexadecimal.
func TestBrokenRuleNamesNoHolder(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth, w.blind = secret, true })
	stream, fact := events.NewStreamID("wallet", "judy"), &events.WalletCharged{ChargeID: "c", Amount: 1, Balance: 7}
	e := events.Event{ID: events.EventID("c", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, 0, &e,
		&events.Metadata{CommandID: "c", Actor: "judy", At: time.Now()})
	_, err := w.store.Append(context.Background(), stream, events.NoStream, []events.Event{e})
	w.must(err)
	monitor := verify.NewMonitor(w.store, true, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	w.background.Go(func() { _ = monitor.Run(ctx) })
	defer stop()
	w.wait(func() bool { return monitor.Violation() != nil })
	w.server.config.Monitor = monitor
	for token, mayKnow := range map[string]bool{"": false, bearer(t, "judy", RoleHolder): false, bearer(t, "shop",
		RoleService): false,
		bearer(t, "audit", RoleAuditor): true, bearer(t, "root", RoleAdmin): true} {
		a := w.do("GET", "/readyz", "", "Authorization", token)
		broken := a.problem(503, "log_unavailable")["violation"].(map[string]any)
		if named := strings.Contains(a.text, "judy"); named != mayKnow || broken["position"] != float64(1) ||
			broken["rule"] == nil ||
			(broken["stream"] == "wallet-judy") != mayKnow {
			t.Errorf("got %s; want position = 1 and a rule; the stream wallet-judy: %t", a.text, mayKnow)
		}
	}
}
