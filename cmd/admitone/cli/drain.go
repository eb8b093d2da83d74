package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"admitone/cmd/admitone/server"
)

// stopFlags defines the flags for health checks, and for load balancers that rely on them.
func stopFlags(f *pflag.FlagSet, s *server.Settings) {
	f.StringVar(&s.Operations, "operations-listen", "",
		"separate address for /metrics, /healthz and /readyz, which --listen then does not serve")
	f.DurationVar(&s.Drain, "drain", 0,
		"after SIGTERM serve for this long with /readyz failing and every connection closed after its answer, so that load "+
			"balancers switch to other servers; a second signal ends it")
}

// drain gives load balancers time to switch to other servers; another signal ends it.
func drain(p *server.Server, life time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), life)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	p.Drain()
	<-ctx.Done()
}
