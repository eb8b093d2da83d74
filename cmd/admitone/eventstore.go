package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdbwire"
)

// eventstore is what the flags of the command of that name say.
type eventstore struct {
	dir, listen string
	writable    bool
	cert, key   string
	users       []string
	readers     []string
	logger      *slog.Logger
}

func newEventstore() *cobra.Command {
	var e eventstore
	cmd := &cobra.Command{
		Use:   "eventstore",
		Short: "The embedded log as an EventStoreDB server of its own",
		Long: "Serves the log in a directory over EventStoreDB's protocol, so that several nodes\n" +
			"share it (admitone serve --store esdb://…), and any EventStoreDB client reads it.\n" +
			"Without --writable nobody can change anything. Clients send passwords over TLS only.",
		Example: "  admitone eventstore --dir ./data --listen 127.0.0.1:2113 --writable\n" +
			"  admitone eventstore --dir /var/lib/admitone --listen 0.0.0.0:2113 --tls-cert node.crt --tls-key node.key --user node:secret --reader audit:secret",
		RunE: func(cmd *cobra.Command, _ []string) error {
			e.logger = slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil))
			config, err := e.config()
			if err != nil {
				return err
			}
			if len(config.Users) == 0 && !isLoopback(e.listen) {
				fmt.Fprintf(cmd.ErrOrStderr(), "admitone: without a --user, everybody who can reach %s may read the log%s\n",
					e.listen, map[bool]string{true: " and write to it"}[e.writable])
			}
			return e.serve(cmd.Context(), config, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&e.dir, "dir", "./data", "directory of the log, made when needed; no server may be using it")
	f.StringVar(&e.listen, "listen", "127.0.0.1:2113", "address to listen on")
	f.BoolVar(&e.writable, "writable", false, "let clients append, delete and set metadata")
	f.StringVar(&e.cert, "tls-cert", "", "file with the certificate (PEM), for TLS")
	f.StringVar(&e.key, "tls-key", "", "file with the certificate's key (PEM)")
	f.StringSliceVar(&e.users, "user", nil, "NAME:PASSWORD of somebody who may come in (several: repeat it); none: everybody may")
	f.StringSliceVar(&e.readers, "reader", nil, "NAME:PASSWORD of somebody who may only read, even with --writable")
	return cmd
}

// config checks the flags. Its errors are the caller's mistakes.
func (e *eventstore) config() (esdbwire.Config, error) {
	c := esdbwire.Config{Writable: e.writable, Logger: e.logger, Users: map[string]esdbwire.User{}}
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

// serve serves until ctx ends.
func (e *eventstore) serve(ctx context.Context, config esdbwire.Config, out io.Writer) (err error) {
	listener, err := net.Listen("tcp", e.listen)
	if err != nil {
		return fmt.Errorf("can't listen on %s: %w", e.listen, err)
	}
	store, err := embedded.Open(e.dir, embedded.Options{Logger: e.logger})
	if err != nil {
		listener.Close()
		if errors.Is(err, events.ErrInUse) {
			return fmt.Errorf("another server is using the log in %s; admitone serve offers it too, with --esdb-listen", e.dir)
		}
		return fmt.Errorf("can't open the log in %s: %w", e.dir, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	server := esdbwire.New(store, config)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintf(out, "the log in %s is on %s (%s)\n", e.dir, esdbAddress(listener, config), map[bool]string{true: "writable", false: "read-only"}[e.writable])
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
		return errors.Join(server.Close(), <-ended)
	case err := <-ended:
		return errors.Join(err, server.Close())
	}
}

// offerLog makes serve's log readable over EventStoreDB's protocol, if the flags ask
// for it.
func (p *program) offerLog(address string) (err error) {
	if address == "" {
		return nil
	}
	if p.esdbListener, err = net.Listen("tcp", address); err != nil {
		return fmt.Errorf("can't listen on %s: %w", address, err)
	}
	p.esdb = esdbwire.New(p.log, esdbwire.Config{Logger: p.logger})
	return nil
}

// withdrawLog ends what offerLog began.
func (p *program) withdrawLog() error {
	if p.esdb == nil {
		return nil
	}
	err := p.esdb.Close()
	_ = p.esdbListener.Close() // closed already, if it was served
	return err
}

// esdbAddress is the connection string for clients.
func esdbAddress(listener net.Listener, config esdbwire.Config) string {
	address := "esdb://" + listener.Addr().String()
	if config.TLS == nil {
		address += "?tls=false"
	}
	return address
}

// isLoopback says whether only this machine can reach an address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
