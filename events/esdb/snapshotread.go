package esdb

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"admitone/events"
)

// LoadSnapshot implements events.Snapshots. Additional error: events.ErrUnavailable.
func (s *Store) LoadSnapshot(stream events.StreamID, read func(events.Snapshot, io.Reader) error) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	err := s.loadSnapshot(context.Background(), stream, read)
	var damage *snapshotDamage
	if errors.As(err, &damage) {
		s.log.Warn("unusable snapshot", "stream", stream, "reason", damage)
		return fmt.Errorf("%w: %s: %w", events.ErrNoSnapshot, stream, damage)
	}
	return err
}

// snapshotDamage is why a snapshot is unusable.
type snapshotDamage struct{ reason string }

func (d *snapshotDamage) Error() string { return d.reason }

func unusable(format string, args ...any) error {
	return &snapshotDamage{fmt.Sprintf(format, args...)}
}

func (s *Store) loadSnapshot(ctx context.Context, stream events.StreamID,
	read func(events.Snapshot, io.Reader) error) error {
	heads, pieces := snapshotStreams(stream)
	last, err := s.lastEvent(ctx, heads)
	switch {
	case errors.Is(err, events.ErrDamaged), errors.Is(err, ErrRefused):
		return unusable("unreadable: %v", err) // the state can be rebuilt from the stream
	case err != nil:
		return err
	case last == nil:
		return fmt.Errorf("%w: %s", events.ErrNoSnapshot, stream)
	}
	h, head, err := parseHead(last, stream)
	if err != nil {
		return err
	}
	if h.Pieces == 0 {
		return read(head, bytes.NewReader(last.Data))
	}
	r := &pieceReader{store: s, ctx: ctx, stream: pieces, next: h.First, left: h.Pieces}
	err = read(head, r)
	var damage *snapshotDamage
	if errors.As(r.err, &damage) {
		return r.err // read may have returned an error derived from it
	}
	return err
}

// parseHead checks a snapshot's event. Error: *snapshotDamage.
func parseHead(e *events.Recorded, stream events.StreamID) (h snapshotHead, head events.Snapshot, err error) {
	if err := json.Unmarshal(e.Metadata, &h); err != nil || e.Type != headType {
		return h, head, unusable("the head is of type %s: %v", e.Type, err)
	}
	head = events.Snapshot{Version: h.Version, Revision: h.Revision}
	n, err := hex.Decode(head.Hash[:], []byte(h.Hash[:min(len(h.Hash), 2*len(head.Hash))]))
	switch {
	case err != nil || n != len(head.Hash) || len(h.Hash) != 2*n:
		return h, head, unusable("the head has the hash %q", h.Hash)
	case h.Stream != string(stream):
		return h, head, unusable("it belongs to %s", h.Stream)
	case h.Pieces < 0 || h.First < 0 || crc32.Checksum(e.Data, castagnoli) != h.Sum:
		return h, head, unusable("the head is damaged")
	}
	return h, head, nil
}

// piecesPerRead is the number of pieces that one read fetches.
const piecesPerRead = 4

// pieceReader reads the pieces of a snapshot and verifies each.
type pieceReader struct {
	store  *Store
	ctx    context.Context
	stream events.StreamID
	next   events.Revision
	left   int64 // pieces not fetched yet
	ready  []events.Recorded
	data   []byte // of the piece being read
	err    error  // sticky
}

// Read implements io.Reader.
func (r *pieceReader) Read(p []byte) (int, error) {
	for len(r.data) == 0 && r.err == nil {
		r.err = r.advance()
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

// advance loads the next piece. Errors: io.EOF, *snapshotDamage, as Read.
func (r *pieceReader) advance() error {
	if len(r.ready) == 0 {
		if r.left == 0 {
			return io.EOF
		}
		page, err := r.store.readStream(r.ctx, r.stream, r.next, events.Forward, int(min(r.left, piecesPerRead)))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return unusable("piece %d is missing", r.next)
		}
		r.ready = page
	}
	e := r.ready[0]
	r.ready = r.ready[1:]
	var p piece
	err := json.Unmarshal(e.Metadata, &p)
	if err != nil || e.Type != pieceType || e.Revision != r.next || crc32.Checksum(e.Data, castagnoli) != p.Sum {
		return unusable("piece %d is damaged", r.next)
	}
	r.data = e.Data
	r.next++
	r.left--
	return nil
}
