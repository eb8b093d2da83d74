package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
	"admitone/events/merkle"
)

// ErrBadFile is returned for a file that is not, or not any more, what a [Writer] has
// written: always by a *[LineError].
var ErrBadFile = errors.New("archive: the file is damaged")

// LineError says at which line a file is not what it was. It is an [ErrBadFile].
type LineError struct {
	// Line counts from 1. It is the line itself where that can be told, else the one
	// that says what those before it should be.
	Line   int
	Detail string
}

// Error says where and what.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Detail) }

// Is makes every LineError an [ErrBadFile].
func (e *LineError) Is(target error) bool { return target == ErrBadFile }

// Block is what stands between two head lines.
type Block struct {
	// Line of the first event.
	Line   int
	Events []events.Recorded
	// Size and Root of the log with this block.
	Size int64
	Root tlog.Hash
	// End says that this is the last one, and the file is whole.
	End bool
}

// Reader reads what a [Writer] has written. One goroutine may use it.
type Reader struct {
	// LastHash returns the hash of the last event of a stream in the blocks before,
	// zero if there is none. It is asked only to find out which line of a block is the
	// bad one, and may be nil.
	LastHash func(events.StreamID) (events.Hash, error)

	in    *bufio.Reader
	done  func()
	edge  merkle.Edge
	added []tlog.Hash
	line  int
	long  []byte // a line that is longer than in's buffer
	ended bool
}

// NewReader begins to read a file. The caller closes the reader; in stays its own.
// Error: a *[LineError], for a file that is not compressed as it should be.
func NewReader(in io.Reader, compression Compression) (*Reader, error) {
	out, done, err := compression.expand(in)
	if err != nil {
		return nil, &LineError{1, fmt.Sprintf("it is not compressed as %s: %v", compression, err)}
	}
	return &Reader{in: bufio.NewReaderSize(out, 1<<20), done: done}, nil
}

// Close releases what reading a compressed file takes.
func (r *Reader) Close() { r.done() }

// Next reads a block and holds it to its root. After the last one it returns io.EOF.
// Errors: a *[LineError].
func (r *Reader) Next() (*Block, error) {
	if r.ended {
		return nil, io.EOF
	}
	b := &Block{Line: r.line + 1}
	for size := 0; ; {
		line, err := r.read()
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(line, []byte(headStart)) {
			return b, r.close(b, line)
		}
		if size += len(line); len(b.Events) == blockEvents || size-len(line) > blockBytes {
			return nil, r.bad("here should be a line of the type %s", HeadType)
		}
		e, err := events.ParseCloudEvent(line)
		if err != nil {
			return nil, r.bad("%v", err)
		}
		if want := events.Position(r.edge.Size + int64(len(b.Events)) + 1); e.Position != want {
			return nil, r.bad("the event at position %d, where %d should be", e.Position, want)
		}
		b.Events = append(b.Events, e)
	}
}

// close holds a block to its head line, and the last one to being the last.
func (r *Reader) close(b *Block, line []byte) error {
	h, err := parseHead(line)
	if err != nil {
		return r.bad("%v", err)
	}
	for i := range b.Events {
		r.added = r.edge.Add(r.added[:0], &b.Events[i])
	}
	switch {
	case h.Size != r.edge.Size:
		return r.bad("here should be %d events, and there are %d", h.Size, r.edge.Size)
	case h.Root != r.edge.Root():
		return r.blame(b)
	}
	b.Size, b.Root, b.End, r.ended = h.Size, h.Root, h.End, h.End
	if !h.End {
		return nil
	}
	if _, err := r.in.ReadByte(); err == nil {
		r.line++
		return r.bad("more, behind the last line")
	} else if err != io.EOF {
		return r.bad("behind it: %v", err)
	}
	return nil
}

// blame finds the line of a block that is not what was written: the first that its
// stream's chain does not lead to.
func (r *Reader) blame(b *Block) error {
	links := map[events.StreamID]events.Hash{}
	for i := range b.Events {
		e := &b.Events[i]
		prev, known := links[e.Stream]
		if !known && r.LastHash != nil {
			var err error
			if prev, err = r.LastHash(e.Stream); err != nil {
				break
			}
		}
		hash, err := events.CheckLink(prev, e)
		if err != nil && (known || r.LastHash != nil || e.Revision == 0) {
			return &LineError{b.Line + i, err.Error()}
		}
		if err != nil {
			hash, _ = events.RecordedHash(e.Metadata)
		}
		links[e.Stream] = hash
	}
	return r.bad("one of the lines from %d on is not what was written: their root is another one", b.Line)
}

func (r *Reader) bad(format string, args ...any) error {
	return &LineError{r.line, fmt.Sprintf(format, args...)}
}

// read returns the next line without its end. It is the reader's until the next call.
func (r *Reader) read() ([]byte, error) {
	r.line++
	r.long = r.long[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		if err == nil && len(r.long) == 0 {
			return part[:len(part)-1], nil
		}
		r.long = append(r.long, part...)
		switch {
		case err == nil:
			return r.long[:len(r.long)-1], nil
		case len(r.long) > maxLine:
			return nil, r.bad("it is longer than %d bytes", maxLine)
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF:
			return nil, r.bad("the file ends here, and a last line of the type %s is missing: it was cut off", HeadType)
		default:
			return nil, r.bad("%v", err)
		}
	}
}
