package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
)

// source says where a command finds the log: in a directory, or at a running
// server.
type source struct{ store, url, token string }

func (s *source) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.store, "store", "./data", "directory of the log, which no server may be using, or an EventStoreDB: esdb://…")
	f.StringVar(&s.url, "url", "", "read through the server that runs there, for example http://127.0.0.1:8080")
	f.StringVar(&s.token, "token", "", "token for --url, of an auditor or admin; needed when the server runs with --auth jwt")
}

// open opens the log for reading; the caller closes it. A directory without a log
// is an error, and stays without.
func (s *source) open(cmd *cobra.Command, args []string) (events.Store, error) {
	if s.url != "" {
		return remote.New(s.url, s.token)
	}
	if elsewhere(s.store) {
		logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		return connect(cmd.Context(), s.store, esdb.Options{ReadOnly: true, Logger: logger})
	}
	return s.openStore(cmd, args)
}

// embedded says whether the log is one in a directory.
func (s *source) embedded() bool { return s.url == "" && !elsewhere(s.store) }

func (s *source) openStore(cmd *cobra.Command, args []string) (*embedded.Store, error) {
	if elsewhere(s.store) {
		return nil, usagef("this needs a log in a directory, not %s", withoutPassword(s.store))
	}
	inside, err := os.ReadDir(filepath.Join(s.store, "log"))
	if err != nil || len(inside) == 0 {
		return nil, fmt.Errorf("there is no log in %s; name its directory with --store, or a running server with --url http://127.0.0.1:8080", s.store)
	}
	logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := embedded.Open(s.store, embedded.Options{Logger: logger})
	if errors.Is(err, events.ErrInUse) {
		return nil, fmt.Errorf("a server is using the log in %s; read through it: %s --url http://127.0.0.1:8080 (or where it listens)",
			s.store, strings.Join(append([]string{cmd.CommandPath()}, args...), " "))
	}
	if err != nil {
		return nil, cantOpen(s.store, err)
	}
	return store, nil
}

// name is how the source is called in a message.
func (s *source) name() string {
	if s.url != "" {
		return s.url
	}
	return withoutPassword(s.store)
}

// notThere says that what was asked for does not exist, exit status 1.
func notThere(out io.Writer, format string, args ...any) error {
	fmt.Fprintf(out, "admitone: "+format+"\n", args...)
	return errFoundWrong
}

// entity splits KIND/ID. A seat's id, such as gig~A-1-1, may be written gig/A-1-1.
func entity(arg string) (kind, id string, err error) {
	kind, id, ok := strings.Cut(arg, "/")
	if !ok || kind == "" || id == "" {
		return "", "", usagef("%q is no KIND/ID; it looks like product/1", arg)
	}
	return kind, strings.ReplaceAll(id, "/", "~"), nil
}
