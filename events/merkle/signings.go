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

// The types of the events in events.HeadsStream: the first event has the key, each further one a head.
const (
	begunType  = "heads.begun.v1"
	signedType = "heads.signed.v1"
)

// ErrNoHeads means that no head of the log has been signed yet.
var ErrNoHeads = errors.New("no head of this log has been signed yet")

// headsBegun is the data of the first event.
type headsBegun struct {
	// Key is the public half of the key that signs all heads of the log.
	Key string `json:"key"`
}

// headSigned is the data of an event with a head.
type headSigned struct {
	// Term counts the takeovers, from 1. Node names the server that signs in this term.
	Term int64  `json:"term"`
	Node string `json:"node"`
	// Note is the signed head.
	Note string `json:"note"`
}

// signings is the state of events.HeadsStream at a revision.
type signings struct {
	revision events.Revision
	hash     events.Hash // the hash of the event at revision
	key      string
	verifier note.Verifier
	term     int64
	node     string
	newest   Checkpoint // Note is "" if there is none
}

func newSignings() signings { return signings{revision: events.NoStream} }

// loadSignings returns the state at the end of the stream. It reads only the first and the last event.
func loadSignings(ctx context.Context, store events.Store) (s signings, err error) {
	s = newSignings()
	first, err := store.Read(ctx, events.HeadsStream, 0, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return s, err
	}
	if _, err := s.apply(&first[0]); err != nil {
		return s, err
	}
	last, err := store.Read(ctx, events.HeadsStream, events.EndRevision, events.Backward, 1)
	if err != nil || len(last) == 0 || last[0].Revision == 0 {
		return s, err
	}
	return s, s.skipTo(&last[0])
}

// skipTo advances to a later event without checking those in between.
func (s *signings) skipTo(e *events.Recorded) error {
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

// apply advances to the next event and returns its head, nil for the first event. Error: [ErrContradicted], for an
// event that no server of this system can have written, and for two different heads of the same size.
func (s *signings) apply(e *events.Recorded) (*Checkpoint, error) {
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
		return nil, s.fault(e, "%q signs in term %d, but term %d is of %q", f.Node, f.Term, s.term, s.node)
	case h.Size < s.newest.Size:
		return nil, s.fault(e, "a head over %d events follows one over %d", h.Size, s.newest.Size)
	case s.newest.Note != "" && h.Size == s.newest.Size && h.Head != s.newest.Head:
		return nil, s.fault(e, "two heads over %d events differ: their roots are %v and %v", h.Size, s.newest.Root, h.Root)
	}
	s.revision, s.hash, s.term, s.node, s.newest = e.Revision, hash, f.Term, f.Node, h
	return &s.newest, nil
}

// begin reads the key from the first event.
func (s *signings) begin(e *events.Recorded) (err error) {
	var f headsBegun
	if err := json.Unmarshal(e.Data, &f); err != nil || e.Type != begunType {
		return s.fault(e, "an event with the public key must come first, found one of type %.60q", e.Type)
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
		return f, h, s.fault(e, "expected a signed head, found an event of type %.60q", e.Type)
	}
	if h, err = OpenHead(f.Note, s.verifier); err == nil && !h.Own {
		err = fmt.Errorf("%w: it covers events of other programs too", ErrBadHead)
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

// batch returns the events to append for a head that node signs in a term.
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

// NewestHead returns the newest head in a log to which several servers append, and the public key. Errors:
// [ErrNoHeads]; [ErrContradicted], if the newest head is invalid; those of events.Store.Read.
func NewestHead(ctx context.Context, store events.Store) (h Checkpoint, key string, err error) {
	s, err := loadSignings(ctx, store)
	if err == nil && s.newest.Note == "" {
		err = ErrNoHeads
	}
	return s.newest, s.key, err
}

// AppendHeadJSON is [Checkpoint.AppendJSON] for the text of the public key.
func AppendHeadJSON(dst []byte, h *Checkpoint, key string) []byte { return h.appendJSON(dst, key) }
