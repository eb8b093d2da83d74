package merkle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"admitone/events"
)

// receiptOf returns the receipt of a position after verifying it.
func receiptOf(t *testing.T, tree *Tree, position events.Position) []byte {
	t.Helper()
	text, err := tree.Receipt(t.Context(), position)
	if err != nil {
		t.Fatalf("Receipt(%d): %v", position, err)
	}
	r, err := CheckReceipt(text, tree.Key.Verifier())
	if err != nil || r.Event.Position != position || r.Head.Position() < position {
		t.Fatalf("CheckReceipt of position %d: position %d, head over %d events, %v; want a valid receipt\n%s", position,
			r.Event.Position, r.Head.Size, err, text)
	}
	want := sample(int(position))
	if Leaf(&r.Event) != Leaf(&want) {
		t.Fatalf("the receipt of position %d has the event %+v, want %+v", position, r.Event, want)
	}
	return text
}

func TestReceipts(t *testing.T) {
	log := newMemLog()
	log.add(70)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	for position := range events.Position(70) {
		receiptOf(t, tree, position+1)
	}
	before := receiptOf(t, tree, 70)
	log.add(1)
	receiptOf(t, tree, 71) // waits until the tree covers the event
	if after := receiptOf(t, tree, 70); bytes.Equal(before, after) {
		t.Error("the receipt is the same after the log has grown, want one with the newest head")
	}
}

// TestReceiptOfMissingEvent: Receipt returns an error for a position without an event when its context ends.
func TestReceiptOfMissingEvent(t *testing.T) {
	log := newMemLog()
	log.add(3)
	tree := log.mustOpen(t, t.TempDir())
	stop := runTree(t, tree)
	if _, err := tree.Receipt(t.Context(), 0); err == nil {
		t.Error("Receipt(0) succeeded, want an error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := tree.Receipt(ctx, 4)
		result <- err
	}()
	receiptOf(t, tree, 3)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Receipt of a missing event: %v, want %v", err, context.Canceled)
	}
	stop()
	if err := tree.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Receipt(t.Context(), 3); !errors.Is(err, events.ErrClosed) {
		t.Errorf("Receipt from a closed tree: %v, want %v", err, events.ErrClosed)
	}
}

// TestChangedReceipt: any change except white space invalidates a receipt.
func TestChangedReceipt(t *testing.T) {
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	text, verifier := receiptOf(t, tree, 13), tree.Key.Verifier()
	for i := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			if _, err := CheckReceipt(changed, verifier); err == nil {
				t.Errorf("CheckReceipt accepted a change of bit %d of byte %d, want an error: %s", bit, i,
					changed[max(0, i-20):min(i+20, len(text))])
			}
		}
		if _, err := CheckReceipt(text[:i], verifier); err == nil {
			t.Errorf("CheckReceipt accepted the first %d bytes of a receipt, want an error", i)
		}
	}
	other := receiptOf(t, tree, 14)
	var members, otherMembers map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(text, &members), json.Unmarshal(other, &otherMembers)); err != nil {
		t.Fatal(err)
	}
	for what, changed := range map[string]string{
		"different event": strings.Replace(string(text), string(members["event"]), string(otherMembers["event"]), 1),
		"different proof": strings.Replace(string(text), string(members["proof"]), string(otherMembers["proof"]), 1),
		"longer proof": strings.Replace(string(text), `"proof":[`,
			`"proof":["BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",`, 1),
		"empty proof":        strings.Replace(string(text), string(members["proof"]), `[]`, 1),
		"unknown member":     `{"note":"paid",` + string(text[1:]),
		"duplicate member":   `{"head":"",` + string(text[1:]),
		"capitalised member": strings.Replace(string(text), `"head"`, `"Head"`, 1),
		"trailing text":      string(text) + "{}",
		"empty text":         "",
	} {
		if changed == string(text) {
			t.Fatalf("%s: the receipt is unchanged, want a change", what)
		}
		if _, err := CheckReceipt([]byte(changed), verifier); err == nil {
			t.Errorf("%s: CheckReceipt accepted the changed receipt, want an error", what)
		}
	}
	if _, err := CheckReceipt(text, keyOf(t, "e7", 2).Verifier()); !errors.Is(err, ErrBadHead) {
		t.Errorf("CheckReceipt with a different key: %v, want %v", err, ErrBadHead)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckReceipt(append(pretty.Bytes(), '\n'), verifier); err != nil {
		t.Errorf("CheckReceipt of an indented receipt: %v, want success", err)
	}
}
