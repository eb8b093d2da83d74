package projections

import (
	"encoding/binary"
	"errors"
	"time"
)

// errRecord: the bytes are not a record of this version. Only a damaged disk or
// a forgotten change of a kind's version leads here.
var errRecord = errors.New("projections: damaged record; delete the directory of the views, and they are folded anew")

// appendString, appendInt and appendTime write the members of a record; a
// [reader] reads them back in the same order.
func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendInt(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }

// appendTime keeps nanoseconds; the zero time stays zero.
func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	return binary.AppendVarint(dst, t.UnixNano())
}

// appendMoment keeps any time of the years 1 to 9999; the nanoseconds of appendTime
// end in 2262.
func appendMoment(dst []byte, t time.Time) []byte {
	return binary.AppendVarint(binary.AppendVarint(dst, t.Unix()), int64(t.Nanosecond()))
}

// reader reads the members of a record. After the last, done says whether all
// was well.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n <= 0 || n > len(r.rest) {
		r.bad = r.bad || n != 0
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) str() string {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	r.rest = r.rest[size:]
	return string(r.take(int(n)))
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) time() time.Time {
	switch flag := r.take(1); {
	case r.bad || len(flag) == 0:
		r.bad = true
		return time.Time{}
	case flag[0] == 0:
		return time.Time{}
	}
	return time.Unix(0, r.int()).UTC()
}

func (r *reader) moment() time.Time { return time.Unix(r.int(), r.int()).UTC() }

func (r *reader) done() error {
	if r.bad || len(r.rest) != 0 {
		return errRecord
	}
	return nil
}
