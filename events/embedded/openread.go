package embedded

import (
	"errors"

	"admitone/events"
)

// errReader is the cause of errors of writes to a log that was opened for reading.
var errReader = errors.New("the log was opened for reading only")

// OpenReader opens the log in dir for reading. Nothing in dir is created or changed, so it may be
// on a full or read-only disk; several processes may read it at once, but none may write to it
// meanwhile. A copy that has not been opened yet has the epoch of the original. Appends and
// snapshots are refused with events.ErrUnavailable. The caller closes it.
//
// Errors: those of [Open]; fs.ErrNotExist if there is no such folder.
func OpenReader(dir string, options Options) (*Store, error) {
	options.setDefaults()
	s := newStore(dir, options)
	s.reader = true
	logDir := s.fs.PathJoin(dir, logFolder)
	if _, err := s.fs.Stat(logDir); err != nil {
		return nil, err
	}
	if err := s.openDB(logDir, options); err != nil {
		return nil, err
	}
	c, err := s.newCommitter()
	if err == nil && c.importing {
		err = ErrUnfinished
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close(), s.lock.Close())
	}
	close(s.committed) // there is no committer
	return s, nil
}

// writable returns an error if the log was opened for reading.
func (s *Store) writable() error {
	if s.reader {
		return notWritten(errReader)
	}
	return nil
}

var _ events.Store = (*Store)(nil)
