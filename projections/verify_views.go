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

	"admitone/events"
)

// ErrNoViews: there are no views of this log and this version in the directory.
// The next Open makes them.
var ErrNoViews = errors.New("projections: no views of this log")

// VerifyViews folds the log anew, up to where the views in dir have come, and
// compares every record with theirs. Nobody may have the views open. The fold is
// kept in scratch, an empty directory of the caller's. It returns the position up
// to which the views contain the log.
//
// Errors: a *[Violation]; [ErrNoViews]; the log's, the disk's.
func VerifyViews(ctx context.Context, store events.Store, dir, scratch string, progress func(at, head events.Position)) (events.Position, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return 0, ErrNoViews
	}
	db, err := pebble.Open(dir, &pebble.Options{ReadOnly: true, ErrorIfNotExists: true, Logger: quiet{slog.New(slog.DiscardHandler)}})
	if errors.Is(err, pebble.ErrDBDoesNotExist) {
		return 0, ErrNoViews
	}
	if err != nil {
		return 0, unreadable(0, fmt.Errorf("projections: open %s: %w", dir, err))
	}
	defer db.Close()
	quietly := slog.New(slog.DiscardHandler)
	fresh, err := Open(Config{Store: store, Dir: scratch, Logger: quietly})
	if err != nil {
		return 0, err
	}
	defer fresh.Close()
	at, fits, err := (&Projections{db: db, epoch: store.Epoch()}).loadCheckpoint()
	switch {
	case err != nil:
		return 0, unreadable(0, err)
	case !fits || at.position == 0:
		return 0, ErrNoViews
	}
	if err := fresh.foldUpTo(ctx, at.position, progress); err != nil {
		return at.position, err
	}
	return at.position, unreadable(at.position, sameRecords(db, fresh.db, at.position))
}

// unreadable makes views whose bytes are damaged a violation.
func unreadable(at events.Position, err error) error {
	var broken *Violation
	if err != nil && spoiled(err) && !errors.As(err, &broken) {
		return &Violation{Position: at, Rule: RuleViews, Detail: err.Error() + "; delete the folder and they are made anew"}
	}
	return err
}

// foldUpTo folds the log up to a position, and writes what comes of it.
func (p *Projections) foldUpTo(ctx context.Context, end events.Position, progress func(at, head events.Position)) error {
	for p.at.position < end {
		page, err := p.store.ReadAll(ctx, p.at.position, events.Forward, verifyPage)
		if err != nil {
			return err
		}
		for len(page) > 0 && page[len(page)-1].Position > end {
			page = page[:len(page)-1]
		}
		if len(page) == 0 {
			return &Violation{Position: end, Rule: RuleViews, Detail: fmt.Sprintf("they contain it, and the log ends at %d", p.at.position)}
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

// sameRecords compares all records of two sets of views.
func sameRecords(have, want *pebble.DB, at events.Position) error {
	left, err := have.NewIter(nil)
	if err != nil {
		return err
	}
	defer left.Close()
	right, err := want.NewIter(nil)
	if err != nil {
		return err
	}
	defer right.Close()
	for l, r := left.First(), right.First(); l || r; l, r = left.Next(), right.Next() {
		detail := ""
		switch {
		case !r || l && bytes.Compare(left.Key(), right.Key()) < 0:
			detail = fmt.Sprintf("they have %q, and the fold has not", left.Key())
		case !l || !bytes.Equal(left.Key(), right.Key()):
			detail = fmt.Sprintf("the fold has %q, and they have not", right.Key())
		case !bytes.Equal(left.Value(), right.Value()):
			detail = fmt.Sprintf("%q is not what the fold makes of it", left.Key())
		default:
			continue
		}
		return &Violation{Position: at, Rule: RuleViews, Detail: detail}
	}
	return errors.Join(left.Error(), right.Error())
}
