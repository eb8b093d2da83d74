package cli

import (
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/server"
)

// webhookFlags are those of webhooks.
func webhookFlags(f *pflag.FlagSet, s *server.Settings) {
	f.StringVar(&s.Webhooks.KeyFile, "webhooks-key-file", "",
		"file with the key that the secrets of webhooks are made from, the same for all servers on a log (default: "+
			"webhooks.key in the store, or in --data, made when needed)")
	f.BoolVar(&s.Webhooks.AllowPrivate, "webhook-allow-private", false,
		"webhooks may have http:// URLs and addresses of this machine and of private networks")
	const faster = "webhook-faster"
	f.IntVar(&s.Webhooks.Faster, faster, 1, "divide the waits of webhooks by this, for tests")
	_ = f.MarkHidden(faster) // it exists
}
