package projections

import (
	"errors"
	"io/fs"
	"os"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

// Seen returns the position up to which the views in dir contain the log of an epoch, 0
// if there are none of it, or none that can be read: those are rebuilt. Nobody may have
// them open. It changes nothing. Error: the disk's.
func Seen(dir, epoch string) (position events.Position, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	db, lock, err := openReader(dir)
	if err == nil {
		defer func() { err = errors.Join(err, db.Close(), lock.Close()) }()
		var at checkpoint
		var fits bool
		if at, _, fits, err = (&Projections{db: db, epoch: epoch}).loadCheckpoint(); err == nil && fits {
			return at.position, nil
		}
	}
	if err == nil || errors.Is(err, row.ErrRecord) || errors.Is(err, pebble.ErrDBDoesNotExist) || spoiled(err) {
		return 0, nil
	}
	return 0, err
}
