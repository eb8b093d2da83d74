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

// receiptOf returns a receipt, which must be valid.
func receiptOf(t *testing.T, tree *Tree, position events.Position) []byte {
	t.Helper()
	text, err := tree.Receipt(t.Context(), position)
	if err != nil {
		t.Fatalf("the receipt of position %d: %v", position, err)
	}
	r, err := CheckReceipt(text, tree.Key.Verifier())
	if err != nil || r.Event.Position != position || r.Head.Position() < position {
		t.Fatalf("the receipt of position %d proves position %d in %d events: %v\n%s", position, r.Event.Position, r.Head.Size, err, text)
	}
	want := sample(int(position))
	if Leaf(&r.Event) != Leaf(&want) {
		t.Fatalf("the receipt of position %d contains a different event: %+v", position, r.Event)
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
	receiptOf(t, tree, 71) // waits until the tree covers it
	if after := receiptOf(t, tree, 70); bytes.Equal(before, after) {
		t.Error("the receipt did not change with the newest head")
	}
}

// TestReceiptOfMissingResources: waiting for an event that does not exist ends with an error.
func TestReceiptOfMissingResources(t *testing.T) {
	log := newMemLog()
	log.add(3)
	tree := log.mustOpen(t, t.TempDir())
	stop := runTree(t, tree)
	if _, err := tree.Receipt(t.Context(), 0); err == nil {
		t.Error("position 0 has a receipt, want an error")
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
		t.Error(err)
	}
	stop()
	if err := tree.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Receipt(t.Context(), 3); !errors.Is(err, events.ErrClosed) {
		t.Errorf("from a closed tree: %v, want %v", err, events.ErrClosed)
	}
}

// TestChangedReceipt: any change but additional white space invalidates a receipt.
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
				t.Errorf("a change of bit %d of byte %d was accepted: %s", bit, i, changed[max(0, i-20):min(i+20, len(text))])
			}
		}
		if _, err := CheckReceipt(text[:i], verifier); err == nil {
			t.Errorf("a receipt truncated at %d was accepted", i)
		}
	}
	other := receiptOf(t, tree, 14)
	var first, theirs map[string]json.RawMessage
	if json.Unmarshal(text, &first) != nil || json.Unmarshal(other, &theirs) != nil {
		t.Fatal("the receipts are not JSON")
	}
	for what, changed := range map[string]string{
		"a different event": strings.Replace(string(text), string(first["event"]), string(theirs["event"]), 1),
		"a different proof": strings.Replace(string(text), string(first["proof"]), string(theirs["proof"]), 1),
		"a longer proof": strings.Replace(string(text), `"proof":[`,
			`"proof":["BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",`, 1),
		"no proof":      strings.Replace(string(text), string(first["proof"]), `[]`, 1),
		"a member more": `{"note":"paid",` + string(text[1:]),
		"one twice":     `{"head":"",` + string(text[1:]),
		"in capitals":   strings.Replace(string(text), `"head"`, `"Head"`, 1),
		"trailing text": string(text) + "{}",
		"nothing":       "",
	} {
		if changed == string(text) {
			t.Fatalf("%s changed nothing", what)
		}
		if _, err := CheckReceipt([]byte(changed), verifier); err == nil {
			t.Errorf("%s: the changed receipt was accepted", what)
		}
	}
	if _, err := CheckReceipt(text, keyOf(t, "e7", 2).Verifier()); !errors.Is(err, ErrBadHead) {
		t.Errorf("with a different key: %v, want %v", err, ErrBadHead)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckReceipt(append(pretty.Bytes(), '\n'), verifier); err != nil {
		t.Errorf("a receipt with white space: %v, want success", err)
	}
}
