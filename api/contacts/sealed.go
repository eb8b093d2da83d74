package contacts

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// The file of sealed contacts is records, one behind the other: length and CRC-32C of
// what follows (32 bits each, little endian), then subject, holder and the sealed
// contact, each of the first two behind its length in 16 bits.

const (
	headSize = 8
	// maxRecord bounds what follows a record's head.
	maxRecord = 1 << 16
	// maxTorn bounds what a power loss can leave half written: what was on its way at
	// once. More than that behind a bad record is damage.
	maxTorn = 32 << 20
)

// ErrDamaged: the files are not what was written.
var ErrDamaged = errors.New("contacts: damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is one sealed contact.
type record struct {
	subject, holder string
	sealed          []byte
}

// bound is what a contact is sealed to besides its key: it can't be moved to another
// subject.
func bound(subject, holder string) []byte { return []byte(subject + "\x00" + holder) }

func (r *record) append(dst []byte) []byte {
	begun := len(dst)
	dst = append(dst, make([]byte, headSize)...)
	for _, s := range []string{r.subject, r.holder} {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(s)))
		dst = append(dst, s...)
	}
	dst = append(dst, r.sealed...)
	body := dst[begun+headSize:]
	binary.LittleEndian.PutUint32(dst[begun:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[begun+4:], crc32.Checksum(body, castagnoli))
	return dst
}

// readRecord reads the record at the reader's place, and says how many bytes it has.
// Errors: io.EOF at the end; ErrDamaged for what is no record, a part of one included.
func readRecord(in io.Reader) (r record, size int64, err error) {
	var head [headSize]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return r, 0, torn(err)
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > maxRecord {
		return r, 0, ErrDamaged
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return r, 0, torn(err)
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return r, 0, ErrDamaged
	}
	for _, s := range []*string{&r.subject, &r.holder} {
		if len(body) < 2 || len(body)-2 < int(binary.LittleEndian.Uint16(body)) {
			return r, 0, ErrDamaged
		}
		size := binary.LittleEndian.Uint16(body)
		*s, body = string(body[2:2+size]), body[2+size:]
	}
	r.sealed = body
	return r, headSize + int64(length), nil
}

func torn(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrDamaged
	}
	return err
}

// readSealed tells found about every record of file, and returns where the last one
// ends. What was being written when the power went is cut off: nobody was told that it
// is kept.
func readSealed(file *os.File, found func(subject string, at int64)) (end int64, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(file, 0, 1<<62), 1<<20)
	for {
		r, size, err := readRecord(in)
		switch {
		case errors.Is(err, io.EOF):
			return end, nil
		case errors.Is(err, ErrDamaged):
			return end, cut(file, end)
		case err != nil:
			return end, err
		}
		found(r.subject, end)
		end += size
	}
}

func cut(file *os.File, end int64) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if behind := info.Size() - end; behind > maxTorn {
		return fmt.Errorf("%w: %s is unreadable from byte %d on, and %d bytes are more than a power loss leaves half written; put back a copy of it",
			ErrDamaged, file.Name(), end, behind)
	}
	return errors.Join(file.Truncate(end), file.Sync())
}
