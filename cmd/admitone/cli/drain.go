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

// stopFlags are those about health checks, and about load balancers that rely on them.
func stopFlags(f *pflag.FlagSet, s *server.Settings) {
	f.StringVar(&s.Operations, "operations-listen", "",
		"address for /metrics, /healthz and /readyz, which --listen has not then")
	f.DurationVar(&s.Drain, "drain", 0,
		"after SIGTERM go on for so long with /readyz failing and every connection closed after its answer, so that load "+
			"balancers go elsewhere; a second signal ends it")
}

// drain gives load balancers time to go to other servers; another signal ends it.
func drain(p *server.Server, life time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), life)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	p.Drain()
	<-ctx.Done()
}
