package merkle

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// golden returns a file of testdata. These files must not be changed.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestGoldenHeadAndReceipt: the golden head and receipt are valid, and the same log still yields the same bytes.
func TestGoldenHeadAndReceipt(t *testing.T) {
	verifier, err := NewVerifier(string(golden(t, "v1/log.key")))
	if err != nil {
		t.Fatal(err)
	}
	note := string(golden(t, "v1/head"))
	h, err := OpenHead(note, verifier)
	if err != nil || h.Own || h.Size != 21 || h.Position() != 21 {
		t.Errorf("OpenHead of the golden head = %+v, %v; want size 21, position 21", h, err)
	}
	r, err := CheckReceipt(golden(t, "v1/receipt.json"), verifier)
	if err != nil || r.Ordinal != 13 || r.Event.Position != 13 {
		t.Errorf("CheckReceipt of the golden receipt = %+v, %v; want ordinal 13, position 13", r, err)
	}
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	if err := tree.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := tree.Head(); err != nil || got.Note != note {
		t.Errorf("Head = %q, %v; want %q", got.Note, err, note)
	}
	if got := append(receiptOf(t, tree, 13), '\n'); !bytes.Equal(got, golden(t, "v1/receipt.json")) {
		t.Errorf("receipt = %s, want %s", got, golden(t, "v1/receipt.json"))
	}
	if err := tree.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestGoldenSharedReceipt: the golden receipt with an ordinal is valid.
func TestGoldenSharedReceipt(t *testing.T) {
	r, err := CheckReceipt(golden(t, "v2/receipt.json"), keyOf(t, "e7", 1).Verifier())
	if err != nil || r.Ordinal != 7 || !r.Head.Own || r.Head.Last < r.Event.Position || r.Event.Position == 7 {
		t.Errorf("CheckReceipt = %+v, %v; want the own event with ordinal 7 at another position", r, err)
	}
}
