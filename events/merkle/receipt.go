package merkle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// ErrBadReceipt means that a text is not a receipt, or that its proof is invalid.
var ErrBadReceipt = errors.New("not a valid receipt")

// Receipt proves that an event is in a log.
type Receipt struct {
	Event events.Recorded
	// Ordinal is the event's number among the events that the head covers, from 1. If the head covers all
	// events, it equals the event's position.
	Ordinal int64
	// Proof is the inclusion proof from the event's leaf to the head's root (RFC 6962 section 2.1.1).
	Proof tlog.RecordProof
	Head  Checkpoint
}

// Receipt returns the receipt of the event at a position, encoded by [Receipt.AppendJSON]. It waits
// until the tree covers the event.
//
// Errors: ctx.Err(), also if the log does not have the position until ctx ends; the reason why the tree has
// stopped; those of events.Store.ReadAll.
func (t *Tree) Receipt(ctx context.Context, position events.Position) ([]byte, error) {
	if position < 1 {
		return nil, fmt.Errorf("position %d has no event; positions begin at 1", position)
	}
	for {
		r, grown, err := t.prove(ctx, position)
		if err != nil {
			return nil, err
		}
		if grown == nil {
			return r.AppendJSON(nil)
		}
		select {
		case <-grown:
		case <-ctx.Done():
		}
		t.mu.Lock()
		t.waiting--
		t.mu.Unlock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// prove returns a receipt if the tree covers the position. Otherwise it registers the caller as waiting and
// returns a channel that is closed when the tree has grown. It verifies the proof, and rebuilds the hashes if they
// are damaged.
func (t *Tree) prove(ctx context.Context, position events.Position) (r Receipt, grown <-chan struct{}, err error) {
	page, err := t.Store.ReadAll(ctx, position-1, events.Forward, 1)
	if err != nil {
		return r, nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure != nil {
		return r, nil, t.failure
	}
	if len(page) == 1 && page[0].Position == position && t.compact.Size >= max(t.head.Size, int64(position)) {
		r.Event, r.Ordinal = page[0], int64(position)
		if r.Head, err = t.sign(); err != nil {
			return r, nil, err
		}
		r.Proof, err = tlog.ProveRecord(r.Head.Size, int64(position)-1, t.hashes)
		if err == nil {
			err = r.verify()
		}
		if err == nil {
			return r, nil, nil
		}
		t.Logger.Warn("the tree's hashes are damaged; rebuilding them from the log", "error", err, "position", position)
		if err := t.rebuild(); err != nil {
			return r, nil, err
		}
	}
	t.waiting++
	select {
	case t.nudge <- struct{}{}:
	default:
	}
	return r, t.grown, nil
}

// verify verifies that the proof shows the event under the head.
func (r *Receipt) verify() error {
	position := int64(r.Event.Position)
	if !r.Head.Own && r.Ordinal != position {
		return fmt.Errorf("%w: the event has ordinal %d and position %d, which differ although its head covers all events",
			ErrBadReceipt, r.Ordinal, position)
	}
	if r.Ordinal < 1 || r.Ordinal > r.Head.Size || r.Event.Position > r.Head.Position() {
		return fmt.Errorf("%w: the event has ordinal %d and position %d, but its head covers %d events up to position %d",
			ErrBadReceipt, r.Ordinal, position, r.Head.Size, r.Head.Position())
	}
	if err := tlog.CheckRecord(r.Proof, r.Head.Size, r.Head.Root, r.Ordinal-1, Leaf(&r.Event)); err != nil {
		return fmt.Errorf("%w: the proof does not show the event with ordinal %d and position %d in that log: %v",
			ErrBadReceipt, r.Ordinal, position, err)
	}
	return nil
}

// AppendJSON appends the receipt as JSON: the event as a CloudEvent, its ordinal if the head covers own events, the
// proof as an array of hashes in base64, and the head as a signed note. Error: events.ErrBadMetadata, for a
// foreign event.
func (r *Receipt) AppendJSON(dst []byte) ([]byte, error) {
	if _, err := events.ParseMetadata(r.Event.Metadata); err != nil {
		return dst, err
	}
	event := events.AppendCloudEvent(nil, &r.Event)
	proof := make([]string, len(r.Proof))
	for i := range r.Proof {
		proof[i] = r.Proof[i].String()
	}
	o := events.OpenObject(dst)
	o.Raw("event", event)
	if r.Head.Own {
		o.Int("ordinal", r.Ordinal)
	}
	events.Strings(&o, "proof", proof)
	o.String("head", r.Head.Note)
	return o.Close(), nil
}

// maxProof is the largest number of hashes of a proof, for 2^63 leaves.
const maxProof = 63

// CheckReceipt parses a receipt and verifies it, which needs only the public key of the log. The receipt may have
// been parsed and encoded again by another program: white space, the order of members and the notation of strings
// and numbers do not matter, but there must be no duplicate or additional members. The data of a fact unknown to
// this version must be unchanged except for white space.
//
// Errors: [ErrBadReceipt], [ErrBadHead].
func CheckReceipt(text []byte, verifier note.Verifier) (r Receipt, err error) {
	canonical, err := events.CanonicalJSON(text)
	if err != nil {
		return r, fmt.Errorf("%w: %v", ErrBadReceipt, err)
	}
	var parts struct {
		Event   json.RawMessage  `json:"event"`
		Ordinal int64            `json:"ordinal"`
		Proof   tlog.RecordProof `json:"proof"`
		Head    string           `json:"head"`
	}
	var asSent struct {
		Event struct {
			Data json.RawMessage `json:"data"`
		} `json:"event"`
	}
	if err := errors.Join(json.Unmarshal(canonical, &parts), json.Unmarshal(text, &asSent)); err != nil {
		return r, fmt.Errorf("%w: %v", ErrBadReceipt, err)
	}
	if len(parts.Proof) > maxProof {
		return r, fmt.Errorf("%w: its proof has %d hashes, at most %d are possible", ErrBadReceipt, len(parts.Proof), maxProof)
	}
	if r.Head, err = ReadHead(parts.Head); err != nil {
		return r, err
	}
	r.Proof = parts.Proof
	if r.Event, err = events.ReadCloudEvent(parts.Event); err != nil {
		return r, fmt.Errorf("%w: %v", ErrBadReceipt, err)
	}
	r.Event.Data = asSent.Event.Data
	if r.Ordinal = parts.Ordinal; !r.Head.Own {
		r.Ordinal = int64(r.Event.Position)
	}
	if err := r.restoreData(); err != nil {
		return r, err
	}
	// The text must not contain anything that is not proved.
	proved, err := r.AppendJSON(nil)
	if err == nil {
		proved, err = events.CanonicalJSON(proved)
	}
	if err != nil || !bytes.Equal(proved, canonical) {
		return r, fmt.Errorf("%w: it has contents that the proof does not cover", ErrBadReceipt)
	}
	// Verify the signature last, because it is the most expensive step.
	_, err = OpenHead(parts.Head, verifier)
	return r, err
}

// restoreData sets the event's data to the bytes that the proof verifies: the data as given, without white space,
// or in the original encoding of the fact.
func (r *Receipt) restoreData() error {
	first := r.verify()
	if first == nil {
		return nil
	}
	var compact bytes.Buffer
	if json.Compact(&compact, r.Event.Data) == nil {
		if r.Event.Data = compact.Bytes(); r.verify() == nil {
			return nil
		}
	}
	data, err := events.Rewrite(r.Event.Type, r.Event.Data)
	if errors.Is(err, events.ErrUnknownFact) {
		return fmt.Errorf("%w; this version does not know %s, so its data must be exactly as the server wrote them", first,
			r.Event.Type)
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrBadReceipt, err)
	}
	r.Event.Data = data
	return r.verify()
}
