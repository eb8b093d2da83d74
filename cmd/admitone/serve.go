package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"admitone/api"
)

// stopLimit is how long a stopping server waits for what is under way.
const stopLimit = 10 * time.Second

func newServe() *cobra.Command {
	var (
		s            settings
		auth, secret string
		demo         bool
		accessLog    bool
		logLevel     string
	)
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "The server: HTTP, WebSocket and the live page",
		Example: "  admitone serve --demo\n  admitone serve --listen 0.0.0.0:8080 --store /var/lib/admitone --auth jwt\n  admitone serve --at 2031-05-01T20:00:03Z --listen 127.0.0.1:8081",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var level slog.Level
			if err := level.UnmarshalText([]byte(logLevel)); err != nil {
				return usagef("--log-level: %w", err)
			}
			s.logger = slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			switch {
			case s.store == "":
				return usagef("--store is the directory of the log; it can't be empty")
			case elsewhere(s.store) && s.data == "":
				return usagef("--data is the directory of the views; it can't be empty")
			case s.idleAfter < time.Second:
				return usagef("--idle-after is a second or more")
			case s.at != "" && (demo || s.esdbListen != "" || s.refusals || s.prove || s.profile != "" || s.yardstick):
				return usagef("--at shows the past and nothing else; leave --demo, --esdb-listen, --record-refusals, --prove and --profile-listen out")
			case s.joins < 0:
				return usagef("--joins-per-minute is 0 or more")
			case s.maxSockets < 1:
				return usagef("--max-sockets is 1 or more")
			case s.esdbListen != "" && !isLoopback(s.esdbListen):
				return usagef("--esdb-listen lets everybody read the whole log, so it is for a loopback address only; stop the server and use admitone eventstore, which has TLS and users, for %s", s.esdbListen)
			}
			var err error
			if s.auth, err = authOf(auth, secret, s); err != nil {
				return err
			}
			if accessLog {
				s.accessLog = cmd.ErrOrStderr()
			}
			return serve(cmd.Context(), s, demo, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "address to listen on")
	f.StringVar(&s.store, "store", "./data", "directory of the log, or an EventStoreDB: esdb://host:2113?tls=false")
	f.StringVar(&s.data, "data", "./data", "directory of what is not the log (views, jwt.key), if the log is in an EventStoreDB")
	f.StringVar(&auth, "auth", "open", "open (everybody may do everything; loopback only) or jwt")
	f.StringVar(&secret, "jwt-secret-file", "", "file with the secret that signs tokens, at least 32 bytes (default: jwt.key in the store, made when needed)")
	f.BoolVar(&demo, "demo", false, "make a few products, a tournament and a concert, unless they are there")
	f.StringSliceVar(&s.allowOrigins, "allow-origin", nil, "origin whose pages may open sockets, beside the server's own; * is any")
	f.Int64Var(&s.maxSockets, "max-sockets", 100_000, "open WebSockets at most")
	f.DurationVar(&s.idleAfter, "idle-after", time.Minute, "drop an entity from memory after that long without a command")
	f.StringVar(&s.esdbListen, "esdb-listen", "", "loopback address at which EventStoreDB clients may read the log")
	f.DurationVar(&s.signEvery, "sign-every", 10*time.Second, "write down a signed head of the log that often, if it is in a directory; 0 is no tree, no heads, no receipts")
	f.StringVar(&s.passKeys, "pass-keys-file", "", "file with the keys that sign passes of waiting rooms (default: passes.key in the store, or in --data, made when needed)")
	f.BoolVar(&s.otherRooms, "rooms-elsewhere", false, "another server on the same log runs the waiting rooms; this one only takes its passes")
	f.IntVar(&s.joins, "joins-per-minute", 600, "how often one address may join waiting rooms, 0 for any number; private networks are not counted")
	f.BoolVar(&s.refusals, "record-refusals", false, "write down who was refused what, and why: at most 1,000 a second and 500,000 a day, in streams of their own")
	f.BoolVar(&s.prove, "prove", false, "hold the log to the rules of verify all the time; /readyz fails on a violation, and metrics say how far it has come")
	f.StringVar(&s.at, "at", "", "show the log as it was then, for reading only: a position or an RFC 3339 time")
	f.BoolVar(&accessLog, "access-log", true, "write a line per request to standard error")
	f.StringVar(&s.profile, "profile-listen", "", "address for Go's profiles, /debug/pprof/; keep it on loopback")
	f.BoolVar(&s.yardstick, "yardstick", false, "add POST /yardstick, which only decodes and answers: what benchmarks compare with")
	f.MarkHidden("yardstick")
	f.StringVar(&logLevel, "log-level", "info", "debug, info, warn or error")
	return cmd
}

// authOf makes the authentication that the flags ask for. Open mode is refused on
// an address that others can reach.
func authOf(mode, file string, s settings) (api.Auth, error) {
	switch mode {
	case "open":
		host, _, err := net.SplitHostPort(s.listen)
		if err != nil {
			return nil, usagef("--listen: %w", err)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, usagef("--auth open lets everybody do everything, so it is for a loopback address only; use --auth jwt to listen on %s", s.listen)
		}
		return api.OpenAuth{Origins: s.allowOrigins}, nil
	case "jwt":
		secret, err := jwtSecret(file, s.directory())
		return api.JWTAuth{Secret: secret}, err
	}
	return nil, usagef("--auth is open or jwt, not %q", mode)
}

func serve(ctx context.Context, s settings, demo bool, out io.Writer) error {
	p, err := start(s)
	if err != nil {
		return err
	}
	if demo {
		if err := p.demonstrate(ctx); err != nil {
			s.logger.Error("what the demo shows could not be made", "error", err)
		}
	}
	where := withoutPassword(s.store)
	if said := p.listener.Addr().String(); said != p.address() {
		where += ", listening on " + said
	}
	fmt.Fprintf(out, "admitone is on http://%s/ (log in %s%s)\n", p.address(), where, p.where)
	var failed error
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
	case failed = <-p.failed:
		s.logger.Error("a part of the server failed; stopping", "error", failed)
	}
	limit, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := p.stop(limit); err != nil && failed == nil {
		s.logger.Warn("not everything ended in time", "error", err)
	}
	return failed
}
