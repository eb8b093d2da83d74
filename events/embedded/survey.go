package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"

	"admitone/events"
)

// Survey describes a log that cannot be opened because it is damaged.
type Survey struct {
	// Readable is the last position that can be read from the write-ahead logs, 0 for none.
	Readable events.Position
	// Acknowledged is the last acknowledged position, 0 if it is unknown.
	Acknowledged events.Position

	files  vfs.FS
	dir    string
	broken wal.Logs // the damaged write-ahead log and later ones
	offset int64    // the end of the readable part of the damaged write-ahead log
}

// NewSurvey examines the damaged log in dir, which must not be open, without changing it. Errors: those of the file
// system.
func NewSurvey(dir string, options Options) (*Survey, error) {
	options.setDefaults()
	v := &Survey{files: options.FS, dir: dir}
	text, fault, err := readEndFile(v.files, dir)
	if err != nil {
		return nil, err
	}
	if fault == EndSound {
		v.Acknowledged = events.Position(binary.BigEndian.Uint64(text))
	}
	logs, err := wal.Scan(wal.Dir{FS: v.files, Dirname: v.logDir()})
	if err != nil {
		return nil, err
	}
	for i, log := range logs {
		whole, err := v.read(log)
		if err != nil {
			return nil, err
		}
		if !whole {
			v.broken = logs[i:]
			break
		}
	}
	return v, nil
}

func (v *Survey) logDir() string { return v.files.PathJoin(v.dir, logFolder) }

// read reads a write-ahead log up to its end or its damage. whole is false if it is damaged. A write that a power loss
// has truncated counts as the end.
func (v *Survey) read(log wal.LogicalLog) (whole bool, err error) {
	in := log.OpenForRead()
	defer in.Close()
	for {
		next, at, err := in.NextRecord()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, record.ErrUnexpectedEOF):
			return true, nil
		case errors.Is(err, record.ErrInvalidChunk) || errors.Is(err, record.ErrZeroedChunk) || pebble.IsCorruptionError(err):
			v.offset = at.Physical
			return false, nil
		case err != nil:
			return false, err
		}
		repr, err := io.ReadAll(next)
		if err != nil {
			return false, err
		}
		v.add(repr)
	}
}

// add updates Readable with the events in a batch.
func (v *Survey) add(repr []byte) {
	entries := batchrepr.Read(repr)
	for {
		_, key, _, ok, err := entries.Next()
		if err != nil || !ok {
			return
		}
		if len(key) > 0 && key[0] == eventSpace {
			if position, err := decodePosition(key); err == nil {
				v.Readable = max(v.Readable, position)
			}
		}
	}
}

// CanTruncate reports whether the damage is in a write-ahead log, so that [Survey.Truncate] can repair the log.
func (v *Survey) CanTruncate() bool { return len(v.broken) > 0 }

// Truncate truncates the damaged write-ahead log before the damage and removes later ones, so that the readable part of
// the log can be opened. It returns the folder in which the original files are kept. After a crash during Truncate, the
// log is still damaged. Errors: those of the file system.
func (v *Survey) Truncate() (aside string, err error) {
	for n := 1; ; n++ {
		aside = v.files.PathJoin(v.dir, fmt.Sprintf("damaged.%d", n))
		if _, err := v.files.Stat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
	}
	if err := makeFolder(v.files, aside); err != nil {
		return "", err
	}
	var names []string
	for _, log := range v.broken {
		_, path := log.SegmentLocation(0)
		names = append(names, path)
		if err := v.files.Link(path, v.files.PathJoin(aside, v.files.PathBase(path))); err != nil {
			return "", err
		}
	}
	truncated := v.files.PathJoin(aside, "truncated")
	if err := vfs.LimitedCopy(v.files, names[0], truncated, v.offset); err != nil {
		return "", err
	}
	if err := syncDir(v.files, aside); err != nil {
		return "", err
	}
	for _, name := range slices.Backward(names[1:]) {
		if err := v.files.Remove(name); err != nil {
			return "", err
		}
	}
	if err := v.files.Rename(truncated, names[0]); err != nil {
		return "", err
	}
	return aside, syncDir(v.files, v.logDir())
}
