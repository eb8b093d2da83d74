package embedded

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/events/bloom"
)

// filterFile has the filter of the log's streams:
//
//	magic(8) position(8) id(32) key(16) n(layers)(1) { n(added)(8) blocks } CRC-32C(4)
//
// Numbers are big endian. The filter has the streams of all events up to position. id is a hash of the log's epoch and
// the record at position, which identifies the log. The checksum covers everything before it.
const filterFile = "streams"

var filterMagic = [8]byte{'a', 'd', 'm', 'i', 't', 'f', 'i', 1}

const (
	filterHeader = 8 + 8 + 32 + 16 + 1
	blockBytes   = 64
	layerHeader  = 8
	// maxLayers is more layers than fit in memory.
	maxLayers = 32
)

// filterID identifies a log and its events up to a position: two logs that have the same record at the same position,
// including its time, have the same events before.
func (s *Store) filterID(position events.Position) (id [sha256.Size]byte, err error) {
	record, closer, err := s.db.Get(eventKey(position))
	if err != nil {
		return id, readError(err)
	}
	defer closer.Close()
	sum := sha256.New()
	_, _ = io.WriteString(sum, s.streams.epoch) // never fails
	_, _ = sum.Write(record)
	return [sha256.Size]byte(sum.Sum(nil)), nil
}

// writeFilter writes f, which has the streams up to position and may grow meanwhile. It holds lock for one piece at a
// time.
func (s *Store) writeFilter(position events.Position, f *bloom.Filter, lock *sync.Mutex) error {
	id, err := s.filterID(position)
	if err != nil {
		return err
	}
	lock.Lock()
	layers := append([]bloom.Layer(nil), f.Layers...)
	lock.Unlock()
	unfinished := s.fs.PathJoin(s.dir, filterFile+".unfinished")
	file, err := s.fs.Create(unfinished, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w := &pieceWriter{file: file, sum: crc32.New(castagnoli), piece: make([]byte, 0, snapshotPiece)}
	err = w.writeAll(func(w io.Writer) error {
		head := append([]byte(nil), filterMagic[:]...)
		head = binary.BigEndian.AppendUint64(head, uint64(position))
		head = append(head, id[:]...)
		head = binary.BigEndian.AppendUint64(head, f.Key[0])
		head = binary.BigEndian.AppendUint64(head, f.Key[1])
		head = append(head, byte(len(layers)))
		if _, err := w.Write(head); err != nil {
			return err
		}
		for i := range layers {
			if err := writeLayer(w, &layers[i], lock); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, s.discard(unfinished))
	}
	if err := s.fs.Rename(unfinished, s.fs.PathJoin(s.dir, filterFile)); err != nil {
		return err
	}
	return syncDir(s.fs, s.dir)
}

func writeLayer(w io.Writer, l *bloom.Layer, lock *sync.Mutex) error {
	piece := binary.BigEndian.AppendUint64(make([]byte, 0, snapshotPiece), uint64(l.Added))
	for rest := l.Blocks; len(rest) > 0; {
		n := min(len(rest), (cap(piece)-len(piece))/blockBytes)
		lock.Lock()
		for i := range rest[:n] {
			for _, word := range rest[i] {
				piece = binary.BigEndian.AppendUint64(piece, word)
			}
		}
		lock.Unlock()
		rest = rest[n:]
		if _, err := w.Write(piece); err != nil {
			return err
		}
		piece = piece[:0]
	}
	return nil
}

// errFilter means that a filterFile is unusable.
var errFilter = errors.New("unusable filter file")

// readFilter reads the filter and the position up to which it has the streams. Errors: fs.ErrNotExist; errFilter, if
// the file is damaged or belongs to a different log; those of the file system.
func (s *Store) readFilter() (f bloom.Filter, position events.Position, err error) {
	file, err := s.fs.Open(s.fs.PathJoin(s.dir, filterFile))
	if err != nil {
		return bloom.Filter{}, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return bloom.Filter{}, 0, err
	}
	sum := crc32.New(castagnoli)
	in := bufio.NewReaderSize(file, snapshotPiece)
	covered := io.TeeReader(in, sum)
	var head [filterHeader]byte
	if _, err := io.ReadFull(covered, head[:]); err != nil || [8]byte(head[:8]) != filterMagic {
		return bloom.Filter{}, 0, fmt.Errorf("%w: invalid header", errFilter)
	}
	n := int(head[filterHeader-1])
	if n > maxLayers || info.Size() != filterSize(n) {
		return bloom.Filter{}, 0, fmt.Errorf("%w: %d bytes for %d layers", errFilter, info.Size(), n)
	}
	f.Key = bloom.Key{binary.BigEndian.Uint64(head[48:]), binary.BigEndian.Uint64(head[56:])}
	for i := range n {
		l, err := readLayer(covered, bloom.FirstBlocks<<i)
		if err != nil {
			return bloom.Filter{}, 0, err
		}
		f.Layers = append(f.Layers, l)
	}
	var checksum [4]byte
	if _, err := io.ReadFull(in, checksum[:]); err != nil || binary.BigEndian.Uint32(checksum[:]) != sum.Sum32() {
		return bloom.Filter{}, 0, fmt.Errorf("%w: wrong checksum", errFilter)
	}
	position = events.Position(binary.BigEndian.Uint64(head[8:]))
	id, err := s.filterID(position)
	if err != nil || [sha256.Size]byte(head[16:48]) != id {
		return bloom.Filter{}, 0, fmt.Errorf("%w: this log has different events, or ends before position %d", errFilter,
			position)
	}
	return f, position, nil
}

// filterSize returns the size of a filterFile with n layers, in bytes.
func filterSize(n int) int64 {
	size := int64(filterHeader + snapshotChecksum)
	for i := range n {
		size += layerHeader + int64(bloom.FirstBlocks)<<i*blockBytes
	}
	return size
}

func readLayer(in io.Reader, blocks int) (bloom.Layer, error) {
	var head [layerHeader]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return bloom.Layer{}, err
	}
	l := bloom.Layer{Added: int(binary.BigEndian.Uint64(head[:])), Blocks: make([]bloom.Block, blocks)}
	piece := make([]byte, snapshotPiece)
	for rest := l.Blocks; len(rest) > 0; {
		n := min(len(rest), len(piece)/blockBytes)
		if _, err := io.ReadFull(in, piece[:n*blockBytes]); err != nil {
			return bloom.Layer{}, err
		}
		for i := range rest[:n] {
			for j := range rest[i] {
				rest[i][j] = binary.BigEndian.Uint64(piece[i*blockBytes+j*8:])
			}
		}
		rest = rest[n:]
	}
	return l, nil
}
