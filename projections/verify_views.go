package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/events/pebbledb"
	"admitone/projections/verify"
)

// ErrNoViews means that the directory has no views of this log and this version. The next [Open] creates them.
var ErrNoViews = errors.New("there are no views of this log")

// VerifyViews folds the log again into scratch, an empty directory, up to the position of the views in dir, and
// compares all records. The views must not be open. It returns the position up to which the views contain the log.
//
// Errors: a *[verify.Violation]; [ErrNoViews]; the log's, the disk's.
func VerifyViews(ctx context.Context, store events.Store, dir, scratch string,
	progress func(at, head events.Position)) (events.Position, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return 0, ErrNoViews
	}
	db, lock, err := openReader(dir)
	if errors.Is(err, pebble.ErrDBDoesNotExist) {
		return 0, ErrNoViews
	}
	if err != nil {
		return 0, asViolation(0, fmt.Errorf("opening the views in %s: %w", dir, err))
	}
	defer func() { _ = errors.Join(db.Close(), lock.Close()) }()
	fresh, err := Open(Config{Store: store, Dir: scratch, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer fresh.Close()
	at, _, fits, err := (&Projections{db: db, epoch: store.Epoch()}).loadCheckpoint()
	switch {
	case err != nil:
		return 0, asViolation(0, err)
	case !fits:
		return 0, ErrNoViews
	case at.position == 0:
		if err := (&Projections{db: db}).checkEmpty(); err != nil {
			return 0, asViolation(0, err)
		}
		return 0, ErrNoViews
	}
	if err := fresh.foldUpTo(ctx, at.position, progress); err != nil {
		return at.position, err
	}
	return at.position, asViolation(at.position, compareRecords(db, fresh.db, at.position))
}

// openReader opens the files of views read-only.
func openReader(dir string) (db *pebble.DB, lock *pebble.Lock, err error) {
	if lock, err = pebbledb.Lock(vfs.Default, dir, true); err != nil {
		return nil, nil, err
	}
	if err = checkFolder(vfs.Default, dir); err == nil {
		damaged := pebbledb.Listener{Damaged: func(string, error) {}, FlushFailed: func(error) {}, Failed: func(error) {}}
		db, err = pebble.Open(dir, &pebble.Options{ReadOnly: true, ErrorIfNotExists: true, Lock: lock,
			EventListener: damaged.Events(), Logger: errorLogger{slog.New(slog.DiscardHandler)}})
	}
	if err == nil {
		if err = checkTables(db, vfs.Default, dir); err != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return db, lock, nil
}

// asViolation converts damage of the views to a violation.
func asViolation(at events.Position, err error) error {
	var violation *verify.Violation
	if err != nil && needsRebuild(err) && !errors.As(err, &violation) {
		return &verify.Violation{Position: at, Rule: verify.RuleViews,
			Detail: pebbledb.FirstLine(err).Error() + "; delete the folder, and the views are rebuilt"}
	}
	return err
}

// foldPage is the number of events read from the log at a time.
const foldPage = 1024

// foldUpTo folds the log up to a position, and writes the views.
func (p *Projections) foldUpTo(ctx context.Context, end events.Position,
	progress func(at, head events.Position)) error {
	for p.at.position < end {
		page, err := p.store.ReadAll(ctx, p.at.position, events.Forward, foldPage)
		if err != nil {
			return err
		}
		for len(page) > 0 && page[len(page)-1].Position > end {
			page = page[:len(page)-1]
		}
		if len(page) == 0 {
			return &verify.Violation{Position: end, Rule: verify.RuleViews,
				Detail: fmt.Sprintf("the views contain it, but the log ends at %d", p.at.position)}
		}
		if err := p.apply(page); err != nil {
			return err
		}
		if progress != nil {
			progress(p.at.position, end)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flush()
}

// compareRecords returns a violation for the first record in which the views differ from the fold.
func compareRecords(views, fold *pebble.DB, at events.Position) error {
	have, err := views.NewIter(nil)
	if err != nil {
		return err
	}
	defer have.Close()
	want, err := fold.NewIter(nil)
	if err != nil {
		return err
	}
	defer want.Close()
	for h, w := have.First(), want.First(); h || w; h, w = have.Next(), want.Next() {
		detail := ""
		switch {
		case !w || h && bytes.Compare(have.Key(), want.Key()) < 0:
			detail = fmt.Sprintf("the views have %q, but the fold does not", have.Key())
		case !h || !bytes.Equal(have.Key(), want.Key()):
			detail = fmt.Sprintf("the fold has %q, but the views do not", want.Key())
		case !bytes.Equal(have.Value(), want.Value()):
			detail = fmt.Sprintf("%q differs from the fold", have.Key())
		default:
			continue
		}
		return &verify.Violation{Position: at, Rule: verify.RuleViews, Detail: detail}
	}
	return errors.Join(have.Error(), want.Error())
}
