package api

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// csvColumns are the columns of a CSV file, named like the members of the resource.
type csvColumns struct {
	names []string
	index map[string]int
	cells [][]byte // reused for every line
}

func newColumns(names []string) *csvColumns {
	c := &csvColumns{names: names, index: map[string]int{}, cells: make([][]byte, len(names))}
	for i, name := range names {
		c.index[name] = i
	}
	return c
}

// appendHeader appends the line with the column names.
func (c *csvColumns) appendHeader(dst []byte) []byte {
	for i, name := range c.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCSVText(dst, []byte(name))
	}
	return append(dst, "\r\n"...)
}

// appendLine appends a resource, which is an encoded JSON object, as one line (RFC 4180). The cells of absent
// members are empty. Arrays and objects stay JSON. A member without a column is an error: without it the file
// would be incomplete.
func (c *csvColumns) appendLine(dst, object []byte) ([]byte, error) {
	clear(c.cells)
	members := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := members.ReadToken(); err != nil {
		return dst, err
	}
	for members.PeekKind() != '}' {
		name, err := members.ReadToken()
		if err != nil {
			return dst, err
		}
		column, ok := c.index[name.String()]
		if !ok {
			return dst, fmt.Errorf("the list has no column %q", name.String())
		}
		value, err := members.ReadValue()
		if err != nil {
			return dst, err
		}
		c.cells[column] = bytes.Clone(value)
	}
	for i, value := range c.cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendCell(dst, value); err != nil {
			return dst, err
		}
	}
	return append(dst, "\r\n"...), nil
}

func appendCell(dst []byte, value jsontext.Value) ([]byte, error) {
	switch value.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		return appendCSVText(dst, text), err
	case '{', '[':
		return appendCSVText(dst, value), nil
	case 'n', 0:
		return dst, nil
	}
	return append(dst, value...), nil
}

// appendCSVText appends text in quotes. Text that a spreadsheet would interpret as a formula is prefixed
// with an apostrophe.
func appendCSVText(dst, text []byte) []byte {
	dst = append(dst, '"')
	if len(text) > 0 && bytes.IndexByte([]byte("=+-@\t\r\n"), text[0]) >= 0 {
		dst = append(dst, '\'')
	}
	for {
		quote := bytes.IndexByte(text, '"')
		if quote < 0 {
			break
		}
		dst = append(append(dst, text[:quote+1]...), '"')
		text = text[quote+1:]
	}
	return append(append(dst, text...), '"')
}

// streamChunk is the maximum size of a write to a connection, in bytes. A client that reads that much within
// 15/16 of the stall timeout stays connected; see connections.Conn.SetWriteDeadline.
const streamChunk = 4 << 10

// streamBody is the body of a response that is generated while it is sent. If fill fails, the body ends
// abruptly, so that clients can tell that it is incomplete.
type streamBody struct {
	// fill appends the next piece to dst. hasMore is false for the last piece.
	fill func(dst []byte) (piece []byte, hasMore bool, err error)
	// stop is called once, when the response has ended or the client has disconnected.
	stop  func()
	conn  net.Conn      // nil for none
	stall time.Duration // after which a client that does not read is disconnected

	unsent, piece []byte
	done          bool
}

// Read implements io.Reader. The server calls it after writing the previous bytes, so it extends the write
// deadline for the next ones.
func (b *streamBody) Read(p []byte) (int, error) {
	for len(b.unsent) == 0 {
		if b.done {
			return 0, io.EOF
		}
		piece, hasMore, err := b.fill(b.piece[:0])
		if err != nil {
			return 0, err
		}
		b.piece, b.unsent, b.done = piece, piece, !hasMore
	}
	if b.conn != nil {
		if err := b.conn.SetWriteDeadline(time.Now().Add(b.stall)); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(len(p), streamChunk)], b.unsent)
	b.unsent = b.unsent[n:]
	return n, nil
}

// Close implements io.Closer.
func (b *streamBody) Close() error {
	if b.stop != nil {
		b.stop()
		b.stop = nil
	}
	return nil
}
