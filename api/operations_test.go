package api

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/verify"
)

// TestBrokenRuleNamesNoHolder: /readyz is public, and the names of holders are in the streams of
// wallets and allowances. The holder's name has a letter that no request id, a hexadecimal number, contains.
func TestBrokenRuleNamesNoHolder(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth, w.blind = secret, true })
	stream, fact := events.NewStreamID("wallet", "judy"), &events.WalletCharged{ChargeID: "c", Amount: 1, Balance: 7}
	e := events.Event{ID: events.EventID("c", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	e.Metadata, _ = events.Seal(
		nil,
		events.Hash{},
		stream,
		0,
		&e,
		&events.Metadata{CommandID: "c", Actor: "judy", At: time.Now()},
	)
	_, err := w.store.Append(context.Background(), stream, events.NoStream, []events.Event{e})
	w.must(err)
	prover := verify.NewMonitor(w.store, true, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	w.background.Go(func() { _ = prover.Run(ctx) })
	defer stop()
	w.wait(func() bool { return prover.Violation() != nil })
	w.server.config.Monitor = prover
	for token, results := range map[string]bool{"": false, bearer(t, "judy", RoleHolder): false, bearer(t, "shop",
		RoleService): false,
		bearer(t, "audit", RoleAuditor): true, bearer(t, "root", RoleAdmin): true} {
		a := w.do("GET", "/readyz", "", "Authorization", token)
		broken := a.problem(503, "log_unavailable")["violation"].(map[string]any)
		if named := strings.Contains(a.text, "judy"); named != results || broken["position"] != float64(1) ||
			broken["rule"] == nil ||
			(broken["stream"] == "wallet-judy") != results {
			t.Errorf("%s: got %s; want named = %v, position = 1, rule not nil, (stream == \"wallet-judy\") = %v",
				fmt.Sprint(results), a.text, results, results)
		}
	}
}
