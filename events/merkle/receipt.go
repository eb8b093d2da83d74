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

// ErrBadReceipt: what the receipt says is not so, or it is none.
var ErrBadReceipt = errors.New("merkle: not a good receipt")

// Receipt shows that an event is in a log.
type Receipt struct {
	Event events.Recorded
	// Proof leads from the event's leaf to the head's root (RFC 6962 section 2.1.1).
	Proof tlog.RecordProof
	Head  SignedHead
}

// Receipt makes the receipt of the event at a position, encoded as
// [Receipt.AppendJSON] does it. It waits until the tree has taken the event in.
//
// Errors: ctx.Err(), also for a position that the log does not have yet; why the
// tree does not grow any more; what events.Store.ReadAll returns.
func (t *Tree) Receipt(ctx context.Context, position events.Position) ([]byte, error) {
	if position < 1 {
		return nil, fmt.Errorf("merkle: no event has the position %d", position)
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

// prove makes a receipt, or counts the caller among those who wait for the tree to
// grow, which the channel tells. A proof is checked before it is given away: the
// hashes on the disk may be damaged, and then they are made again.
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
	if len(page) == 1 && page[0].Position == position && t.edge.Size >= max(t.head.Size, int64(position)) {
		r.Event = page[0]
		if r.Head, err = t.sign(); err != nil {
			return r, nil, err
		}
		r.Proof, err = tlog.ProveRecord(r.Head.Size, int64(position)-1, t.hashes)
		if err == nil {
			err = r.leads()
		}
		if err == nil {
			return r, nil, nil
		}
		t.Logger.Warn("the tree's hashes are damaged and are made again from the log", "error", err, "position", position)
		if err := t.beginAnew(); err != nil {
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

// leads says whether the proof leads from the event to the head.
func (r *Receipt) leads() error {
	position := int64(r.Event.Position)
	if position < 1 || position > r.Head.Size {
		return fmt.Errorf("%w: the event is at position %d, and its head is over %d", ErrBadReceipt, position, r.Head.Size)
	}
	if err := tlog.CheckRecord(r.Proof, r.Head.Size, r.Head.Root, position-1, Leaf(&r.Event)); err != nil {
		return fmt.Errorf("%w: the event is not the one at position %d of that log: %v", ErrBadReceipt, position, err)
	}
	return nil
}

// AppendJSON appends the receipt: the event as a CloudEvent, the proof as a list of
// hashes in base64, the head as a signed note.
// Error: events.ErrBadMetadata, for an event that is not one of ours.
func (r *Receipt) AppendJSON(dst []byte) ([]byte, error) {
	event, err := events.AppendCloudEvent(nil, &r.Event)
	if err != nil {
		return dst, err
	}
	proof := make([]string, len(r.Proof))
	for i := range r.Proof {
		proof[i] = r.Proof[i].String()
	}
	o := events.OpenObject(dst)
	o.Raw("event", event)
	o.Strings("proof", proof)
	o.String("head", r.Head.Note)
	return o.Close(), nil
}

// maxProof bounds the hashes of a proof; 2^63 leaves need no more.
const maxProof = 63

// CheckReceipt reads a receipt and checks it against the public half of a log's
// key, and against nothing else. It takes only what [Receipt.AppendJSON] writes,
// give or take white space between its members: any change makes it a bad one.
//
// Errors: [ErrBadReceipt], [ErrBadHead].
func CheckReceipt(text []byte, verifier note.Verifier) (Receipt, error) {
	text = bytes.TrimSpace(text)
	r, err := checkReceipt(text, verifier)
	var compact bytes.Buffer
	if err != nil && json.Compact(&compact, text) == nil && compact.Len() < len(text) {
		return checkReceipt(compact.Bytes(), verifier)
	}
	return r, err
}

func checkReceipt(text []byte, verifier note.Verifier) (r Receipt, err error) {
	var parts struct {
		Event json.RawMessage  `json:"event"`
		Proof tlog.RecordProof `json:"proof"`
		Head  string           `json:"head"`
	}
	if err := json.Unmarshal(text, &parts); err != nil {
		return r, fmt.Errorf("%w: %v", ErrBadReceipt, err)
	}
	if len(parts.Proof) > maxProof {
		return r, fmt.Errorf("%w: a proof of %d hashes", ErrBadReceipt, len(parts.Proof))
	}
	if r.Head, err = ReadHead(parts.Head); err != nil {
		return r, err
	}
	r.Proof = parts.Proof
	if r.Event, err = events.ParseCloudEvent(parts.Event); err != nil {
		return r, fmt.Errorf("%w: %v", ErrBadReceipt, err)
	}
	if err := r.leads(); err != nil {
		return r, err
	}
	// Whatever else the text may say is not proved.
	plain, err := r.AppendJSON(nil)
	if err != nil || !bytes.Equal(plain, text) {
		return r, fmt.Errorf("%w: it says more, or says it in another way, than what is proved", ErrBadReceipt)
	}
	// Last, because it is what costs.
	_, err = OpenHead(parts.Head, verifier)
	return r, err
}
