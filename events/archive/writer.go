package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
	"admitone/events/merkle"
)

// ErrNotWritable is returned for an event that the format has no line for: its
// metadata is not ours, its data has a line break, or its position does not follow.
var ErrNotWritable = errors.New("archive: no line can say this")

// pieceBytes is how much text a piece has: the least that is written again after an
// export was cut off.
const pieceBytes = 8 << 20

// State is what it takes to go on with a file.
type State struct {
	// Epoch of the log.
	Epoch string `json:"epoch"`
	// Bytes of the file are whole pieces.
	Bytes int64 `json:"bytes"`
	// Edge of the tree over the events in them.
	Edge merkle.Edge `json:"edge"`
}

// Writer writes the events of a log. One goroutine may use it. After an error it is
// of no more use.
type Writer struct {
	compression Compression
	state       State
	count       counter // behind the compression
	piece       io.WriteCloser
	out         *bufio.Writer // before it; nil between two pieces
	edge        merkle.Edge
	added       []tlog.Hash
	line        []byte

	inBlock, blockSize, pieceSize int
	// pieceLimit is how many bytes of text a piece has: pieceBytes, but in tests.
	pieceLimit int
}

// counter counts what is written.
type counter struct {
	io.Writer
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bytes += int64(n)
	return n, err
}

// NewWriter goes on with a file behind state.Bytes of it, where out writes; a new
// file has a state of its log's epoch and nothing else.
func NewWriter(out io.Writer, compression Compression, state State) (*Writer, error) {
	if err := state.Edge.Check(); err != nil {
		return nil, err
	}
	return &Writer{
		compression: compression, pieceLimit: pieceBytes, state: state, edge: state.Edge.Clone(),
		count: counter{Writer: out, bytes: state.Bytes},
	}, nil
}

// Write writes the next event. whole says that a piece has come to its end with it:
// everything has been handed to out, and [Writer.State] is what to go on from.
// Errors: [ErrNotWritable], out's.
func (w *Writer) Write(e *events.Recorded) (whole bool, err error) {
	if e.Position != events.Position(w.edge.Size+1) {
		return false, fmt.Errorf("%w: position %d follows %d", ErrNotWritable, e.Position, w.edge.Size)
	}
	if w.line, err = events.AppendCloudEvent(w.line[:0], e); err != nil {
		return false, fmt.Errorf("%w: position %d, %.60s@%d: %w", ErrNotWritable, e.Position, e.Stream, e.Revision, err)
	}
	if !comesBack(e) {
		return false, fmt.Errorf("%w: position %d, %.60s@%d would come back as something else", ErrNotWritable, e.Position, e.Stream, e.Revision)
	}
	w.added = w.edge.Add(w.added[:0], e)
	if err := w.put(); err != nil {
		return false, err
	}
	if w.inBlock++; w.inBlock < blockEvents && w.blockSize < blockBytes {
		return false, nil
	}
	if err := w.head(false); err != nil || w.pieceSize < w.pieceLimit {
		return false, err
	}
	return true, w.stop()
}

// put writes w.line.
func (w *Writer) put() error {
	if w.out == nil {
		var err error
		if w.piece, err = w.compression.compress(&w.count); err != nil {
			return err
		}
		w.out = bufio.NewWriterSize(w.piece, 256<<10)
	}
	w.line = append(w.line, '\n')
	w.blockSize += len(w.line)
	w.pieceSize += len(w.line)
	_, err := w.out.Write(w.line)
	return err
}

// head ends a block.
func (w *Writer) head(end bool) error {
	h := head{Size: w.edge.Size, Root: w.edge.Root(), End: end}
	w.line = h.append(w.line[:0])
	err := w.put()
	w.inBlock, w.blockSize = 0, 0
	return err
}

// stop ends a piece.
func (w *Writer) stop() error {
	if err := errors.Join(w.out.Flush(), w.piece.Close()); err != nil {
		return err
	}
	w.out, w.piece, w.pieceSize = nil, nil, 0
	w.state.Bytes, w.state.Edge = w.count.bytes, w.edge.Clone()
	return nil
}

// State is what to go on from: the end of the last whole piece.
func (w *Writer) State() State { return w.state }

// Edge is that of the tree over all events written.
func (w *Writer) Edge() merkle.Edge { return w.edge.Clone() }

// Finish writes the last line and hands everything to out.
func (w *Writer) Finish() error {
	if err := w.head(true); err != nil {
		return err
	}
	return w.stop()
}

// comesBack says whether an event can be read off its line as it is: it is text, its
// data are JSON on one line with nothing around, its metadata are as they are sealed.
func comesBack(e *events.Recorded) bool {
	m, err := events.ParseMetadata(e.Metadata)
	if err != nil || !bytes.Equal(events.AppendMetadata(nil, &m), e.Metadata) {
		return false
	}
	if _, err := events.RecordedHash(e.Metadata); err != nil {
		return false
	}
	return utf8.ValidString(string(e.Stream)) && utf8.ValidString(e.Type) && utf8.Valid(e.Data) &&
		json.Valid(e.Data) && bytes.IndexByte(e.Data, '\n') < 0 && len(bytes.TrimSpace(e.Data)) == len(e.Data)
}
