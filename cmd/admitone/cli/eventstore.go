package cli

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/server"
	"admitone/events/esdbwire"
)

// eventstore has the flags of the command eventstore.
type eventstore struct {
	server.SharedLog
	writable  bool
	cert, key string
	users     []string
	readers   []string
}

func newEventstore() *cobra.Command {
	var e eventstore
	cmd := &cobra.Command{
		Use:   "eventstore",
		Short: "Serve the embedded log as an EventStoreDB",
		Long: "Serves the log in a directory over EventStoreDB's protocol, so that several nodes\n" +
			"share it (admitone serve --store esdb://…), and any EventStoreDB client reads it.\n" +
			"Without --writable it is read-only. Clients send passwords over TLS only.",
		Example: "  admitone eventstore --dir ./data --listen 127.0.0.1:2113 --writable\n" +
			"  admitone eventstore --dir /var/lib/admitone --listen 0.0.0.0:2113 --tls-cert node.crt --tls-key node.key " +
			"--user node:secret --reader audit:secret",
		RunE: func(cmd *cobra.Command, _ []string) error {
			e.Logger = newLogger(cmd.ErrOrStderr(), slog.LevelInfo)
			config, err := e.config()
			if err != nil {
				return err
			}
			if len(config.Users) == 0 && !server.IsLoopback(e.Listen) {
				fmt.Fprintf(cmd.ErrOrStderr(), "admitone: without a --user, anyone who can reach %s may read the log\n",
					e.Listen)
			}
			e.Wire = config
			server.TuneGC()
			return e.Serve(cmd.Context(), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&e.Dir, "dir", "./data", "directory of the log, created if needed; no server may be using it")
	f.StringVar(&e.Listen, "listen", "127.0.0.1:2113", "address to listen on")
	f.BoolVar(&e.writable, "writable", false,
		"let clients append, delete and set metadata; without a --user on a loopback address only")
	f.BoolVar(&e.AcceptLoss, "accept-loss", false,
		"for this start: accept that the end of the log is missing, and continue it with a new epoch")
	f.StringVar(&e.cert, "tls-cert", "", "file with the certificate (PEM), for TLS")
	f.StringVar(&e.key, "tls-key", "", "file with the certificate's key (PEM)")
	f.StringSliceVar(&e.users, "user", nil, "NAME:PASSWORD of an account that may connect "+
		"(repeatable); if there is none, anyone may")
	f.StringSliceVar(&e.readers, "reader", nil, "NAME:PASSWORD of an account with read access only, even with --writable")
	return cmd
}

// config checks the flags. Its errors are usage errors.
func (e *eventstore) config() (esdbwire.Config, error) {
	c := esdbwire.Config{Writable: e.writable, Logger: e.Logger, Users: map[string]esdbwire.User{}}
	if (e.cert == "") != (e.key == "") {
		return c, usagef("--tls-cert and --tls-key go together")
	}
	if e.cert != "" {
		pair, err := tls.LoadX509KeyPair(e.cert, e.key)
		if err != nil {
			return c, usagef("--tls-cert, --tls-key: %w", err)
		}
		c.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	} else if len(e.users)+len(e.readers) > 0 {
		return c, usagef("--user and --reader need --tls-cert and --tls-key: clients send no password without TLS")
	}
	if e.writable && len(e.users) == 0 && !server.IsLoopback(e.Listen) {
		return c, usagef("--writable without a --user lets anyone change the log, so it requires a loopback address; "+
			"add --user NAME:PASSWORD (with --tls-cert and --tls-key), or leave --writable out, to listen on %s", e.Listen)
	}
	for i, text := range append(e.users[:len(e.users):len(e.users)], e.readers...) {
		name, password, _ := strings.Cut(text, ":")
		if name == "" || password == "" {
			return c, usagef("--user and --reader are NAME:PASSWORD")
		}
		if _, twice := c.Users[name]; twice {
			return c, usagef("the user %q is given twice", name)
		}
		c.Users[name] = esdbwire.User{Password: password, Reader: i >= len(e.users)}
	}
	return c, nil
}
