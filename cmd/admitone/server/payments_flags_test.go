package server

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/api"
	"admitone/cmd/admitone/usage"
	"admitone/events"
	"admitone/events/embedded"
)

// TestStripeNeedsItsSettings: missing or inconsistent settings are usage errors, and nothing is written to the
// log.
func TestStripeNeedsItsSettings(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, secret := file("key", "sk_test_1\n"), file("secret", "whsec_1\n")
	for name, test := range map[string]struct {
		currency string
		stripe   StripeSettings
		fault    string // expected in the error, "" for none
	}{
		"complete":              {"EUR", StripeSettings{KeyFile: key, WebhookSecretFile: secret, Refunds: true}, ""},
		"API on loopback":       {"EUR", StripeSettings{KeyFile: key, WebhookSecretFile: secret, API: "http://127.0.0.1:1"}, ""},
		"no currency":           {"", StripeSettings{KeyFile: key, WebhookSecretFile: secret}, "--currency"},
		"ISK":                   {"ISK", StripeSettings{KeyFile: key, WebhookSecretFile: secret}, "decimals"},
		"UGX":                   {"UGX", StripeSettings{KeyFile: key, WebhookSecretFile: secret}, "decimals"},
		"no webhook secret":     {"EUR", StripeSettings{KeyFile: key}, "--stripe-webhook-secret-file"},
		"only a webhook secret": {"EUR", StripeSettings{WebhookSecretFile: secret}, "--stripe-key-file"},
		"only refunds":          {"EUR", StripeSettings{Refunds: true}, "--stripe-key-file"},
		"swapped files":         {"EUR", StripeSettings{KeyFile: secret, WebhookSecretFile: key}, "whsec_"},
		"missing file":          {"EUR", StripeSettings{KeyFile: key + "s", WebhookSecretFile: secret}, "keys"},
		"empty file":            {"EUR", StripeSettings{KeyFile: file("empty", "\n"), WebhookSecretFile: secret}, "no secret"},
		"two lines":             {"EUR", StripeSettings{KeyFile: file("two", "a\nb"), WebhookSecretFile: secret}, "no secret"},
		"API without TLS":       {"EUR", StripeSettings{KeyFile: key, WebhookSecretFile: secret, API: "http://api.example"}, "https"},
	} {
		t.Run(name, func(t *testing.T) {
			store := t.TempDir()
			s, err := Start(Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{}, IdleAfter: patience,
				Currency: test.currency, Stripe: test.stripe, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
			if err == nil {
				end(t, s)
			}
			if test.fault == "" {
				if err != nil {
					t.Errorf("Start = %v, want no error", err)
				}
				return
			}
			if !errors.As(err, new(usage.Error)) || !strings.Contains(err.Error(), test.fault) {
				t.Fatalf("Start = %v, want a usage error with %q", err, test.fault)
			}
			log, err := embedded.Open(store, embedded.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			if named, err := events.CurrencyIn(t.Context(), log, events.EndPosition); err != nil || !named.Assumed {
				t.Errorf("the log has the currency %v, %v; want none", named, err)
			}
		})
	}
}
