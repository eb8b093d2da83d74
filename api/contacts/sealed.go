package contacts

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"admitone/events"
)

// The file of sealed contacts is a sequence of records. A record has a head, the length and the CRC-32C
// of its body (32 bits each, little endian), and a body: subject and holder, each preceded by its
// length (16 bits), and the sealed contact.

const (
	headSize = 8
	// maxRecord bounds the body of a record, in bytes.
	maxRecord = 1 << 16
)

// ErrDamaged is returned if the files have been damaged since they were written.
var ErrDamaged = errors.New("the contacts are damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is one sealed contact.
type record struct {
	subject, holder string
	sealed          []byte
}

// additionalData returns the additional authenticated data of a contact, which binds it to its subject and
// holder.
func additionalData(subject string, holder events.Holder) []byte {
	return []byte(subject + "\x00" + string(holder))
}

func (r *record) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, headSize)...)
	for _, s := range []string{r.subject, r.holder} {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(s)))
		dst = append(dst, s...)
	}
	dst = append(dst, r.sealed...)
	body := dst[start+headSize:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(body, castagnoli))
	return dst
}

// readRecord reads the record at the reader's position, and returns it with its size. Errors: io.EOF at
// the end; ErrDamaged for an invalid or partial record; the reader's.
func readRecord(in *bufio.Reader) (r record, size int64, err error) {
	head, err := in.Peek(headSize)
	if err != nil {
		if len(head) > 0 && errors.Is(err, io.EOF) {
			err = ErrDamaged
		}
		return r, 0, err
	}
	length := binary.LittleEndian.Uint32(head)
	if length > maxRecord {
		return r, 0, ErrDamaged
	}
	text := make([]byte, headSize+int(length))
	if _, err := io.ReadFull(in, text); errors.Is(err, io.ErrUnexpectedEOF) {
		return r, 0, ErrDamaged
	} else if err != nil {
		return r, 0, err
	}
	return parseRecord(text)
}

// parseRecord parses the record at the beginning of text, and returns it with its size. Error:
// ErrDamaged.
func parseRecord(text []byte) (r record, size int64, err error) {
	if len(text) < headSize {
		return r, 0, ErrDamaged
	}
	length := int64(binary.LittleEndian.Uint32(text))
	if length > maxRecord || int64(len(text)) < headSize+length {
		return r, 0, ErrDamaged
	}
	body := text[headSize : headSize+length]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(text[4:]) {
		return r, 0, ErrDamaged
	}
	r, ok := parseBody(body)
	if !ok {
		return r, 0, ErrDamaged
	}
	return r, headSize + length, nil
}

// parseBody parses the body of a record.
func parseBody(body []byte) (r record, ok bool) {
	for _, s := range []*string{&r.subject, &r.holder} {
		if len(body) < 2 || len(body)-2 < int(binary.LittleEndian.Uint16(body)) {
			return r, false
		}
		n := binary.LittleEndian.Uint16(body)
		*s, body = string(body[2:2+n]), body[2+n:]
	}
	r.sealed = body
	return r, true
}

// open decrypts the contact with the key of a slot. opened is false if it is the wrong key.
func (r *record) open(s *slot) (contact []byte, opened bool, err error) {
	aead, err := s.cipher()
	if err != nil {
		return nil, false, err
	}
	contact, err = aead.Open(nil, nil, r.sealed, additionalData(r.subject, events.Holder(r.holder)))
	return contact, err == nil, nil
}

// gap is a range of offsets, [from, to), without a valid record.
type gap struct{ from, to int64 }

// readSealed calls found for every valid record of a file, and returns the end of the last one and the
// gaps between them. Reading continues after a damaged record.
func readSealed(in io.ReaderAt, size int64, found func(r *record, at, size int64)) (end int64, gaps []gap, err error) {
	readerAt := func(at int64) *bufio.Reader {
		return bufio.NewReaderSize(io.NewSectionReader(in, at, size-at), scanChunk)
	}
	records := readerAt(0)
	for {
		r, length, err := readRecord(records)
		switch {
		case errors.Is(err, io.EOF):
			return end, gaps, nil
		case errors.Is(err, ErrDamaged):
			next, err := nextRecord(in, end+1, size)
			if err != nil || next < 0 {
				return end, gaps, err
			}
			gaps = append(gaps, gap{end, next})
			end, records = next, readerAt(next)
			continue
		case err != nil:
			return end, gaps, err
		}
		found(&r, end, length)
		end += length
	}
}

// scanChunk is the number of offsets that are searched for a record at a time.
const scanChunk = 64 << 10

// nextRecord returns the offset of the first valid record that begins at or after at, -1 if there is
// none before size. It finds no record inside another, because sealed bytes are random and records have
// checksums.
func nextRecord(in io.ReaderAt, at, size int64) (int64, error) {
	chunk := make([]byte, scanChunk+headSize+maxRecord)
	for ; at < size; at += scanChunk {
		n, err := in.ReadAt(chunk[:min(int64(len(chunk)), size-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := range min(n, scanChunk) {
			if _, _, err := parseRecord(chunk[i:n]); err == nil {
				return at + int64(i), nil
			}
		}
	}
	return -1, nil
}
