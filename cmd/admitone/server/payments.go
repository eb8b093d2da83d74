package server

import (
	"context"
	"fmt"
	"os"
	"strings"

	"admitone/api/payments"
	"admitone/api/payments/stripe"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

// StripeSettings configure Stripe, which is used if there is a key.
type StripeSettings struct {
	KeyFile, WebhookSecretFile string
	API                        string // base URL of its API, "" for the default
	Refunds                    bool   // refund amounts owed
}

// stripeProvider returns the provider of payments, nil for none. Errors: a [usage.Error] for settings
// that don't fit together, and for a file that has no secret; the disk's.
func stripeProvider(s *Settings) (payments.Provider, error) {
	set := &s.Stripe
	switch {
	case set.KeyFile == "" && (set.WebhookSecretFile != "" || set.API != "" || set.Refunds):
		return nil, usage.Errorf("--stripe-webhook-secret-file, --stripe-api and --stripe-refunds need --stripe-key-file")
	case set.KeyFile == "":
		return nil, nil
	case set.WebhookSecretFile == "":
		return nil, usage.Errorf("--stripe-key-file needs --stripe-webhook-secret-file: the server learns of payments " +
			"by that webhook")
	case s.Currency == "":
		return nil, usage.Errorf("--stripe-key-file needs --currency, the currency of all amounts")
	}
	if c, known := events.CurrencyOf(s.Currency); known {
		if err := stripe.CheckCurrency(c); err != nil {
			return nil, usage.Errorf("--currency %s with --stripe-key-file: %w", s.Currency, err)
		}
	}
	if set.API != "" {
		if err := stripe.CheckAPI(set.API); err != nil {
			return nil, usage.Errorf("--stripe-api %s: %w", set.API, err)
		}
	}
	config := stripe.Config{API: set.API}
	var err error
	if config.Key, err = secretOfStripe("--stripe-key-file", set.KeyFile, false); err != nil {
		return nil, err
	}
	config.WebhookSecret, err = secretOfStripe("--stripe-webhook-secret-file", set.WebhookSecretFile, true)
	if err != nil {
		return nil, err
	}
	return stripe.New(config), nil
}

// secretOfStripe reads a secret, and checks its kind by the prefix.
func secretOfStripe(flag, file string, signs bool) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", usage.Errorf("%s: %w", flag, err)
	}
	secret := strings.TrimSpace(string(text))
	switch {
	case secret == "" || strings.ContainsFunc(secret, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "", usage.Errorf("%s: %s has no secret; it has to contain one of Stripe's, on one line", flag, file)
	case signs != strings.HasPrefix(secret, "whsec_"):
		return "", usage.Errorf("%s: %s: only the secret of a webhook begins with whsec_", flag, file)
	}
	return secret, nil
}

// openPayments gives the payment provider, if there is one, access to the log.
func (p *Server) openPayments(s Settings, provider payments.Provider) {
	if provider == nil {
		return
	}
	p.payments = payments.New(payments.Config{Provider: provider, Bookings: p.bookings, Desk: p.Desk, Store: p.Log,
		Views: p.Views, Currency: p.currency, Refunds: s.Stripe.Refunds, Node: p.nodeName(s), Alone: !p.shared,
		Logger: s.Logger})
}

// settlePayments runs the requests to the provider until the server stops.
func (p *Server) settlePayments() {
	if p.payments == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stopWork := p.stopWork
	p.stopWork = func() { stopWork(); stop() }
	p.delivering.Go(func() {
		if err := p.payments.Run(ctx); err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the payments: %w", err)
		}
	})
}
