package cli

import (
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/server"
)

// paymentFlags defines the flags of payment providers.
func paymentFlags(f *pflag.FlagSet, s *server.Settings) {
	f.StringVar(&s.Stripe.KeyFile, "stripe-key-file", "",
		"file with the key of Stripe's API that takes the money of bookings; needs --currency")
	f.StringVar(&s.Stripe.WebhookSecretFile, "stripe-webhook-secret-file", "",
		"file with the secret (whsec_…) of the Stripe webhook that reports to POST /v1/payments/stripe")
	f.StringVar(&s.Stripe.API, "stripe-api", "", "base URL of Stripe's API, if it is not Stripe's own")
	f.BoolVar(&s.Stripe.Refunds, "stripe-refunds", false, "have Stripe refund the amounts owed for its payments")
}
