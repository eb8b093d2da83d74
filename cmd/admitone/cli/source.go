package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
	"admitone/projections/history"
)

// source is where a command finds the log: in a directory, or at a running server.
type source struct {
	store, url, token string
	// from is set for a command that names the log with --from, and has no --url.
	from bool
}

func (s *source) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.store, "store", "./data",
		"directory of the log, which no server may be using, or an EventStoreDB: esdb://…")
	f.StringVar(&s.url, "url", "", "read through the running server at this address, for example http://127.0.0.1:8080")
	f.StringVar(&s.token, "token", "", "token for --url, of an auditor or admin; needed when the server runs with "+
		"--auth jwt")
}

// directoryOnly describes --store for a command that needs the directory of a log, or a running server.
func (s *source) directoryOnly(cmd *cobra.Command) {
	cmd.Flags().Lookup("store").Usage = "directory of the log, which no server may be using"
}

// open opens the log for reading; the caller closes it. It changes nothing in a directory, which
// may be read-only, and fails if there is no log.
func (s *source) open(cmd *cobra.Command, args []string) (events.Store, error) {
	if s.url != "" {
		return remote.New(s.url, s.token)
	}
	if server.IsRemote(s.store) {
		logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		return server.Connect(cmd.Context(), s.store, esdb.Options{ReadOnly: true, Logger: logger})
	}
	store, err := s.openEmbedded(cmd, embedded.OpenReader)
	if errors.Is(err, events.ErrInUse) {
		return nil, s.readElsewhere(cmd, args)
	}
	if err != nil {
		return nil, err
	}
	return store, nil
}

// embedded reports whether the log is in a directory.
func (s *source) embedded() bool { return s.url == "" && !server.IsRemote(s.store) }

// counting reports whether the heads of the log cover only this system's own events.
func (s *source) counting(ctx context.Context) (own bool, err error) {
	if s.url == "" {
		return server.IsRemote(s.store), nil
	}
	log, err := remote.New(s.url, s.token)
	if err != nil {
		return false, err
	}
	var h logHead
	err = log.Call(ctx, http.MethodGet, "/v1/log/head", "", &h)
	if refused := (*remote.Problem)(nil); errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		err = nil // the server has no tree
	}
	return h.Counts == "own", err
}

// openStore opens the log for commands that write to it, or next to it.
func (s *source) openStore(cmd *cobra.Command, args []string) (*embedded.Store, error) {
	store, err := s.openEmbedded(cmd, embedded.Open)
	if errors.Is(err, events.ErrInUse) && server.IsEventStore(server.EndpointOf(s.store)) {
		return nil, fmt.Errorf("admitone eventstore is using the log in %s, and %s needs the directory itself; stop it first",
			s.store, cmd.CommandPath())
	}
	if errors.Is(err, events.ErrInUse) {
		return nil, s.readElsewhere(cmd, args)
	}
	return store, err
}

// readElsewhere is the error of a command whose directory another process has open: the same command
// through that process, if it serves the log.
func (s *source) readElsewhere(cmd *cobra.Command, args []string) error {
	typed := strings.Join(append([]string{cmd.CommandPath()}, args...), " ")
	flag := "--store"
	if s.from {
		flag = "--from"
	}
	switch endpoint := server.EndpointOf(s.store); {
	case server.IsEventStore(endpoint):
		return fmt.Errorf("admitone eventstore is using the log in %s; read through it: %s %s '%s'", s.store, typed, flag,
			endpoint)
	case s.from:
		return server.InUse(s.store, "read an export of it, by admitone export")
	case endpoint != "":
		return fmt.Errorf("a server is using the log in %s; read through it: %s --url %s", s.store, typed, endpoint)
	}
	return fmt.Errorf("another process is using the log in %s; read through it if it is a server: %s --url http://127.0.0.1:8080 "+
		"(or where it listens), or, for admitone eventstore, %[2]s --store 'esdb://127.0.0.1:2113?tls=false'", s.store, typed)
}

// openEmbedded opens the log in a directory. Errors: events.ErrInUse; those with the remedy.
func (s *source) openEmbedded(cmd *cobra.Command,
	open func(string, embedded.Options) (*embedded.Store, error)) (*embedded.Store, error) {
	if server.IsRemote(s.store) {
		return nil, usagef("%s needs a log in a directory, not %s; give a running server with --url", cmd.CommandPath(),
			server.WithoutPassword(s.store))
	}
	inside, err := os.ReadDir(filepath.Join(s.store, "log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("can't read the log in %s: %w", s.store, err)
	}
	if len(inside) == 0 {
		return nil, fmt.Errorf("there is no log in %s; give its directory with --store, or a running server with --url "+
			"http://127.0.0.1:8080", s.store)
	}
	logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := open(s.store, embedded.Options{Logger: logger})
	if errors.Is(err, events.ErrInUse) {
		return nil, err
	}
	if err != nil {
		return nil, server.OpenError(s.store, err)
	}
	return store, nil
}

// name is the source's name in messages.
func (s *source) name() string {
	if s.url != "" {
		return s.url
	}
	return server.WithoutPassword(s.store)
}

// notThere reports that a resource does not exist, exit status 1.
func notThere(out io.Writer, format string, args ...any) error {
	fmt.Fprintf(out, "admitone: "+format+"\n", args...)
	return errCheckFailed
}

// entity splits KIND/ID. A seat's id, such as gig~A-1-1, may be written gig/A-1-1.
func entity(arg string) (kind, id string, err error) {
	kind, id, ok := strings.Cut(arg, "/")
	if !ok || kind == "" || id == "" {
		return "", "", usagef("%q is not of the form KIND/ID; it looks like product/1", arg)
	}
	return kind, history.EntityID(kind, id), nil
}
