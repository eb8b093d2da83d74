package core

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// maxSnapshotHeader bounds the header of a snapshot, in bytes.
const maxSnapshotHeader = 1 << 20

// AppendSnapshotHeader appends the header of a snapshot, which has the state of a core besides its
// tables: its length in 32 bits, little endian, and then head as JSON. Error: head can't be
// encoded.
func AppendSnapshotHeader(dst []byte, head any) ([]byte, error) {
	first, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(first)))
	return append(dst, first...), nil
}

// ReadSnapshotHeader decodes a header into head, a pointer. Errors: the reader's; a malformed
// header.
func ReadSnapshotHeader(in io.Reader, head any) error {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint32(size[:])
	if length > maxSnapshotHeader {
		return fmt.Errorf("a snapshot has a header of %d bytes", length)
	}
	first := make([]byte, length)
	if _, err := io.ReadFull(in, first); err != nil {
		return err
	}
	return json.Unmarshal(first, head)
}
