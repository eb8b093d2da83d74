package merkle

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"admitone/events"
)

// The types of the events of events.HeadsStream: first the key, then one event per head.
const (
	begunType  = "heads.begun.v1"
	signedType = "heads.signed.v1"
)

// ErrNoHeads: no head was ever signed over the log.
var ErrNoHeads = errors.New("no head of this log has been signed yet")

// headsBegun is the first event of the stream.
type headsBegun struct {
	// Key is the public half of the key that signs all heads of the log.
	Key string `json:"key"`
}

// headSigned is the event of a head.
type headSigned struct {
	// Term counts the takeovers, from 1. Node is the server that signs in this term, for people.
	Term int64  `json:"term"`
	Node string `json:"node"`
	// Note is the head.
	Note string `json:"note"`
}

// signings is the content of events.HeadsStream up to a revision.
type signings struct {
	revision events.Revision
	hash     events.Hash // of the event there
	key      string
	verifier note.Verifier
	term     int64
	node     string
	newest   Checkpoint // Note is "" if there is none
}

func newSignings() signings { return signings{revision: events.NoStream} }

// loadSignings reads the first and the last event of the stream.
func loadSignings(ctx context.Context, store events.Store) (s signings, err error) {
	s = newSignings()
	first, err := store.Read(ctx, events.HeadsStream, 0, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return s, err
	}
	if _, err := s.take(&first[0]); err != nil {
		return s, err
	}
	last, err := store.Read(ctx, events.HeadsStream, events.EndRevision, events.Backward, 1)
	if err != nil || len(last) == 0 || last[0].Revision == 0 {
		return s, err
	}
	return s, s.jump(&last[0])
}

// jump advances to a later event, without those in between.
func (s *signings) jump(e *events.Recorded) error {
	f, h, err := s.parse(e)
	if err != nil {
		return err
	}
	hash, err := events.RecordedHash(e.Metadata)
	if err != nil {
		return s.fault(e, "%v", err)
	}
	s.revision, s.hash, s.term, s.node, s.newest = e.Revision, hash, f.Term, f.Node, h
	return nil
}

// take advances to the next event and returns its head, nil for the first event. Errors:
// [ErrContradicted], for an event that no server has written, and for two different heads of one
// size.
func (s *signings) take(e *events.Recorded) (*Checkpoint, error) {
	if e.Revision != s.revision+1 {
		return nil, s.fault(e, "it follows revision %d", s.revision)
	}
	hash, err := events.CheckLink(s.hash, e)
	if err != nil {
		return nil, s.fault(e, "%v", err)
	}
	if e.Revision == 0 {
		if err := s.begin(e); err != nil {
			return nil, err
		}
		s.revision, s.hash = e.Revision, hash
		return nil, nil
	}
	f, h, err := s.parse(e)
	switch {
	case err != nil:
		return nil, err
	case f.Term != s.term+1 && (f.Term != s.term || f.Node != s.node):
		return nil, s.fault(e, "%q signs in term %d; term %d is of %q", f.Node, f.Term, s.term, s.node)
	case h.Size < s.newest.Size:
		return nil, s.fault(e, "a head over %d events follows one over %d", h.Size, s.newest.Size)
	case s.newest.Note != "" && h.Size == s.newest.Size && h.Head != s.newest.Head:
		return nil, s.fault(e, "two heads over %d events differ: their roots are %v and %v", h.Size, s.newest.Root, h.Root)
	}
	s.revision, s.hash, s.term, s.node, s.newest = e.Revision, hash, f.Term, f.Node, h
	return &s.newest, nil
}

// begin applies the first event.
func (s *signings) begin(e *events.Recorded) (err error) {
	var f headsBegun
	if err := json.Unmarshal(e.Data, &f); err != nil || e.Type != begunType {
		return s.fault(e, "it should name the key that signs, and is a %.60q", e.Type)
	}
	if s.verifier, err = NewVerifier(f.Key); err != nil {
		return s.fault(e, "%v", err)
	}
	s.key = f.Key
	return nil
}

// parse decodes a head and verifies its signature.
func (s *signings) parse(e *events.Recorded) (f headSigned, h Checkpoint, err error) {
	if err := json.Unmarshal(e.Data, &f); err != nil || e.Type != signedType {
		return f, h, s.fault(e, "it should be a signed head, and is a %.60q", e.Type)
	}
	if h, err = OpenHead(f.Note, s.verifier); err == nil && !h.Own {
		err = fmt.Errorf("%w: it counts the events of others too", ErrBadHead)
	}
	if err != nil {
		return f, h, s.fault(e, "%v", err)
	}
	return f, h, nil
}

func (s *signings) fault(e *events.Recorded, format string, args ...any) error {
	return &Contradiction{s.newest.Position(), fmt.Sprintf("%s@%d: ", e.Stream, e.Revision) +
		fmt.Sprintf(format, args...)}
}

// batch returns the events that append a head, signed by a node in a term.
func (s *signings) batch(h Checkpoint, key *Key, term int64, node string, at time.Time) []events.Event {
	var id events.ID
	_, _ = rand.Read(id[:]) // never fails
	command, hash := id.String(), s.hash
	var batch []events.Event
	add := func(kind string, data []byte) {
		e := events.Event{ID: events.EventID(command, len(batch)), Type: kind, Data: data}
		revision := s.revision + 1 + events.Revision(len(batch))
		e.Metadata, hash = events.Seal(nil, hash, events.HeadsStream, revision, &e, &events.Metadata{CommandID: command,
			CorrelationID: command, CausationID: "heads", Actor: "system", At: at.Round(0).UTC()})
		batch = append(batch, e)
	}
	if s.revision == events.NoStream {
		o := events.OpenObject(nil)
		o.String("key", key.String())
		add(begunType, o.Close())
	}
	o := events.OpenObject(nil)
	o.Int("term", term)
	o.String("node", node)
	o.String("note", h.Note)
	add(signedType, o.Close())
	return batch
}

// NewestHead returns the newest head in a log that several servers append to, and the public key.
// Errors: [ErrNoHeads]; [ErrContradicted], if it is not a valid head; as events.Store.Read.
func NewestHead(ctx context.Context, store events.Store) (h Checkpoint, key string, err error) {
	s, err := loadSignings(ctx, store)
	if err == nil && s.newest.Note == "" {
		err = ErrNoHeads
	}
	return s.newest, s.key, err
}

// AppendHeadJSON is [Checkpoint.AppendJSON] for the public half of a key.
func AppendHeadJSON(dst []byte, h *Checkpoint, key string) []byte { return h.appendJSON(dst, key) }
