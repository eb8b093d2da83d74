package cli

import (
	"context"
	"errors"
	"io"
	"iter"

	"admitone/events"
	"admitone/events/archive"
)

// intoEventStore appends the file's events to a log in an EventStoreDB, which must be empty or have
// a prefix of them; events of other programs do not matter. After a failure the same command
// resumes.
func (m *importer) intoEventStore(ctx context.Context, file io.Reader, address string) error {
	in, err := archive.NewReader(file, archive.CompressionOf(m.name))
	if err != nil {
		return err
	}
	defer in.Close()
	first, err := in.Next() // nothing is opened if the file is not an export
	if err != nil {
		return err
	}
	to, err := openTarget(ctx, address)
	if err != nil {
		return err
	}
	defer to.Close()
	have, stop := iter.Pull2(ownFacts(ctx, to, first.Own))
	defer stop()
	c := newCopier(to)
	defer c.wait() // its error is that of a copy that has failed already
	for b := first; ; {
		if err := m.copyBlock(ctx, b, c, have); err != nil {
			return err
		}
		if b.End {
			m.root = b.Root.String()
			return m.checkNoMore(ctx, c, have)
		}
		if b, err = in.Next(); err != nil {
			return errors.Join(err, c.flush(ctx)) // the events before the fault are valid
		}
	}
}

// copyBlock compares the events of a block with existing ones, and appends the others.
func (m *importer) copyBlock(ctx context.Context, b *archive.Block, c *copier,
	have func() (events.Recorded, error, bool)) error {
	for i := range b.Events {
		e := &b.Events[i]
		if e.Stream.Internal() {
			continue // a store's own
		}
		if c.copied == 0 && len(c.batch.events) == 0 {
			existing, err, more := have()
			if err != nil {
				return err
			}
			if more && !sameFact(&existing, e) {
				return usagef("the log in %s is not a prefix of %s: it has %s@%d where line %d has %s@%d; give an empty one "+
					"with --store", m.store, m.name, existing.Stream, existing.Revision, b.Line+i, e.Stream, e.Revision)
			}
			if more {
				m.imported++
				continue
			}
		}
		if err := c.add(ctx, e); err != nil {
			return err
		}
		m.imported++
	}
	m.bar.Say("importing: %d events", b.Size)
	return nil
}

// checkNoMore checks that the target has no further events after those of the file.
func (m *importer) checkNoMore(ctx context.Context, c *copier, have func() (events.Recorded, error, bool)) error {
	if err := c.flush(ctx); err != nil || c.copied > 0 {
		return err
	}
	existing, err, more := have()
	if err == nil && more {
		err = usagef("%s has more events than %s, from %s@%d on; there is nothing to import", m.store, m.name, existing.Stream,
			existing.Revision)
	}
	return err
}

// sameFact compares the parts of an event that are the same in any store.
func sameFact(a, b *events.Recorded) bool {
	return a.Stream == b.Stream && a.Revision == b.Revision && a.ID == b.ID && a.Type == b.Type &&
		string(a.Data) == string(b.Data) && string(a.Metadata) == string(b.Metadata)
}

// ownFacts iterates over the events of entities, with own over this system's alone.
func ownFacts(ctx context.Context, log events.Store, own bool) iter.Seq2[events.Recorded, error] {
	lineage := events.NewLineage(log)
	return func(yield func(events.Recorded, error) bool) {
		for e, err := range facts(ctx, log) {
			if err == nil && own {
				var ours bool
				if ours, err = lineage.Own(ctx, &e); err == nil && !ours {
					continue
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
