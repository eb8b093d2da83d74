package esdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"admitone/events"
)

func save(s *Store, stream events.StreamID, revision events.Revision, body []byte) error {
	return s.SaveSnapshot(stream, events.Snapshot{Version: 1, Revision: revision}, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

// load returns a snapshot's body and revision.
func load(s *Store, stream events.StreamID) (body []byte, revision events.Revision, err error) {
	err = s.LoadSnapshot(stream, func(head events.Snapshot, r io.Reader) error {
		revision = head.Revision
		var err error
		body, err = io.ReadAll(r)
		return err
	})
	return body, revision, err
}

// testBytes returns n bytes that are always the same.
func testBytes(n int) []byte {
	body := make([]byte, n)
	for i := range body {
		body[i] = byte(i * i >> 7)
	}
	return body
}

// TestSnapshotsLeaveNothingBehind: only the newest snapshot and its pieces are visible, and a state
// of any size is restored.
func TestSnapshotsLeaveNothingBehind(t *testing.T) {
	_, s, _ := serveFaulty(t)
	heads, pieces := snapshotStreams("product-1")
	// The last of the released pieces remains, to mark the end of their stream.
	for i, test := range []struct{ size, pieces int }{
		{0, 0}, {1, 0}, {maxPiece, 0}, {maxPiece + 1, 2}, {5 * maxPiece, 5}, {3*maxPiece - 1, 3}, {7, 1}, {2 * maxPiece, 2},
	} {
		body := testBytes(test.size)
		if err := save(s, "product-1", events.Revision(i), body); err != nil {
			t.Fatal(err)
		}
		got, revision, err := load(s, "product-1")
		if err != nil || revision != events.Revision(i) || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes at %d, %v, want %d at %d", len(got), revision, err, len(body), i)
		}
		for stream, want := range map[events.StreamID]int{heads: 1, pieces: test.pieces} {
			if page, err := s.Read(t.Context(), stream, 0, events.Forward, 100); err != nil || len(page) != want {
				t.Errorf("after %d bytes: %s shows %d events, %v, want %d", test.size, stream, len(page), err, want)
			}
		}
	}
	if all, err := s.ReadAll(t.Context(), 0, events.Forward, 100); err != nil || len(all) != 0 {
		t.Errorf("%d events of snapshots are in the log, %v, want 0", len(all), err)
	}
}

// TestStreamsOfFactsHaveNoLimits: saving a snapshot sets no metadata on a stream of facts.
func TestStreamsOfFactsHaveNoLimits(t *testing.T) {
	_, s, _ := serveFaulty(t)
	appendEach(t, s, "product", 1)
	if err := save(s, "product-0", 0, []byte("state")); err != nil {
		t.Fatal(err)
	}
	if page, err := s.Read(t.Context(), "$$product-0", 0, events.Forward, 10); err != nil || len(page) != 0 {
		t.Errorf("%d events of metadata, %v, want 0", len(page), err)
	}
}

// TestSnapshotDamage: a snapshot with any damage is not loaded.
func TestSnapshotDamage(t *testing.T) {
	_, s, _ := serveFaulty(t)
	ctx := context.Background()
	heads, pieces := snapshotStreams("product-1")
	for _, test := range []struct {
		name   string
		change func(h *snapshotHead, body *[]byte)
	}{
		{"Stream", func(h *snapshotHead, _ *[]byte) { h.Stream = "product-2" }},
		{"Hash", func(h *snapshotHead, _ *[]byte) { h.Hash = h.Hash[2:] }},
		{"LongHash", func(h *snapshotHead, _ *[]byte) { h.Hash += "00" }},
		{"NoHash", func(h *snapshotHead, _ *[]byte) { h.Hash = strings.Repeat("x", 64) }},
		{"Sum", func(h *snapshotHead, _ *[]byte) { h.Sum++ }},
		{"Body", func(_ *snapshotHead, body *[]byte) { *body = []byte("other") }},
		{"NoPieces", func(h *snapshotHead, _ *[]byte) { h.Pieces = -1 }},
		{"MorePieces", func(h *snapshotHead, _ *[]byte) { h.Pieces++ }},
		{"OtherPieces", func(h *snapshotHead, _ *[]byte) { h.First += 100 }},
	} {
		large := strings.HasSuffix(test.name, "ePieces") || strings.HasSuffix(test.name, "rPieces")
		size := 10
		if large {
			size = 2*maxPiece + 5
		}
		if err := save(s, "product-1", 1, testBytes(size)); err != nil {
			t.Fatal(err)
		}
		good, err := s.lastEvent(ctx, heads)
		if err != nil {
			t.Fatal(err)
		}
		var h snapshotHead
		if err := json.Unmarshal(good.Metadata, &h); err != nil {
			t.Fatal(err)
		}
		body := good.Data
		test.change(&h, &body)
		if err := s.appendOwn(ctx, heads, good.Revision, headType, &h, body); err != nil {
			t.Fatal(err)
		}
		if _, _, err := load(s, "product-1"); !errors.Is(err, events.ErrNoSnapshot) {
			t.Errorf("%s: %v, want ErrNoSnapshot", test.name, err)
		}
	}
	last, err := s.lastEvent(ctx, pieces)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.appendOwn(ctx, pieces, last.Revision, pieceType, piece{Sum: 1}, []byte("damaged")); err != nil {
		t.Fatal(err)
	}
	good, err := s.lastEvent(ctx, heads)
	if err != nil {
		t.Fatal(err)
	}
	h := snapshotHead{Stream: "product-1", Hash: events.Hash{}.String(), First: last.Revision + 1, Pieces: 1}
	if err := s.appendOwn(ctx, heads, good.Revision, headType, &h, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := load(s, "product-1"); !errors.Is(err, events.ErrNoSnapshot) {
		t.Errorf("with a damaged piece: %v, want ErrNoSnapshot", err)
	}
}

// TestSnapshotFaults: after a failed save the previous snapshot remains.
func TestSnapshotFaults(t *testing.T) {
	old, large := []byte("old"), testBytes(3*maxPiece)
	for failing := range 4 { // three pieces and the head
		f, s, _ := serveFaulty(t)
		if err := save(s, "product-1", 1, old); err != nil {
			t.Fatal(err)
		}
		for range failing {
			f.then("Append", noFault)
		}
		f.then("Append", refuseAfterRequest(codes.Unavailable))
		if err := save(s, "product-1", 2, large); !errors.Is(err, events.ErrUnknown) {
			t.Errorf("append %d: %v, want %v", failing, err, events.ErrUnknown)
		}
		if body, revision, err := load(s, "product-1"); err != nil || revision != 1 || !bytes.Equal(body, old) {
			t.Errorf("append %d: snapshot of %d bytes at revision %d, %v; want the one of %d bytes at revision 1", failing,
				len(body), revision, err, len(old))
		}
		if err := save(s, "product-1", 3, large); err != nil {
			t.Error(err)
		}
		if body, revision, err := load(s, "product-1"); err != nil || revision != 3 || !bytes.Equal(body, large) {
			t.Errorf("append %d: snapshot of %d bytes at revision %d, %v; want the one of %d bytes at revision 3", failing,
				len(body), revision, err, len(large))
		}
	}
}

// TestSnapshotUnavailable: if the node is down, a snapshot cannot be loaded. A deleted snapshot counts
// as missing.
func TestSnapshotUnavailable(t *testing.T) {
	f, s, _ := serveFaulty(t)
	if err := save(s, "product-1", 1, testBytes(9*maxPiece)); err != nil {
		t.Fatal(err)
	}
	f.then("Read", refuse(codes.Unavailable))
	if _, _, err := load(s, "product-1"); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("with an unavailable head: %v, want %v", err, events.ErrUnavailable)
	}
	f.then("Read", noFault, noFault, refuse(codes.Unavailable))
	if _, _, err := load(s, "product-1"); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("with unavailable pieces: %v, want %v", err, events.ErrUnavailable)
	}
	f.then("Read", refuse(codes.FailedPrecondition, "exception", "stream-deleted", "stream-name", "x"))
	if _, _, err := load(s, "product-1"); !errors.Is(err, events.ErrNoSnapshot) {
		t.Errorf("with a deleted head: %v, want %v", err, events.ErrNoSnapshot)
	}
}

// TestNodesSaveConcurrently: several nodes save snapshots of the same stream concurrently. A save may fail with a
// conflict, and the stored snapshot is always intact.
func TestNodesSaveConcurrently(t *testing.T) {
	at := serveSparse(t)
	defer at.stop(t)
	const nodes, rounds = 4, 10
	bodies := map[string]bool{}
	failures := make(chan error, nodes)
	for n := range nodes {
		body := bytes.Repeat([]byte{byte('a' + n)}, 2*maxPiece+n)
		bodies[string(body)] = true
		go func() {
			s := connect(t, at.address)
			defer s.Close()
			for range rounds {
				if err := save(s, "product-1", events.Revision(n), body); err != nil && !errors.Is(err, events.ErrConflict) {
					failures <- err
					return
				}
				got, revision, err := load(s, "product-1")
				if errors.Is(err, events.ErrNoSnapshot) {
					continue // replaced while it was read
				}
				if err != nil || !bodies[string(got)] || got[0] != byte('a'+int(revision)) {
					failures <- fmt.Errorf("%d bytes at %d: %v", len(got), revision, err)
					return
				}
			}
			failures <- nil
		}()
	}
	for range nodes {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
}
