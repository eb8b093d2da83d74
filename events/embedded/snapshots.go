package embedded

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// A snapshot is a file:
//
//	magic(8) version(4) revision(8) hash(32) n(stream)(2) stream | body | CRC-32C(4)
//
// Numbers are big endian. The checksum covers everything before it.
var snapshotMagic = [8]byte{'a', 'd', 'm', 'i', 't', 's', 'n', 1}

const (
	snapshotHeader   = 8 + 4 + 8 + 32 + 2
	snapshotChecksum = 4
	// snapshotPiece is the size of the pieces in which a snapshot is flushed to the disk. A sync of the write-ahead
	// log does not have to wait for more.
	snapshotPiece = 256 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unfinishedFolder is the folder below snapshotFolder in which snapshots are written.
const unfinishedFolder = "unfinished"

// openSnapshots creates the folders and removes unfinished snapshots.
func (s *Store) openSnapshots() error {
	dir := s.fs.PathJoin(s.dir, snapshotFolder, unfinishedFolder)
	if err := makeFolder(s.fs, dir); err != nil {
		return err
	}
	names, err := s.fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.fs.Remove(s.fs.PathJoin(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// snapshotName returns a file name for a stream that is valid on all file systems.
func snapshotName(stream events.StreamID) string {
	sum := sha256.Sum256([]byte(stream))
	return hex.EncodeToString(sum[:])
}

// SaveSnapshot implements events.Snapshots. Further errors: events.ErrClosed, [ErrBadAppend] if the stream id is too
// long, events.ErrUnavailable if the log was opened by [OpenReader].
func (s *Store) SaveSnapshot(stream events.StreamID, head events.Snapshot, write func(io.Writer) error) error {
	if len(stream) > MaxStreamBytes {
		return fmt.Errorf("%w: stream id %.40q", ErrBadAppend, stream)
	}
	if err := s.writable(); err != nil {
		return err
	}
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	dir := s.fs.PathJoin(s.dir, snapshotFolder)
	unfinished := s.fs.PathJoin(dir, unfinishedFolder, snapshotName(stream))
	if err := s.writeSnapshot(unfinished, stream, head, write); err != nil {
		return errors.Join(err, s.discard(unfinished))
	}
	if err := s.fs.Rename(unfinished, s.fs.PathJoin(dir, snapshotName(stream))); err != nil {
		return errors.Join(err, s.discard(unfinished))
	}
	if err := syncDir(s.fs, dir); err != nil {
		return err
	}
	return nil
}

func (s *Store) discard(name string) error {
	if err := s.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Store) writeSnapshot(name string, stream events.StreamID, head events.Snapshot,
	write func(io.Writer) error) error {
	file, err := s.fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w := &pieceWriter{file: file, sum: crc32.New(castagnoli), piece: make([]byte, 0, snapshotPiece)}
	err = w.writeAll(func(w io.Writer) error {
		if _, err := w.Write(appendSnapshotHeader(nil, stream, head)); err != nil {
			return err
		}
		return write(w)
	})
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("snapshot of %s: %w", stream, err)
	}
	return nil
}

// pieceWriter writes a file in pieces of snapshotPiece bytes and flushes each to the disk.
type pieceWriter struct {
	file  vfs.File
	sum   hash.Hash32
	piece []byte
	size  int64
}

// writeAll writes the output of write and a checksum, and syncs the file.
func (w *pieceWriter) writeAll(write func(io.Writer) error) error {
	if err := write(w); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.piece = w.sum.Sum(w.piece)
	if err := w.flush(); err != nil {
		return err
	}
	return w.file.Sync()
}

// Write implements io.Writer.
func (w *pieceWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part := p[:min(len(p), snapshotPiece-len(w.piece))]
		w.piece = append(w.piece, part...)
		p = p[len(part):]
		if len(w.piece) == snapshotPiece {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (w *pieceWriter) flush() error {
	_, _ = w.sum.Write(w.piece) // never fails
	n, err := w.file.Write(w.piece)
	if err != nil {
		return err
	}
	w.size += int64(n)
	w.piece = w.piece[:0]
	_, err = w.file.SyncTo(w.size)
	return err
}

func appendSnapshotHeader(dst []byte, stream events.StreamID, head events.Snapshot) []byte {
	dst = append(dst, snapshotMagic[:]...)
	dst = binary.BigEndian.AppendUint32(dst, head.Version)
	dst = binary.BigEndian.AppendUint64(dst, uint64(head.Revision))
	dst = append(dst, head.Hash[:]...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(stream)))
	return append(dst, stream...)
}

// LoadSnapshot implements events.Snapshots. It verifies the checksum before it calls read. Further errors:
// events.ErrClosed, those of the file system.
func (s *Store) LoadSnapshot(stream events.StreamID, read func(events.Snapshot, io.Reader) error) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	file, err := s.fs.Open(s.fs.PathJoin(s.dir, snapshotFolder, snapshotName(stream)))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", events.ErrNoSnapshot, stream)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	head, bodySize, err := checkSnapshot(file, stream)
	if err != nil {
		s.logger.Warn("a snapshot is unusable; reading the stream from its beginning", "stream", stream, "reason", err)
		return fmt.Errorf("%w: %s: %w", events.ErrNoSnapshot, stream, err)
	}
	body := io.NewSectionReader(file, int64(snapshotHeader+len(stream)), bodySize)
	return read(head, bufio.NewReaderSize(body, snapshotPiece))
}

// checkSnapshot verifies a whole file and returns its header and the size of its body.
func checkSnapshot(file vfs.File, stream events.StreamID) (events.Snapshot, int64, error) {
	info, err := file.Stat()
	if err != nil {
		return events.Snapshot{}, 0, err
	}
	bodySize := info.Size() - int64(snapshotHeader+len(stream)+snapshotChecksum)
	if bodySize < 0 {
		return events.Snapshot{}, 0, errors.New("too short")
	}
	sum := crc32.New(castagnoli)
	covered := io.NewSectionReader(file, 0, info.Size()-snapshotChecksum)
	if _, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{covered},
		make([]byte, snapshotPiece)); err != nil {
		return events.Snapshot{}, 0, err
	}
	var checksum [snapshotChecksum]byte
	if _, err := file.ReadAt(checksum[:], info.Size()-snapshotChecksum); err != nil {
		return events.Snapshot{}, 0, err
	}
	if binary.BigEndian.Uint32(checksum[:]) != sum.Sum32() {
		return events.Snapshot{}, 0, errors.New("wrong checksum")
	}
	header := make([]byte, snapshotHeader+len(stream))
	if _, err := file.ReadAt(header, 0); err != nil {
		return events.Snapshot{}, 0, err
	}
	head := events.Snapshot{
		Version:  binary.BigEndian.Uint32(header[8:]),
		Revision: events.Revision(binary.BigEndian.Uint64(header[12:])),
	}
	copy(head.Hash[:], header[20:])
	if !bytes.Equal(header, appendSnapshotHeader(nil, stream, head)) {
		return events.Snapshot{}, 0, errors.New("header of another stream or format")
	}
	return head, bodySize, nil
}
