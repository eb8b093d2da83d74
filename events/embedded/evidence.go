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

// endFile has the position up to which appends were acknowledged: eight bytes, a CRC-32C over the epoch and the
// position, and a CRC-32C over these twelve bytes. It is written after the sync of each commit and before its
// answers, but never synced itself: it is exact after kill -9, and may be older or missing after a power loss.
const endFile = "end"

const endSize = 8 + 4 + 4

// endWriter writes endFile. Only the committer uses it.
type endWriter struct {
	opened bool
	file   vfs.File // nil if it can't be written
	text   [endSize]byte
}

// writeEnd records the position up to which appends were acknowledged. The file is not part of the log: if it cannot
// be written, appends succeed all the same.
func (s *Store) writeEnd(position events.Position) {
	m := &s.end
	if !m.opened {
		m.opened = true
		var err error
		if m.file, err = s.fs.OpenReadWrite(s.fs.PathJoin(s.dir, endFile), vfs.WriteCategoryUnspecified); err != nil {
			s.logger.Warn("cannot record the end of the log, so a loss of its end may go unnoticed", "error", err)
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

// EndFault is the state of a log's endFile.
type EndFault int

// The states of an endFile.
const (
	// EndSound: the file is usable.
	EndSound EndFault = iota
	// EndAbsent: the file does not exist, as in a log of an earlier version or after a power loss.
	EndAbsent
	// EndDamaged: the checksum of the file is wrong.
	EndDamaged
	// EndForeign: the file belongs to a different log.
	EndForeign
)

// readEnd returns the position in endFile, 0 if there is a fault.
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

// EndFault returns the name of endFile and its state. An empty log needs no endFile. Errors: those of the file system.
func (s *Store) EndFault() (name string, fault EndFault, err error) {
	name = s.fs.PathJoin(s.dir, endFile)
	if s.head.Load() == 0 {
		return name, EndSound, nil
	}
	_, fault, err = s.readEnd()
	return name, fault, err
}

// RecordEnd records in endFile that the whole log is acknowledged. It must not be called concurrently with other
// methods.
func (s *Store) RecordEnd() {
	if head := s.head.Load(); head > 0 {
		s.writeEnd(events.Position(head))
	}
}

// readEndFile reads endFile without checking that it belongs to the log.
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

// Evidence shows that the log had an event at a position.
type Evidence struct {
	Source   string // for display
	Position events.Position
}

// Evidence returns evidence of the log's former length from its other files: the acknowledged position in endFile, and
// snapshots that are ahead of their streams. They cover only durable events, so a log that ends before one of them
// has lost its end. Errors: those of the file system; events.ErrDamaged.
func (s *Store) Evidence() ([]Evidence, error) {
	answered, _, err := s.readEnd()
	if err != nil {
		return nil, err
	}
	seen := []Evidence{{Source: "the last answer (" + s.fs.PathJoin(s.dir, endFile) + ")", Position: answered}}
	err = s.snapshotsAhead(func(name string, stream events.StreamID, missing int64) error {
		// At least as many events are missing from the log as from the stream.
		seen = append(seen, Evidence{
			Source:   fmt.Sprintf("the snapshot of %s (%s)", stream, name),
			Position: events.Position(s.head.Load()) + events.Position(missing),
		})
		return nil
	})
	return seen, err
}

// snapshotsAhead calls found for each intact snapshot that covers more events of its stream than the log has. missing
// is the number of events that the log lacks.
func (s *Store) snapshotsAhead(found func(name string, stream events.StreamID, missing int64) error) error {
	dir := s.fs.PathJoin(s.dir, snapshotFolder)
	names, err := s.fs.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // backups have no snapshots
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

// snapshotHead reads the stream and the revision of a snapshot file without verifying the file.
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

// Renew gives the log a new epoch after it has lost its end, so that readers that have seen the lost events do not
// mistake new events for their continuation. It also removes snapshots that cover lost events. It must not be called
// concurrently with other methods, and must be repeated after a crash. After an error, the epoch in memory is that
// on disk. Errors: those of the file system.
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
