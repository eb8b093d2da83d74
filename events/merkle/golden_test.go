package merkle

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// golden returns a file of testdata, which is never changed.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestOldFormats: a head and a receipt of the first version are valid, and are still written in
// that format.
func TestOldFormats(t *testing.T) {
	verifier, err := NewVerifier(string(golden(t, "v1/log.key")))
	if err != nil {
		t.Fatal(err)
	}
	note := string(golden(t, "v1/head"))
	h, err := OpenHead(note, verifier)
	if err != nil || h.Own || h.Size != 21 || h.Position() != 21 {
		t.Errorf("head = %+v, %v; want one over 21 events", h, err)
	}
	r, err := CheckReceipt(golden(t, "v1/receipt.json"), verifier)
	if err != nil || r.Ordinal != 13 || r.Event.Position != 13 {
		t.Errorf("the receipt is %+v, %v, want Ordinal 13, Event.Position 13", r, err)
	}
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	if err := tree.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, err := tree.Head(); err != nil || now.Note != note {
		t.Errorf("the head is now %q, %v, want %q", now.Note, err, note)
	}
	if now := append(receiptOf(t, tree, 13), '\n'); !bytes.Equal(now, golden(t, "v1/receipt.json")) {
		t.Errorf("receipt = %s, want the golden file", now)
	}
	if err := tree.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestOldSharedReceipt: a receipt with an ordinal is valid.
func TestOldSharedReceipt(t *testing.T) {
	r, err := CheckReceipt(golden(t, "v2/receipt.json"), keyOf(t, "e7", 1).Verifier())
	if err != nil || r.Ordinal != 7 || !r.Head.Own || r.Head.Last < r.Event.Position || r.Event.Position == 7 {
		t.Errorf("receipt = %+v, %v; want the own event 7", r, err)
	}
}
