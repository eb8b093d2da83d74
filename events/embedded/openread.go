package embedded

import (
	"errors"

	"admitone/events"
)

// errReader is the cause of the errors of writes to a log that was opened by OpenReader.
var errReader = errors.New("the log was opened for reading only")

// OpenReader opens the log in dir for reading. It creates and changes nothing in dir, so the disk may be full or
// read-only. Several processes may read the log at the same time, but none may write to it meanwhile. A copy that has
// not been opened yet has the epoch of the original. Appends, and saving snapshots, are refused with
// events.ErrUnavailable. The caller must close the log.
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
