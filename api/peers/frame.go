package peers

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// A frame is the length of its content (4 bytes), an id (8 bytes), both big-endian, and the content: a complete
// HTTP/1.1 request, or the answer to the request with the same id.

const (
	frameHeader = 12
	// maxFrameBody bounds the body of a request in a frame, maxRequestFrame its content. Larger requests have a
	// connection of their own.
	maxFrameBody    = 16 << 10
	maxRequestFrame = maxFrameBody + 8<<10
	// maxAnswerFrame bounds the content of an answer.
	maxAnswerFrame = 4 << 20
)

// errFrame is returned for bytes that are not a valid frame.
var errFrame = errors.New("a frame is longer than allowed, or its content is no HTTP message")

// appendFrame appends a frame to dst.
func appendFrame(dst []byte, id uint64, content []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(content)))
	return append(binary.BigEndian.AppendUint64(dst, id), content...)
}

// frameReader reads frames of at most limit bytes of content.
type frameReader struct {
	in    *bufio.Reader
	limit int
	skip  int // buffered bytes of the last frame, which are discarded before the next one is read
}

// next returns the next frame. Its content is valid until the next call. Errors: errFrame; io.EOF at the end of
// the connection between two frames; the connection's.
func (r *frameReader) next() (id uint64, content []byte, err error) {
	_, _ = r.in.Discard(r.skip) // they are buffered
	r.skip = 0
	header, err := r.in.Peek(frameHeader)
	if err != nil {
		if len(header) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	size, id := binary.BigEndian.Uint32(header), binary.BigEndian.Uint64(header[4:])
	if size > uint32(r.limit) {
		return 0, nil, errFrame
	}
	_, _ = r.in.Discard(frameHeader)
	if int(size) <= r.in.Size() {
		r.skip = int(size)
		content, err = r.in.Peek(r.skip)
	} else {
		content = make([]byte, size) // not a reused buffer: large frames are rare
		_, err = io.ReadFull(r.in, content)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return id, content, err
}
