package row

import (
	"encoding/binary"
	"errors"
	"time"
)

// ErrRecord means that the bytes are not a record in the current encoding: the disk is damaged, or an encoding was
// changed without its view's version.
var ErrRecord = errors.New("damaged record of the views; delete their directory, and they are rebuilt")

// AppendString appends the length and the bytes of s as a member of a record. A [Reader] reads members in the
// order in which they were appended.
func AppendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// AppendInt appends a signed varint.
func AppendInt(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }

// AppendTime appends a time with a precision of nanoseconds; the zero time stays zero.
func AppendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	return binary.AppendVarint(dst, t.UnixNano())
}

// AppendMoment appends any time of the years 1 to 9999; AppendTime is limited to the range of Unix nanoseconds,
// which ends in 2262.
func AppendMoment(dst []byte, t time.Time) []byte {
	return binary.AppendVarint(binary.AppendVarint(dst, t.Unix()), int64(t.Nanosecond()))
}

// Reader reads the members of a record in the order in which they were appended. A missing member reads as zero and
// makes Done fail.
type Reader struct {
	rest   []byte
	failed bool
}

// NewReader returns a reader of a record, which it does not change.
func NewReader(record []byte) Reader { return Reader{rest: record} }

// OK reports whether all members read so far were present.
func (r *Reader) OK() bool { return !r.failed }

// Rest returns the unread bytes.
func (r *Reader) Rest() []byte { return r.rest }

// Bytes reads n bytes, nil if there are fewer. They are a part of the record, not a copy.
func (r *Reader) Bytes(n int) []byte {
	if n <= 0 || n > len(r.rest) {
		r.failed = r.failed || n != 0
		return nil
	}
	data := r.rest[:n]
	r.rest = r.rest[n:]
	return data
}

// Text reads what AppendString wrote.
func (r *Reader) Text() string {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)) {
		r.failed = true
		return ""
	}
	r.rest = r.rest[size:]
	return string(r.Bytes(int(n)))
}

// Uint reads an unsigned varint.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Int reads what AppendInt wrote.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Time reads what AppendTime wrote, in UTC.
func (r *Reader) Time() time.Time {
	switch flag := r.Bytes(1); {
	case r.failed || len(flag) == 0:
		r.failed = true
		return time.Time{}
	case flag[0] == 0:
		return time.Time{}
	}
	return time.Unix(0, r.Int()).UTC()
}

// Moment reads what AppendMoment wrote, in UTC.
func (r *Reader) Moment() time.Time { return time.Unix(r.Int(), r.Int()).UTC() }

// Done ends reading. It returns ErrRecord if a member was missing or bytes are left.
func (r *Reader) Done() error {
	if r.failed || len(r.rest) != 0 {
		return ErrRecord
	}
	return nil
}
