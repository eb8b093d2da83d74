package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/esdb"
	"admitone/projections/verify"
)

// migration copies the facts of one log to another, in the order of the log. The target is always a prefix of the
// source, so that a later run can resume at its end.
type migration struct {
	from, to       events.Store
	fromName, name string
	bar            *progress.Bar
	head           events.Position // the head of the source
	copied         int             // the number of events copied
}

func newMigrate() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Copy a log into another store, and compare the two",
		Long: "Copies every event of a log that no server is using to another log: from a directory\n" +
			"into an EventStoreDB, or back. The target is empty, or has the events copied by an\n" +
			"earlier run, which is then resumed. At the end both logs are read and compared: events, revisions,\n" +
			"hash chains, rules. Ends with status 1 if they differ.\n\n" +
			"Positions and recording times are assigned by the target.",
		Example: "  admitone migrate --from ./data --to 'esdb://127.0.0.1:2113?tls=false'\n" +
			"  admitone migrate --from 'esdb://127.0.0.1:2113?tls=false' --to ./copy",
		RunE: func(cmd *cobra.Command, args []string) error {
			if from == "" || to == "" {
				return usagef("give the source with --from and the target with --to: directories, or esdb://…")
			}
			if from == to {
				return usagef("--from and --to are the same; name another one with --to")
			}
			m := &migration{fromName: server.WithoutPassword(from), name: server.WithoutPassword(to),
				bar: progress.New(cmd.ErrOrStderr())}
			server.TuneGC()
			source := source{store: from, from: true}
			var err error
			if m.from, err = source.open(cmd, args); err != nil {
				return err
			}
			defer m.from.Close()
			if m.to, err = openTarget(cmd.Context(), to); err != nil {
				return err
			}
			defer m.to.Close()
			return m.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the log to copy: a directory, or esdb://…")
	cmd.Flags().StringVar(&to, "to", "", "the target: a directory, or esdb://…")
	return cmd
}

func openTarget(ctx context.Context, to string) (events.Store, error) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if server.IsRemote(to) {
		return server.Connect(ctx, to, esdb.Options{Logger: logger})
	}
	return server.OpenGrowing(ctx, to, false, logger, 0)
}

func (m *migration) run(ctx context.Context, out io.Writer) error {
	start := time.Now()
	if err := m.copy(ctx); err != nil {
		return err
	}
	same, err := m.compare(ctx)
	m.bar.Done()
	if differs := (*difference)(nil); errors.As(err, &differs) {
		fmt.Fprintf(out, "%s and %s differ: %s\n", m.fromName, m.name, differs.what)
		return errCheckFailed
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d events copied from %s to %s in %.1f s; %d events of %d streams are the same in both\n",
		m.copied, m.fromName, m.name, time.Since(start).Seconds(), same.Events(), same.Streams())
	return err
}

// migrateRetries is the number of consecutive attempts without progress after which copy gives up.
const migrateRetries = 10

// copy appends the events that the target lacks. After a failure, such as a conflict with a concurrent copy, it reads
// the end of the target again.
func (m *migration) copy(ctx context.Context) error {
	for failures := 0; ; {
		before := m.copied
		after, err := m.resumePosition(ctx)
		if err == nil {
			err = m.copyFrom(ctx, after)
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnknown) &&
			!errors.Is(err, events.ErrUnavailable) {
			return err
		}
		if failures++; m.copied > before {
			failures = 0
		}
		if failures == migrateRetries {
			return fmt.Errorf("%w; run the same command again to continue", err)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// resumePosition returns the position in the source of the last event that the target has, 0 for none.
func (m *migration) resumePosition(ctx context.Context) (events.Position, error) {
	var err error
	if m.head, err = m.from.Head(ctx); err != nil {
		return 0, err
	}
	last, err := lastFact(ctx, m.to)
	if err != nil || last == nil {
		return 0, err
	}
	page, err := m.from.Read(ctx, last.Stream, last.Revision, events.Forward, 1)
	if err != nil {
		return 0, err
	}
	if len(page) == 0 || page[0].ID != last.ID || page[0].Revision != last.Revision {
		return 0, usagef("%s holds a different log, which ends with %s@%d; name an empty one with --to", m.name, last.Stream,
			last.Revision)
	}
	return page[0].Position, nil
}

// lastFact returns the last event in the log that belongs to any entity; nil if there is none.
func lastFact(ctx context.Context, log events.Store) (*events.Recorded, error) {
	for before := events.EndPosition; ; {
		page, err := log.ReadAll(ctx, before, events.Backward, 64)
		if err != nil || len(page) == 0 {
			return nil, err
		}
		for i := range page {
			if before = page[i].Position; !page[i].Stream.Internal() {
				return &page[i], nil
			}
		}
	}
}

func (m *migration) copyFrom(ctx context.Context, after events.Position) error {
	c, before := newCopier(m.to), m.copied
	for e, err := range events.All(ctx, m.from, after) {
		if err == nil && e.Stream.Internal() {
			continue
		}
		if err == nil {
			err = c.add(ctx, &e)
		}
		if err != nil {
			err = errors.Join(err, c.wait())
			m.copied = before + c.copied
			return err
		}
		m.copied = before + c.copied
		m.bar.Say("copying: %d events, position %d of %d", m.copied, e.Position, m.head)
	}
	err := c.flush(ctx)
	m.copied = before + c.copied
	return err
}

// difference is the error for two logs that differ.
type difference struct{ what string }

func (d *difference) Error() string { return d.what }

// compare compares both logs and verifies the target. It returns a *difference if they differ.
func (m *migration) compare(ctx context.Context) (*verify.Verifier, error) {
	rules := verify.New(false)
	want, stopWant := iter.Pull2(facts(ctx, m.from))
	defer stopWant()
	have, stopHave := iter.Pull2(facts(ctx, m.to))
	defer stopHave()
	for {
		w, wantErr, more := want()
		h, haveErr, moreHere := have()
		switch {
		case wantErr != nil || haveErr != nil:
			return nil, errors.Join(wantErr, haveErr)
		case !more && !moreHere:
			return rules, nil
		case !more:
			return nil, &difference{fmt.Sprintf("the copy has events that the source lacks, from %s@%d", h.Stream, h.Revision)}
		case !moreHere:
			return nil, &difference{fmt.Sprintf("the copy lacks events of the source, from %s@%d", w.Stream, w.Revision)}
		case !sameFact(&h, &w):
			return nil, &difference{fmt.Sprintf("%s@%d does not match %s@%d at the same place in the copy", w.Stream, w.Revision,
				h.Stream, h.Revision)}
		}
		if err := rules.Check(&h); err != nil {
			return nil, &difference{err.Error()}
		}
		m.bar.Say("comparing: %d events, position %d of %d", rules.Events(), w.Position, m.head)
	}
}

// facts iterates over the events of entities.
func facts(ctx context.Context, log events.Store) iter.Seq2[events.Recorded, error] {
	return func(yield func(events.Recorded, error) bool) {
		for e, err := range events.All(ctx, log, 0) {
			if err == nil && e.Stream.Internal() {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
