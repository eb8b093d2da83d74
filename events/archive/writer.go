package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
	"admitone/events/merkle"
)

// ErrNotWritable is returned for an event that cannot be written: its position does not follow the previous one, or
// its line would be longer than a [Reader] accepts.
var ErrNotWritable = errors.New("event not representable")

// pieceBytes is the size of a piece before compression. At most one piece is written again after an interruption.
const pieceBytes = 8 << 20

// State is the state from which a [Writer] can resume a file.
type State struct {
	// Epoch is the epoch of the log.
	Epoch string `json:"epoch"`
	// Bytes is the number of bytes of complete pieces in the file.
	Bytes int64 `json:"bytes"`
	// Range is the compact range of the tree over the events of these pieces.
	Range merkle.CompactRange `json:"edge"`
	// Own reports whether the file has only this system's own events, whose positions can have gaps. Last is then the
	// position of the last event of these pieces.
	Own  bool            `json:"own,omitempty"`
	Last events.Position `json:"last,omitempty"`
}

// Position returns the position of the last event of the complete pieces.
func (s *State) Position() events.Position {
	if s.Own {
		return s.Last
	}
	return events.Position(s.Range.Size)
}

// Writer writes the events of a log. It is not safe for concurrent use, and must not be used after
// an error.
type Writer struct {
	compression Compression
	state       State
	count       counter // counts compressed bytes
	piece       io.WriteCloser
	out         *bufio.Writer // takes uncompressed text; nil between two pieces
	tree        merkle.CompactRange
	added       []tlog.Hash
	last        events.Position // the position of the last event
	line        []byte

	inBlock, blockSize, pieceSize int
	// pieceLimit is pieceBytes, except in tests.
	pieceLimit int
}

// counter counts the bytes written.
type counter struct {
	io.Writer
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bytes += int64(n)
	return n, err
}

// NewWriter returns a writer that continues a file after its first state.Bytes bytes, where out must be positioned.
// The state of a new file has only Epoch and Own.
func NewWriter(out io.Writer, compression Compression, state State) (*Writer, error) {
	if err := state.Range.Check(); err != nil {
		return nil, err
	}
	return &Writer{
		compression: compression, pieceLimit: pieceBytes, state: state, tree: state.Range.Clone(), last: state.Position(),
		count: counter{Writer: out, bytes: state.Bytes},
	}, nil
}

// Write writes the next event. complete reports whether the event completes a piece: everything has then been written
// to out, and [Writer.State] returns the new state. Errors: [ErrNotWritable], those of out.
func (w *Writer) Write(e *events.Recorded) (complete bool, err error) {
	if e.Position <= w.last || !w.state.Own && e.Position != w.last+1 {
		return false, fmt.Errorf("%w: position %d follows %d", ErrNotWritable, e.Position, w.last)
	}
	if err := w.begin(); err != nil {
		return false, err
	}
	if w.line = events.AppendCloudEvent(w.line[:0], e); len(w.line) > maxLine {
		return false, fmt.Errorf("%w: position %d, %.60s@%d needs a line of %d bytes, at most %d are possible",
			ErrNotWritable, e.Position, e.Stream, e.Revision, len(w.line), maxLine)
	}
	w.added, w.last = w.tree.Add(w.added[:0], e), e.Position
	if err := w.writeLine(); err != nil {
		return false, err
	}
	if w.inBlock++; w.inBlock < blockEvents && w.blockSize < blockBytes {
		return false, nil
	}
	if err := w.endBlock(false); err != nil || w.pieceSize < w.pieceLimit {
		return false, err
	}
	return true, w.endPiece()
}

// begin writes the first line of a file of the second version.
func (w *Writer) begin() error {
	if !w.state.Own || w.out != nil || w.count.bytes > 0 {
		return nil
	}
	w.line = append(w.line[:0], beginLine...)
	return w.writeLine()
}

// writeLine writes w.line.
func (w *Writer) writeLine() error {
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

// endBlock writes the head line of a block.
func (w *Writer) endBlock(end bool) error {
	h := head{Size: w.tree.Size, Root: w.tree.Root(), End: end, Position: w.last}
	w.line = h.append(w.line[:0], w.state.Own)
	err := w.writeLine()
	w.inBlock, w.blockSize = 0, 0
	return err
}

// endPiece flushes a piece to the file and updates the state.
func (w *Writer) endPiece() error {
	if err := errors.Join(w.out.Flush(), w.piece.Close()); err != nil {
		return err
	}
	w.out, w.piece, w.pieceSize = nil, nil, 0
	w.state.Bytes, w.state.Range = w.count.bytes, w.tree.Clone()
	if w.state.Own {
		w.state.Last = w.last
	}
	return nil
}

// State returns the state at the end of the last complete piece.
func (w *Writer) State() State { return w.state }

// Range returns the compact range of the tree over all events written.
func (w *Writer) Range() merkle.CompactRange { return w.tree.Clone() }

// Position returns the position of the last event written.
func (w *Writer) Position() events.Position { return w.last }

// Finish writes the last head line and flushes everything to out.
func (w *Writer) Finish() error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.endBlock(true); err != nil {
		return err
	}
	return w.endPiece()
}
