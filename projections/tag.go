package projections

import (
	"crypto/sha256"
	"errors"
)

// errForeign: the record is of the views of another log.
var errForeign = errors.New("a record of another log's views")

// recordViews names what every record begins with: its log's tag. A file of another
// log's views may be as sound as ours.
const recordViews = "record.v2"

// tagSize is how many bytes of a hash of its epoch tell a log from others.
const tagSize = 4

func tagOf(epoch string) (tag [tagSize]byte) {
	sum := sha256.Sum256([]byte(epoch))
	copy(tag[:], sum[:])
	return tag
}

// own returns what is behind the tag. Error: errForeign.
func (p *Projections) own(record []byte) ([]byte, error) {
	if len(record) < tagSize || [tagSize]byte(record) != p.tag {
		return nil, errForeign
	}
	return record[tagSize:], nil
}
