package cli

import (
	"github.com/spf13/pflag"

	"admitone/cmd/admitone/server"
)

// webhookFlags defines the flags of webhooks.
func webhookFlags(f *pflag.FlagSet, s *server.Settings) {
	f.StringVar(&s.Webhooks.KeyFile, "webhooks-key-file", "",
		"file with the key from which the secrets of webhooks are derived, the same for all servers on a log (default: "+
			"webhooks.key in --secrets, created if needed)")
	f.BoolVar(&s.Webhooks.AllowPrivate, "webhook-allow-private", false,
		"webhooks may have http:// URLs and addresses of this machine and of private networks")
	const faster = "webhook-faster"
	f.IntVar(&s.Webhooks.Faster, faster, 1, "divide the delays of webhooks by this, for tests")
	_ = f.MarkHidden(faster) // the flag exists, so it can't fail
}
