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

// ErrBadFile is returned for a file that is not as a [Writer] has written it, always as a
// *[LineError].
var ErrBadFile = errors.New("the file is damaged")

// LineError is the line at which a file is damaged. It is an [ErrBadFile].
type LineError struct {
	// Line counts from 1. It is the damaged line if known, otherwise the head line of its block.
	Line   int
	Detail string
}

// Error returns the line and the detail.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Detail) }

// Is makes every LineError an [ErrBadFile].
func (e *LineError) Is(target error) bool { return target == ErrBadFile }

// Block is the events between two head lines.
type Block struct {
	// Line of the first event.
	Line   int
	Events []events.Recorded
	// Size and Root of the log with this block.
	Size int64
	Root tlog.Hash
	// End is whether this is the last block of a complete file.
	End bool
	// Own is whether the file has only this system's own events. Their positions have gaps then,
	// and the first event of the block is number Size - len(Events) + 1 of them.
	Own bool
}

// Reader reads the output of a [Writer]. It is not safe for concurrent use.
type Reader struct {
	// LastHash returns the hash of the last event of a stream in the blocks before, zero for none.
	// It is only used to find the damaged line of a block, and may be nil.
	LastHash func(events.StreamID) (events.Hash, error)

	in    *bufio.Reader
	done  func()
	tree  merkle.CompactRange
	added []tlog.Hash
	last  events.Position // of the last event
	own   bool
	line  int
	long  []byte // a line that is longer than in's buffer
	ended bool
}

// NewReader returns a reader of a file. The caller closes the reader, which does not close in.
// Error: a *[LineError] for an invalid compression.
func NewReader(in io.Reader, compression Compression) (*Reader, error) {
	out, done, err := compression.expand(in)
	if err != nil {
		return nil, &LineError{1, fmt.Sprintf("it is not compressed as %s: %v", compression, err)}
	}
	return &Reader{in: bufio.NewReaderSize(out, 1<<20), done: done}, nil
}

// Close releases the resources of decompression.
func (r *Reader) Close() { r.done() }

// Next reads a block and verifies it against its root. After the last one it returns io.EOF.
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
		if r.line == 1 && string(line) == beginLine {
			r.own, b.Line = true, 2
			continue
		}
		if bytes.HasPrefix(line, []byte(startOf(r.own))) {
			return b, r.close(b, line)
		}
		if size += len(line); len(b.Events) == blockEvents || size-len(line) > blockBytes {
			return nil, r.bad("here should be a line of the type %s", r.headType())
		}
		e, err := events.ParseCloudEvent(line)
		if err != nil {
			return nil, r.bad("%v", err)
		}
		if e.Position <= r.last || !r.own && e.Position != r.last+1 {
			return nil, r.bad("the event at position %d, where %d should be", e.Position, r.last+1)
		}
		r.last = e.Position
		b.Events = append(b.Events, e)
	}
}

// close verifies a block against its head line, and that nothing follows the last one.
func (r *Reader) close(b *Block, line []byte) error {
	h, err := parseHead(line, r.own)
	if err != nil {
		return r.bad("%v", err)
	}
	for i := range b.Events {
		r.added = r.tree.Add(r.added[:0], &b.Events[i])
	}
	switch {
	case h.Size != r.tree.Size:
		return r.bad("here should be %d events, and there are %d", h.Size, r.tree.Size)
	case r.own && h.Position != r.last:
		return r.bad("the last event should be at position %d, and is at %d", h.Position, r.last)
	case h.Root != r.tree.Root():
		return r.findBadLine(b)
	}
	b.Size, b.Root, b.End, b.Own, r.ended = h.Size, h.Root, h.End, r.own, h.End
	if !h.End {
		return nil
	}
	if _, err := r.in.ReadByte(); err == nil {
		r.line++
		return r.bad("more, after the last line")
	} else if err != io.EOF {
		return r.bad("after the last line: %v", err)
	}
	return nil
}

// findBadLine finds the damaged line of a block: the first that breaks the chain of its stream.
func (r *Reader) findBadLine(b *Block) error {
	links, unchained := map[events.StreamID]events.Hash{}, map[events.StreamID]bool{}
	for i := range b.Events {
		e := &b.Events[i]
		if _, err := events.RecordedHash(e.Metadata); err != nil {
			unchained[e.Stream] = true // a foreign event, which is not in a chain
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
	return r.bad("one of the lines from %d on is not what was written: their root differs", b.Line)
}

// headType returns the type of head lines in the file's version.
func (r *Reader) headType() string {
	if r.own {
		return ownHeadType
	}
	return HeadType
}

func (r *Reader) bad(format string, args ...any) error {
	return &LineError{r.line, fmt.Sprintf(format, args...)}
}

// read returns the next line without its end. It is valid until the next call.
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
			return nil, r.bad("the file ends here, and a last line of the type %s is missing: it was cut off", r.headType())
		default:
			return nil, r.bad("%v", err)
		}
	}
}
