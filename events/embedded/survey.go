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
	// Readable is the last position that can be read from its write-ahead log, 0 if none.
	Readable events.Position
	// Answered is the last acknowledged position, 0 if unknown.
	Answered events.Position

	files  vfs.FS
	dir    string
	broken wal.Logs // the damaged write-ahead log and those after it
	offset int64    // the end of the readable part of the damaged one
}

// NewSurvey examines the damaged log in dir, which must not be open, and changes nothing. Errors:
// the disk's.
func NewSurvey(dir string, options Options) (*Survey, error) {
	options.setDefaults()
	v := &Survey{files: options.FS, dir: dir}
	text, fault, err := readEndFile(v.files, dir)
	if err != nil {
		return nil, err
	}
	if fault == EndSound {
		v.Answered = events.Position(binary.BigEndian.Uint64(text))
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

// read reads a write-ahead log up to its end or to the damage. A write that a power loss cut short
// is an end.
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

// add updates Readable from a batch.
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

// CanCut reports whether the damage is in the write-ahead log, so that CutOff can repair it.
func (v *Survey) CanCut() bool { return len(v.broken) > 0 }

// CutOff truncates the write-ahead log before its damage, so that the readable part of the log can
// be opened. It returns the name of the folder that keeps the removed files. A crash in between
// leaves the log as damaged as before. Errors: the disk's.
func (v *Survey) CutOff() (aside string, err error) {
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
	shorter := v.files.PathJoin(aside, "shorter")
	if err := vfs.LimitedCopy(v.files, names[0], shorter, v.offset); err != nil {
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
	if err := v.files.Rename(shorter, names[0]); err != nil {
		return "", err
	}
	return aside, syncDir(v.files, v.logDir())
}
