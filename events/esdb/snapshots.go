package esdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/url"

	"admitone/events"
)

// The types of a snapshot's events, and of a stream's metadata.
const (
	headType     = "admitone.snapshot.v1"
	pieceType    = "admitone.piece.v1"
	metadataType = systemPrefix + "metadata"
)

// maxPiece bounds the bytes of a snapshot in one event. It is well below the limit of an append, so
// that a piece does not occupy the disk longer than other appends.
const maxPiece = 512 << 10

// snapshotHead is the metadata of a snapshot's event. If there are no pieces, the event's data are
// the state.
type snapshotHead struct {
	Stream   string          `json:"stream"`
	Version  uint32          `json:"version"`
	Revision events.Revision `json:"revision"`
	Hash     string          `json:"hash"`
	Sum      uint32          `json:"sum"` // CRC-32C of the event's data
	First    events.Revision `json:"first_piece"`
	Pieces   int64           `json:"pieces"`
}

// piece is the metadata of a piece's event.
type piece struct {
	Sum uint32 `json:"sum"` // CRC-32C of the event's data
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxSnapshotName bounds the length of an escaped stream id. Longer ones are replaced by their hash.
const maxSnapshotName = 400

// snapshotStreams returns the streams with the head and with the pieces of a stream's snapshot.
func snapshotStreams(stream events.StreamID) (head, pieces events.StreamID) {
	name := url.PathEscape(string(stream))
	if len(name) > maxSnapshotName {
		sum := sha256.Sum256([]byte(stream))
		name = hex.EncodeToString(sum[:])
	}
	return events.StreamID(ownPrefix + "snapshot-" + name), events.StreamID(ownPrefix + "pieces-" + name)
}

// SaveSnapshot implements events.Snapshots. If another server saves a snapshot of the stream at the
// same time, one of the two fails with an events.ErrConflict. Additional errors: those of Append.
func (s *Store) SaveSnapshot(stream events.StreamID, head events.Snapshot, write func(io.Writer) error) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	err := s.saveSnapshot(context.Background(), stream, head, write)
	s.noteFailure(err)
	return err
}

func (s *Store) saveSnapshot(ctx context.Context, stream events.StreamID, head events.Snapshot,
	write func(io.Writer) error) error {
	heads, pieces := snapshotStreams(stream)
	before, err := s.lastEvent(ctx, heads)
	if err != nil {
		return err
	}
	revision := events.NoStream
	if before == nil {
		// With this limit, other tools see only the newest snapshot too.
		err = s.setMetadata(ctx, heads, events.NoStream, `{"$maxCount":1}`)
	} else {
		revision = before.Revision
	}
	if err != nil && !errors.Is(err, events.ErrConflict) { // a conflict means that the limit is already set
		return err
	}
	w := &pieceWriter{store: s, ctx: ctx, stream: pieces, size: min(maxPiece, int(s.MaxAppend()/2))}
	if err := write(w); err != nil {
		return err
	}
	if w.written > 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	h := snapshotHead{
		Stream: string(stream), Version: head.Version, Revision: head.Revision, Hash: head.Hash.String(),
		Sum: crc32.Checksum(w.buffer, castagnoli), First: w.first, Pieces: w.written,
	}
	if err := s.appendOwn(ctx, heads, revision, headType, &h, w.buffer); err != nil {
		return err
	}
	s.truncatePieces(ctx, before, &h, pieces)
	return nil
}

// truncatePieces releases the pieces of older snapshots, except for the last piece of the stream, which
// marks its end. If this fails, the next snapshot releases them.
func (s *Store) truncatePieces(ctx context.Context, before *events.Recorded, h *snapshotHead, pieces events.StreamID) {
	var old snapshotHead
	if before != nil {
		_ = json.Unmarshal(before.Metadata, &old)
	}
	keep := h.First
	switch {
	case h.Pieces == 0 && old.Pieces == 0:
		return
	case h.Pieces == 0:
		keep = old.First + events.Revision(old.Pieces) - 1
	}
	last, err := s.lastEvent(ctx, systemPrefix+systemPrefix+pieces)
	if err == nil {
		expected := events.NoStream
		if last != nil {
			expected = last.Revision
		}
		err = s.setMetadata(ctx, pieces, expected, fmt.Sprintf(`{"$tb":%d}`, keep))
	}
	if err != nil {
		s.log.Warn("cannot release the pieces of an older snapshot", "stream", pieces, "error", err)
	}
}

// lastEvent returns a stream's last event, nil if there is none.
func (s *Store) lastEvent(ctx context.Context, stream events.StreamID) (*events.Recorded, error) {
	page, err := s.readStream(ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	return &page[0], nil
}

// setMetadata sets a stream's metadata.
func (s *Store) setMetadata(ctx context.Context, stream events.StreamID, expected events.Revision,
	metadata string) error {
	event := events.Event{ID: randomID(), Type: metadataType, Data: []byte(metadata)}
	_, err := s.append(ctx, proposal{
		stream: systemPrefix + systemPrefix + stream, expected: expected, batch: []events.Event{event}, content: jsonContent,
	})
	return err
}

// appendOwn appends one event to an internal stream.
func (s *Store) appendOwn(ctx context.Context, stream events.StreamID, expected events.Revision, kind string,
	metadata any, data []byte) error {
	text, err := json.Marshal(metadata)
	if err != nil {
		return err // impossible for snapshotHead and piece
	}
	event := events.Event{ID: randomID(), Type: kind, Data: data, Metadata: text}
	_, err = s.append(ctx, proposal{stream: stream, expected: expected, batch: []events.Event{event},
		content: bytesContent})
	return err
}

// pieceWriter appends the written bytes in pieces. A state that fits into one piece stays in the
// buffer.
type pieceWriter struct {
	store   *Store
	ctx     context.Context
	stream  events.StreamID
	size    int
	buffer  []byte
	first   events.Revision // of the first piece
	written int64           // pieces
}

// Write implements io.Writer.
func (w *pieceWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(w.buffer) == w.size {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
		room := min(w.size-len(w.buffer), len(p))
		w.buffer = append(w.buffer, p[:room]...)
		p = p[room:]
	}
	return n, nil
}

// flush appends the buffer as a piece.
func (w *pieceWriter) flush() error {
	if w.written == 0 {
		last, err := w.store.lastEvent(w.ctx, w.stream)
		if err != nil {
			return err
		}
		if last != nil {
			w.first = last.Revision + 1
		}
	}
	data := bytes.Clone(w.buffer)
	expected := w.first + events.Revision(w.written) - 1
	if err := w.store.appendOwn(w.ctx, w.stream, expected, pieceType, piece{crc32.Checksum(data, castagnoli)},
		data); err != nil {
		return err
	}
	w.buffer = w.buffer[:0]
	w.written++
	return nil
}
