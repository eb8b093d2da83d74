package contacts

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// entrySize is the size of an index entry: the subject's id, the offset of its record (64 bits), the
// record's size (32 bits), and a CRC-32C of those (32 bits), little endian.
const entrySize = len(subjectID{}) + 8 + 4 + 4

// entry lists one acknowledged record.
type entry struct {
	subject subjectID
	at      int64 // byte offset of the record
	size    uint32
}

// index is the file that lists the acknowledged records. An entry is written after the record's sync
// and before the acknowledgement. It is not synced: kill -9 does not lose it, and a power loss leaves
// an older index, which still detects the loss of older records.
type index struct {
	file file
	next int64 // number of the next entry
}

// openIndex opens the index, and returns its valid entries and the number of damaged ones.
func openIndex(path string) (x *index, entries []entry, damaged int, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, 0, err
	}
	x = &index{file: file}
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<62))
	if err != nil {
		return nil, nil, 0, errors.Join(err, file.Close())
	}
	for ; len(text) >= entrySize; text = text[entrySize:] {
		switch e, ok := parseEntry(text[:entrySize]); {
		case ok:
			entries = append(entries, e)
		case [entrySize]byte(text) != [entrySize]byte{}: // zeros are unwritten bytes after a power loss
			damaged++
		}
		x.next++
	}
	if len(text) > 0 { // an incomplete entry, which is left unchanged
		x.next++
	}
	return x, entries, damaged, nil
}

func (e *entry) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, e.subject[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.at))
	dst = binary.LittleEndian.AppendUint32(dst, e.size)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func parseEntry(text []byte) (e entry, ok bool) {
	e.subject = subjectID(text)
	rest := text[len(e.subject):]
	e.at = int64(binary.LittleEndian.Uint64(rest))
	e.size = binary.LittleEndian.Uint32(rest[8:])
	return e, binary.LittleEndian.Uint32(rest[12:]) == crc32.Checksum(text[:entrySize-4], castagnoli)
}

// add appends entries, unsynced.
func (x *index) add(entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	var text []byte
	for i := range entries {
		text = entries[i].append(text)
	}
	if _, err := x.file.WriteAt(text, x.next*int64(entrySize)); err != nil {
		return err
	}
	x.next += int64(len(entries))
	return nil
}
