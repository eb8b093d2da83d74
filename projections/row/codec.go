package row

import (
	"encoding/binary"
	"errors"
	"time"
)

// ErrRecord: the bytes are not a record of this version. Only a damaged disk or
// a forgotten change of a kind's version leads here.
var ErrRecord = errors.New("damaged record of the views; delete their directory, and they are made anew")

// AppendString appends a member of a record, as the other functions here do; a
// [Reader] reads them back in the same order. It is the length and the bytes.
func AppendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// AppendInt appends a signed varint.
func AppendInt(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }

// AppendTime appends a time to the nanosecond; the zero time stays zero.
func AppendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	return binary.AppendVarint(dst, t.UnixNano())
}

// AppendMoment appends any time of the years 1 to 9999; what AppendTime can say
// ends in 2262.
func AppendMoment(dst []byte, t time.Time) []byte {
	return binary.AppendVarint(binary.AppendVarint(dst, t.Unix()), int64(t.Nanosecond()))
}

// Reader reads the members of a record in the order in which they were appended. A
// member that is not there reads as zero, and spoils the Reader; after the last,
// done tells.
type Reader struct {
	rest []byte
	bad  bool
}

// NewReader returns a reader of a record, which it does not change.
func NewReader(record []byte) Reader { return Reader{rest: record} }

// OK reports whether everything read so far was there.
func (r *Reader) OK() bool { return !r.bad }

// Rest is what has not been read yet.
func (r *Reader) Rest() []byte { return r.rest }

// Bytes reads n bytes, nil if there are fewer. They are the record's own.
func (r *Reader) Bytes(n int) []byte {
	if n <= 0 || n > len(r.rest) {
		r.bad = r.bad || n != 0
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// Text reads what AppendString wrote.
func (r *Reader) Text() string {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	r.rest = r.rest[size:]
	return string(r.Bytes(int(n)))
}

// Uint reads an unsigned varint.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Int reads what AppendInt wrote.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Time reads what AppendTime wrote, in UTC.
func (r *Reader) Time() time.Time {
	switch flag := r.Bytes(1); {
	case r.bad || len(flag) == 0:
		r.bad = true
		return time.Time{}
	case flag[0] == 0:
		return time.Time{}
	}
	return time.Unix(0, r.Int()).UTC()
}

// Moment reads what AppendMoment wrote, in UTC.
func (r *Reader) Moment() time.Time { return time.Unix(r.Int(), r.Int()).UTC() }

// Done ends the reading. Error: errRecord, if a member was not there, or more is.
func (r *Reader) Done() error {
	if r.bad || len(r.rest) != 0 {
		return ErrRecord
	}
	return nil
}
