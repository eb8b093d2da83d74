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

// ErrBadFile means that a file does not have the form that a [Writer] writes. It is always returned as a *[LineError].
var ErrBadFile = errors.New("the file is damaged")

// LineError is an [ErrBadFile] with the line of the damage.
type LineError struct {
	// Line is the number of the damaged line if it is known, otherwise of the head line of its block, from 1.
	Line   int
	Detail string
}

// Error returns the line and the detail.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Detail) }

// Is reports whether target is [ErrBadFile].
func (e *LineError) Is(target error) bool { return target == ErrBadFile }

// Block has the events between two head lines.
type Block struct {
	// Line is the line of the first event.
	Line   int
	Events []events.Recorded
	// Size and Root are those of the log up to and including this block.
	Size int64
	Root tlog.Hash
	// End reports whether this is the last block.
	End bool
	// Own reports whether the file has only this system's own events, whose positions can have gaps. The first
	// event of the block is then number Size - len(Events) + 1 of the own events.
	Own bool
}

// Reader reads the output of a [Writer]. It is not safe for concurrent use.
type Reader struct {
	// LastHash returns the hash of the last event of a stream in the previous blocks, zero for none. It is only used
	// to find the damaged line of a block, and may be nil.
	LastHash func(events.StreamID) (events.Hash, error)

	in    *bufio.Reader
	done  func()
	tree  merkle.CompactRange
	added []tlog.Hash
	last  events.Position // the position of the last event
	own   bool
	line  int
	long  []byte // holds a line that is longer than the buffer of in
	ended bool
}

// NewReader returns a reader of a file. The caller must close it, which does not close in. Error: a *[LineError] if
// the file is not compressed as stated.
func NewReader(in io.Reader, compression Compression) (*Reader, error) {
	out, done, err := compression.decompress(in)
	if err != nil {
		return nil, &LineError{1, fmt.Sprintf("the file is not compressed with %s: %v", compression, err)}
	}
	return &Reader{in: bufio.NewReaderSize(out, 1<<20), done: done}, nil
}

// Close releases the resources of decompression.
func (r *Reader) Close() { r.done() }

// Next reads a block and verifies it against its root. After the last block it returns io.EOF. Error: a *[LineError].
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
		if r.line == 1 && string(line) == beginLine {
			r.own, b.Line = true, 2
			continue
		}
		if bytes.HasPrefix(line, []byte(startOf(r.own))) {
			return b, r.finish(b, line)
		}
		if size += len(line); len(b.Events) == blockEvents || size-len(line) > blockBytes {
			return nil, r.bad("expected a line of type %s, found a different one", r.headType())
		}
		e, err := events.ParseCloudEvent(line)
		if err != nil {
			return nil, r.bad("%v", err)
		}
		if e.Position <= r.last || !r.own && e.Position != r.last+1 {
			return nil, r.bad("the event has position %d, which does not follow position %d", e.Position, r.last)
		}
		r.last = e.Position
		b.Events = append(b.Events, e)
	}
}

// finish verifies a block against its head line, and that nothing follows the last head line.
func (r *Reader) finish(b *Block, line []byte) error {
	h, err := parseHead(line, r.own)
	if err != nil {
		return r.bad("%v", err)
	}
	for i := range b.Events {
		r.added = r.tree.Add(r.added[:0], &b.Events[i])
	}
	switch {
	case h.Size != r.tree.Size:
		return r.bad("expected %d events up to here, found %d", h.Size, r.tree.Size)
	case r.own && h.Position != r.last:
		return r.bad("expected the last event at position %d, found it at %d", h.Position, r.last)
	case h.Root != r.tree.Root():
		return r.findBadLine(b)
	}
	b.Size, b.Root, b.End, b.Own, r.ended = h.Size, h.Root, h.End, r.own, h.End
	if !h.End {
		return nil
	}
	if _, err := r.in.ReadByte(); err == nil {
		r.line++
		return r.bad("the file continues after its last line")
	} else if err != io.EOF {
		return r.bad("reading after the last line: %v", err)
	}
	return nil
}

// findBadLine returns an error with the first line that breaks the hash chain of its stream or, if there is none, with
// the head line of the block.
func (r *Reader) findBadLine(b *Block) error {
	links, unchained := map[events.StreamID]events.Hash{}, map[events.StreamID]bool{}
	for i := range b.Events {
		e := &b.Events[i]
		if _, err := events.RecordedHash(e.Metadata); err != nil {
			unchained[e.Stream] = true // foreign events have no chain
		}
		if unchained[e.Stream] {
			continue
		}
		prev, known := links[e.Stream]
		if !known && r.LastHash != nil {
			var err error
			if prev, err = r.LastHash(e.Stream); err != nil {
				unchained[e.Stream] = true
				continue
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
	return r.bad("a line from line %d on was changed: the root over the events is %v, expected that of this line", b.Line,
		r.tree.Root())
}

// headType returns the type of head lines in the version of the file.
func (r *Reader) headType() string {
	if r.own {
		return ownHeadType
	}
	return HeadType
}

func (r *Reader) bad(format string, args ...any) error {
	return &LineError{r.line, fmt.Sprintf(format, args...)}
}

// read returns the next line without its newline. The result is valid until the next call.
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
			return nil, r.bad("the line is longer than %d bytes", maxLine)
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF:
			return nil, r.bad("the file ends without a last line of type %s: it was truncated", r.headType())
		default:
			return nil, r.bad("%v", err)
		}
	}
}
