package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// endFile holds the position up to which appends were acknowledged: eight bytes, a CRC-32C over the
// epoch and the position, and one over all twelve bytes. It is written after each commit's sync and
// before its answers, and never synced itself: it is exact after kill -9, and older or missing
// after a power loss.
const endFile = "end"

const endSize = 8 + 4 + 4

// endWriter writes the endFile. Only the committer uses it.
type endWriter struct {
	opened bool
	file   vfs.File // nil if it can't be written
	text   [endSize]byte
}

// writeEnd records that appends were acknowledged up to a position. The record is evidence, not part
// of the log: if it cannot be written, the log works without it.
func (s *Store) writeEnd(position events.Position) {
	m := &s.end
	if !m.opened {
		m.opened = true
		var err error
		if m.file, err = s.fs.OpenReadWrite(s.fs.PathJoin(s.dir, endFile), vfs.WriteCategoryUnspecified); err != nil {
			s.logger.Warn("cannot record the end of the log; damage to it may go unnoticed", "error", err)
			m.file = nil
		}
	}
	if m.file == nil {
		return
	}
	binary.BigEndian.PutUint64(m.text[:], uint64(position))
	binary.BigEndian.PutUint32(m.text[8:], s.endSum(m.text[:8]))
	binary.BigEndian.PutUint32(m.text[12:], crc32.Checksum(m.text[:12], castagnoli))
	_, _ = m.file.WriteAt(m.text[:], 0)
}

// endSum returns the checksum of the epoch and a position.
func (s *Store) endSum(position []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(s.epoch), castagnoli), castagnoli, position)
}

func (m *endWriter) close() error {
	if m.file == nil {
		return nil
	}
	return m.file.Close()
}

// EndFault is the state of an endFile.
type EndFault int

// The states of an endFile.
const (
	// EndSound: it is usable.
	EndSound EndFault = iota
	// EndAbsent: it does not exist, as in a store of an earlier version or after a power loss.
	EndAbsent
	// EndDamaged: its checksum is wrong.
	EndDamaged
	// EndForeign: it belongs to another log.
	EndForeign
)

// readEnd returns the position in this log's endFile, 0 if there is a fault.
func (s *Store) readEnd() (events.Position, EndFault, error) {
	text, fault, err := readEndFile(s.fs, s.dir)
	switch {
	case err != nil || fault != EndSound:
		return 0, fault, err
	case s.endSum(text[:8]) != binary.BigEndian.Uint32(text[8:]):
		return 0, EndForeign, nil
	}
	return events.Position(binary.BigEndian.Uint64(text)), EndSound, nil
}

// EndFault returns the name of the endFile and its state. An empty log needs no endFile. Error: the
// disk's.
func (s *Store) EndFault() (name string, fault EndFault, err error) {
	name = s.fs.PathJoin(s.dir, endFile)
	if s.head.Load() == 0 {
		return name, EndSound, nil
	}
	_, fault, err = s.readEnd()
	return name, fault, err
}

// NoteEnd rewrites the endFile: the whole log counts as acknowledged. It must not be called
// concurrently with other methods.
func (s *Store) NoteEnd() {
	if head := s.head.Load(); head > 0 {
		s.writeEnd(events.Position(head))
	}
}

// readEndFile reads the endFile without checking the log it belongs to.
func readEndFile(files vfs.FS, dir string) (text []byte, fault EndFault, err error) {
	file, err := files.Open(files.PathJoin(dir, endFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, EndAbsent, nil
	}
	if err != nil {
		return nil, EndSound, err
	}
	defer file.Close()
	text = make([]byte, endSize)
	if _, err := file.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, EndSound, err
	}
	if crc32.Checksum(text[:12], castagnoli) != binary.BigEndian.Uint32(text[12:]) {
		return nil, EndDamaged, nil
	}
	return text, EndSound, nil
}

// Seen is evidence that the log had an event at a position, and its source.
type Seen struct {
	By       string
	Position events.Position
}

// Seen returns the evidence in the store's own files of the log's former length: the last
// acknowledgement, and the snapshots that are ahead of their streams. They cover durable events
// only, so a log that ends before any of them has lost its end. Errors: the disk's;
// events.ErrDamaged.
func (s *Store) Seen() ([]Seen, error) {
	answered, _, err := s.readEnd()
	if err != nil {
		return nil, err
	}
	seen := []Seen{{By: "the last answer (" + s.fs.PathJoin(s.dir, endFile) + ")", Position: answered}}
	err = s.snapshotsAhead(func(name string, stream events.StreamID, missing int64) error {
		// At least as many events are missing from the log as from the stream.
		seen = append(seen, Seen{
			By:       fmt.Sprintf("the snapshot of %s (%s)", stream, name),
			Position: events.Position(s.head.Load()) + events.Position(missing),
		})
		return nil
	})
	return seen, err
}

// snapshotsAhead calls found for each intact snapshot that covers more events of its stream than
// the log has.
func (s *Store) snapshotsAhead(found func(name string, stream events.StreamID, missing int64) error) error {
	dir := s.fs.PathJoin(s.dir, snapshotFolder)
	names, err := s.fs.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // as in a backup
	}
	if err != nil {
		return err
	}
	index, err := s.newIter(indexSpace)
	if err != nil {
		return err
	}
	defer index.Close()
	for _, name := range names {
		path := s.fs.PathJoin(dir, name)
		stream, revision, ok := s.snapshotHead(path, name)
		if !ok {
			continue
		}
		last := events.NoStream
		e, has, err := lastEntry(index, stream, events.Position(s.head.Load()))
		if err != nil {
			return err
		}
		if has {
			last = e.last()
		}
		if revision > last && s.isIntact(path, stream) {
			if err := found(path, stream, int64(revision-last)); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshotHead reads only the stream and the revision of a snapshot file.
func (s *Store) snapshotHead(path, name string) (stream events.StreamID, revision events.Revision, ok bool) {
	if name == unfinishedFolder {
		return "", 0, false
	}
	file, err := s.fs.Open(path)
	if err != nil {
		return "", 0, false
	}
	defer file.Close()
	header := make([]byte, snapshotHeader+MaxStreamBytes)
	n, err := file.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) || n < snapshotHeader {
		return "", 0, false
	}
	size := int(binary.BigEndian.Uint16(header[snapshotHeader-2:]))
	if size == 0 || size > n-snapshotHeader {
		return "", 0, false
	}
	stream = events.StreamID(header[snapshotHeader : snapshotHeader+size])
	revision = events.Revision(binary.BigEndian.Uint64(header[12:]))
	return stream, revision, snapshotName(stream) == name
}

func (s *Store) isIntact(path string, stream events.StreamID) bool {
	file, err := s.fs.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	_, _, err = checkSnapshot(file, stream)
	return err == nil
}

// Renew gives the log a new epoch after it has lost its end: readers that have seen the lost events
// must not take new events for their continuation. Snapshots that cover lost events are removed. It
// must not be called concurrently with other methods. If the process crashes before it returns, call it
// again. After an error the epoch in memory is the one on disk. Errors: the disk's.
func (s *Store) Renew() error {
	epoch := newEpoch()
	if err := s.db.Set(epochKey, []byte(epoch), pebble.Sync); err != nil {
		return fmt.Errorf("renewing the epoch: %w", err)
	}
	s.epoch = epoch
	return s.dropSnapshots()
}

// dropSnapshots removes the snapshots that are ahead of the log.
func (s *Store) dropSnapshots() error {
	err := s.snapshotsAhead(func(path string, _ events.StreamID, _ int64) error { return s.fs.Remove(path) })
	if err != nil {
		return err
	}
	return syncDir(s.fs, s.fs.PathJoin(s.dir, snapshotFolder))
}
