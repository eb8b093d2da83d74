package core

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// maxSnapshotHeader bounds the header of a snapshot, in bytes.
const maxSnapshotHeader = 1 << 20

// AppendSnapshotHeader appends the header of a snapshot, which has the state of a core other than
// its tables: the length of head's JSON (32 bits, little endian), and the JSON. Error: head can't
// be encoded.
func AppendSnapshotHeader(dst []byte, head any) ([]byte, error) {
	encoded, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(encoded)))
	return append(dst, encoded...), nil
}

// ReadSnapshotHeader decodes a header into head, a pointer. Errors: those of in, and a malformed
// header.
func ReadSnapshotHeader(in io.Reader, head any) error {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint32(size[:])
	if length > maxSnapshotHeader {
		return fmt.Errorf("the header of the snapshot has %d bytes, want at most %d", length, maxSnapshotHeader)
	}
	encoded := make([]byte, length)
	if _, err := io.ReadFull(in, encoded); err != nil {
		return err
	}
	return json.Unmarshal(encoded, head)
}
