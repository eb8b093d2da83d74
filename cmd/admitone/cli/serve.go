package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"admitone/api/connections"
	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/server"
)

// stopLimit bounds how long a stopping server waits for requests in progress.
const stopLimit = 10 * time.Second

const accessLogFlag = "access-log"

func newServe() *cobra.Command {
	var (
		s         server.Settings
		access    accessFlags
		demo      bool
		accessLog bool
		logLevel  string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "The server: HTTP, WebSocket and the live page",
		Example: "  admitone serve --demo\n  admitone serve --listen 0.0.0.0:8080 --store /var/lib/admitone --auth jwt\n  " +
			"admitone serve --at 2031-05-01T20:00:03Z --listen 127.0.0.1:8081",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var level slog.Level
			if err := level.UnmarshalText([]byte(logLevel)); err != nil {
				return usagef("--log-level is debug, info, warn or error, not %q", logLevel)
			}
			s.Logger = newLogger(cmd.ErrOrStderr(), level)
			if err := checkSettings(&s, demo); err != nil {
				return err
			}
			if err := access.apply(&s); err != nil {
				return err
			}
			if accessLog && (cmd.Flags().Changed(accessLogFlag) || !progress.IsTerminal(cmd.ErrOrStderr())) {
				s.AccessLog = cmd.ErrOrStderr()
			}
			return serve(cmd.Context(), s, demo, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "address to listen on")
	f.StringVar(&s.Store, "store", "./data", "directory of the log, or an EventStoreDB: esdb://host:2113?tls=false")
	f.StringVar(&s.Data, "data", "./data", "directory of this server's views and contacts if the log is in an "+
		"EventStoreDB, and of its secrets without --secrets")
	access.flags(f)
	f.BoolVar(&demo, "demo", false, "create a few products, a tournament and a concert, unless they exist")
	f.StringSliceVar(&s.AllowOrigins, "allow-origin", nil,
		"origin whose pages may open sockets, send requests and read the answers, in addition to the server's own; * is any")
	f.StringVar(&s.Currency, "currency", "", "currency of all amounts, by ISO 4217, for example KRW; a log keeps "+
		"the first one given")
	connectionFlags(f, &s)
	stopFlags(f, &s)
	f.DurationVar(&s.IdleAfter, "idle-after", time.Minute, "drop an entity from memory after this time without a command")
	f.StringVar(&s.EsdbListen, "esdb-listen", "", "loopback address at which EventStoreDB clients may read the log")
	f.DurationVar(&s.SignEvery, "sign-every", 10*time.Second,
		"interval at which the head of a growing log is signed; 0 is no tree, no heads, no receipts")
	f.StringVar(&s.HeadKeyFile, "head-key-file", "", "file with the key that signs the heads of a log in an EventStoreDB, "+
		"the same for all servers (default: head.key in --secrets, or in --data, created if needed)")
	f.BoolVar(&s.AcceptLoss, "accept-loss", false,
		"for this start: accept that the end of the log is missing, and continue it with a new epoch")
	roomFlags(f, &s)
	clusterFlags(f, &s)
	webhookFlags(f, &s)
	paymentFlags(f, &s)
	f.IntVar(&s.MaxBackups, "max-backups", server.MaxBackups,
		"maximum number of backups requested over HTTP that the server stores; it refuses further ones")
	f.BoolVar(&s.Refusals, "record-refusals", false,
		"record refused requests with the reason, at most 1,000 a second and 500,000 a day, in separate streams")
	f.BoolVar(&s.Prove, "prove", false, "check the log against the rules of verify continuously; /readyz fails on a "+
		"violation, and metrics show the progress")
	f.StringVar(&s.At, "at", "", "show the log as of a moment, read-only: a position or an RFC 3339 time")
	f.BoolVar(&accessLog, accessLogFlag, true, "write a line per request to standard error")
	f.Lookup(accessLogFlag).DefValue = "on unless that is a terminal"
	f.StringVar(&s.Profile, "profile-listen", "", "loopback address for Go's profiles, /debug/pprof/")
	f.BoolVar(&s.Yardstick, "yardstick", false,
		"add POST /yardstick, which only decodes and answers, as a reference for benchmarks")
	f.MarkHidden("yardstick")
	f.StringVar(&logLevel, "log-level", "info", "debug, info, warn or error")
	return cmd
}

// roomFlags defines the flags of waiting rooms.
func roomFlags(f *pflag.FlagSet, s *server.Settings) {
	f.StringVar(&s.PassKeys, "pass-keys-file", "",
		"file with the keys that sign passes of waiting rooms (default: passes.key in --secrets, created if "+
			"needed)")
	f.BoolVar(&s.AcceptKeys, "accept-keys", false,
		"accept this server's pass keys as the log's, if those are lost: earlier places and passes can no longer be "+
			"read")
	f.BoolVar(&s.OtherRooms, "rooms-elsewhere", false,
		"another server on the same log runs the waiting rooms; this one only accepts its passes")
	f.IntVar(&s.Joins, "joins-per-minute", 600,
		"maximum number of joins of one address into waiting rooms, 0 for any number; private networks are not counted")
}

// checkSettings refuses flags that exclude each other, and settings that would give access to
// everyone access can reach an address.
func checkSettings(s *server.Settings, demo bool) error {
	switch {
	case s.Store == "":
		return usagef("--store is the directory of the log; it can't be empty")
	case server.IsRemote(s.Store) && s.Data == "":
		return usagef("--data is the directory of the views; it can't be empty")
	case !server.IsRemote(s.Store) && s.HeadKeyFile != "":
		return usagef("--head-key-file is for servers that share an EventStoreDB; a log in a directory has its head.key there")
	case s.IdleAfter < time.Second:
		return usagef("--idle-after is a second or more")
	case s.SignEvery < 0:
		return usagef("--sign-every is 0 or more")
	case s.At != "" && (demo || s.EsdbListen != "" || s.Refusals || s.Prove || s.Profile != "" || s.Yardstick):
		return usagef("--at shows the past and nothing else; leave --demo, --esdb-listen, --record-refusals, --prove and " +
			"--profile-listen out")
	case s.Drain < 0:
		return usagef("--drain is 0 or more")
	case s.At != "" && s.Stripe != (server.StripeSettings{}):
		return usagef("--at shows the past, which takes no money; leave the flags of Stripe out")
	case s.At != "" && s.Currency != "":
		return usagef("--at shows the past, in the currency that the log names; leave --currency out")
	case s.Joins < 0:
		return usagef("--joins-per-minute is 0 or more")
	case s.MaxBackups < 1:
		return usagef("--max-backups is 1 or more")
	case s.EsdbListen != "" && !server.IsLoopback(s.EsdbListen):
		return usagef("--esdb-listen lets anyone read the whole log, so it requires a loopback address; stop the "+
			"server and use admitone eventstore, which has TLS and users, for %s", s.EsdbListen)
	case s.Profile != "" && !server.IsLoopback(s.Profile):
		return usagef("--profile-listen shows the server's memory to anyone access can reach it, so it requires a "+
			"loopback address; reach %s through a tunnel", s.Profile)
	}
	taken := map[string]string{}
	for _, l := range []struct{ flag, address string }{{"listen", s.Listen}, {"esdb-listen", s.EsdbListen},
		{"profile-listen", s.Profile}, {"operations-listen", s.Operations}} {
		if l.address == "" && l.flag != "listen" {
			continue
		}
		if err := server.CheckAddress(l.flag, l.address); err != nil {
			return err
		}
		if other := taken[l.address]; other != "" && !strings.HasSuffix(l.address, ":0") {
			return usagef("--%s and --%s are both %s; each needs its own address", other, l.flag, l.address)
		}
		taken[l.address] = l.flag
	}
	if err := checkCluster(s); err != nil {
		return err
	}
	if err := checkOrigins(s.AllowOrigins); err != nil {
		return err
	}
	return checkConnections(s)
}

// connectionFlags defines the flags of connections and their limits.
func connectionFlags(f *pflag.FlagSet, s *server.Settings) {
	f.Int64Var(&s.MaxSockets, "max-sockets", 100_000,
		"maximum number of open WebSockets, at most seven eighths of the connections that ulimit -n allows")
	f.IntVar(&s.PerAddress, "connections-per-address", 1000,
		"maximum number of open connections of one address, at most a quarter of all, 0 for any number; private networks "+
			"and trusted proxies are not counted")
	f.Int64Var(&s.RateLimit, "rate-limit", 0,
		"commands that one caller may send per second, 0 for any number: the sub of a token, or an address without one; "+
			"private networks without a token are not counted")
	f.StringSliceVar(&s.Trusted, "trusted-proxy", nil,
		"network (CIDR) of proxies trusted to state the caller's address (several: repeat it)")
	f.StringVar(&s.ProxyHeader, "proxy-header", connections.ForwardedFor,
		"header in which they state it: X-Forwarded-For or Forwarded")
}

// checkConnections checks the flags of connections.
func checkConnections(s *server.Settings) (err error) {
	switch {
	case s.MaxSockets < 1:
		return usagef("--max-sockets is 1 or more")
	case s.RateLimit < 0 || s.RateLimit > 1_000_000:
		return usagef("--rate-limit is 1 to 1000000, or 0 for any number")
	case s.PerAddress < 0:
		return usagef("--connections-per-address is 0 or more")
	}
	if s.Proxies, err = connections.NewProxies(s.Trusted, s.ProxyHeader); err != nil {
		return usagef("--trusted-proxy, --proxy-header: %w", err)
	}
	return nil
}

func serve(ctx context.Context, s server.Settings, demo bool, out io.Writer) error {
	server.TuneGC()
	p, err := server.Start(s)
	if err != nil {
		return err
	}
	if demo {
		if err := (&demonstration{p.Desk, p.Rooms}).create(ctx); err != nil {
			s.Logger.Error("the demo's entities could not be created", "error", err)
		}
	}
	where := server.WithoutPassword(s.Store)
	if output := p.Listens(); output != p.Address() {
		where += ", listening on " + output
	}
	fmt.Fprintf(out, "admitone is on http://%s/ (log in %s%s)\n", p.Address(), where, p.Where())
	if progress.IsTerminal(out) {
		fmt.Fprint(out, banner("http://"+p.Address(), where+p.Where(), demo))
	}
	var partErr error
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
	case partErr = <-p.Failed():
		s.Logger.Error("a part of the server failed; stopping", "error", partErr)
	}
	if partErr == nil && s.Drain > 0 {
		drain(p, s.Drain)
	}
	limit, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := p.Stop(limit); err != nil && partErr == nil {
		s.Logger.Warn("some work did not end in time", "error", err)
	}
	if partErr != nil {
		return serverStopped{partErr}
	}
	return nil
}
