package api

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// csvColumns are the columns of a list, by the names of the resource's members.
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

// appendHeader appends the line of the names.
func (c *csvColumns) appendHeader(dst []byte) []byte {
	for i, name := range c.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCSVText(dst, []byte(name))
	}
	return append(dst, "\r\n"...)
}

// appendLine appends a resource, which is an encoded object, as one line (RFC 4180). What it has not
// is empty; arrays and objects are their JSON. A member without a column is an error: a list that
// silently lacks something is worse than none.
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

// appendCSVText appends text in quotes. Text that a spreadsheet would take for a formula gets a ' in
// front.
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

// streamChunk bounds what is written to a connection at once, in bytes: a slow client that takes so
// much within the time for stalled ones is not cut off.
const streamChunk = 4 << 10

// streamBody is the body of an answer that is made while it is sent. An error of fill leaves the
// body without its end, so that nobody takes a part for the whole.
type streamBody struct {
	// fill appends the next piece, and returns false after the last.
	fill func(dst []byte) (piece []byte, more bool, err error)
	// stop is called once, when the answer has ended or the client has gone.
	stop  func()
	conn  net.Conn
	stall time.Duration

	rest, piece []byte
	over        bool
}

// Read makes the next bytes. It is called when the client has taken those before, and gives it as
// long for the next.
func (b *streamBody) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.over {
			return 0, io.EOF
		}
		piece, more, err := b.fill(b.piece[:0])
		if err != nil {
			return 0, err
		}
		b.piece, b.rest, b.over = piece, piece, !more
	}
	if b.conn != nil {
		if err := b.conn.SetWriteDeadline(time.Now().Add(b.stall)); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(len(p), streamChunk)], b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close ends the body.
func (b *streamBody) Close() error {
	if b.stop != nil {
		b.stop()
		b.stop = nil
	}
	return nil
}
