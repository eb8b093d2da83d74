package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/archive"
	"admitone/events/embedded"
)

func newImport() *cobra.Command {
	var store string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Restore a log from an exported file: the same events, revisions and times",
		Long: "Imports the output of admitone export into an empty log, or one that is a prefix of\n" +
			"it. Every event has its original position, revision and time.\n" +
			"Events of an EventStoreDB get the positions 1, 2, 3 in a directory. In an EventStoreDB\n" +
			"(--store esdb://…) it assigns positions and times.\n" +
			"A damaged or truncated file is refused at its first bad line: the events before it are\n" +
			"in the log, which can't be used until the import is completed with an intact file.\n" +
			"The same command then resumes. - is standard input.",
		Example: "  admitone import monday.jsonl.zst --store ./copy\n  admitone verify --store ./copy",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := openImportFile(cmd, args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			m := &importer{name: args[0], store: server.WithoutPassword(store), bar: progress.New(cmd.ErrOrStderr())}
			if server.IsRemote(store) {
				err = m.intoEventStore(cmd.Context(), in, store)
			} else {
				err = m.run(cmd.Context(), in)
			}
			m.bar.Done()
			var at *archive.LineError
			switch {
			case errors.As(err, &at):
				fmt.Fprintf(cmd.OutOrStdout(), "%s, %s\n%d events before it are in %s; continue with an intact file\n", args[0],
					at.Error(), m.imported, m.store)
				return errCheckFailed
			case errors.Is(err, context.Canceled):
				return fmt.Errorf("stopped; the same command continues after position %d", m.imported)
			case errors.Is(err, events.ErrConflict), errors.Is(err, events.ErrUnknown), errors.Is(err, events.ErrUnavailable):
				return fmt.Errorf("%w; run the same command again to continue", err)
			case err != nil:
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s holds the %d events of %s; their root is %s\n", m.store, m.imported, args[0],
				m.root)
			return nil
		},
	}
	cmd.Flags().StringVar(&store, "store", "./data", "directory of the new log, which no server may be using, or "+
		"an EventStoreDB: esdb://…")
	return cmd
}

func openImportFile(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return file, nil
}

// importer is an import in progress.
type importer struct {
	name, store string
	bar         *progress.Bar
	log         *embedded.Importer
	imported    events.Position // position up to which the file's events are in the log
	read        int64           // position up to which they were read
	root        string
	clock       time.Time // of the last event of an EventStoreDB, for those after it
}

func (m *importer) run(ctx context.Context, file io.Reader) error {
	in, err := archive.NewReader(file, archive.CompressionOf(m.name))
	if err != nil {
		return err
	}
	defer in.Close()
	// The first block is read before the log is opened, so that a file that is not an export
	// creates nothing.
	first, err := in.Next()
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	m.log, err = embedded.OpenImport(m.store, embedded.Options{Logger: logger})
	if errors.Is(err, events.ErrInUse) {
		return server.InUse(m.store, "name another directory with --store")
	}
	if err != nil {
		return fmt.Errorf("can't open the log in %s: %w", m.store, err)
	}
	in.LastHash = func(stream events.StreamID) (events.Hash, error) {
		if m.log.Head() != events.Position(m.read) {
			return events.Hash{}, errors.New("the log extends beyond the file")
		}
		return m.log.LastHash(ctx, stream)
	}
	err = m.blocks(ctx, in, first)
	return errors.Join(err, m.log.Close())
}

// blocks imports block by block, and completes the log with the last one.
func (m *importer) blocks(ctx context.Context, in *archive.Reader, block *archive.Block) error {
	m.imported = m.log.Head()
	for {
		if err := m.block(ctx, block); err != nil {
			return err
		}
		if block.End {
			m.root = block.Root.String()
			break
		}
		var err error
		if block, err = in.Next(); err != nil {
			return err
		}
	}
	if end := m.log.Head(); end > events.Position(block.Size) {
		return usagef("%s has %d events, and %s only the first %d of them; there is nothing to import", m.store, end, m.name,
			block.Size)
	}
	return m.log.Finish()
}

// block compares the events that the log already has with those of the file, and appends the
// others.
func (m *importer) block(ctx context.Context, b *archive.Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.Own {
		m.renumber(b)
	}
	known := b.Events[:0]
	if before := b.Size - int64(len(b.Events)); m.log.Head() > events.Position(before) {
		known = b.Events[:min(int64(len(b.Events)), int64(m.log.Head())-before)]
	}
	if len(known) > 0 {
		have, err := m.log.ReadAll(ctx, known[0].Position-1, events.Forward, len(known))
		if err != nil {
			return err
		}
		for i := range known {
			if i >= len(have) || !sameEvent(&have[i], &known[i]) {
				return usagef("the log in %s is not a prefix of %s: line %d has a different event for position %d; give an "+
					"empty directory with --store",
					m.store, m.name, b.Line+i, known[i].Position)
			}
		}
	}
	err := m.log.Append(b.Events[len(known):])
	if errors.Is(err, embedded.ErrBadImport) || errors.Is(err, embedded.ErrBadAppend) {
		return &archive.LineError{Line: b.Line + len(known), Detail: "from here on: " + err.Error()}
	}
	if err != nil {
		return err
	}
	m.imported, m.read = m.log.Head(), b.Size
	m.bar.Say("importing: position %d", b.Size)
	return nil
}

// renumber gives events of an EventStoreDB the positions of a log in a directory, and raises times so
// that they never decrease.
func (m *importer) renumber(b *archive.Block) {
	first := b.Size - int64(len(b.Events)) + 1
	for i := range b.Events {
		e := &b.Events[i]
		e.Position = events.Position(first + int64(i))
		if e.Created.Before(m.clock) {
			e.Created = m.clock
		}
		m.clock = e.Created
	}
}

// sameEvent compares everything that a log stores about two events.
func sameEvent(a, b *events.Recorded) bool {
	return a.ID == b.ID && a.Type == b.Type && string(a.Data) == string(b.Data) &&
		string(a.Metadata) == string(b.Metadata) &&
		a.Stream == b.Stream && a.Revision == b.Revision && a.Position == b.Position && a.Created.Equal(b.Created)
}
