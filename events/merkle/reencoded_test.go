package merkle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// reencoded returns a receipt after a change, if not nil, as another program could encode it: indented, with sorted
// members, and with < and > escaped.
func reencoded(t *testing.T, text []byte, change func(receipt map[string]any)) []byte {
	t.Helper()
	var receipt map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&receipt); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(receipt)
	}
	again, err := json.MarshalIndent(receipt, "", "    ")
	if err != nil || bytes.Equal(again, text) {
		t.Fatalf("the receipt is encoded again as %s, %v; want different bytes", again, err)
	}
	return again
}

func eventOf(receipt map[string]any) map[string]any { return receipt["event"].(map[string]any) }

// TestReencodedReceipt: a receipt is valid in any encoding, and invalid if its meaning has changed.
func TestReencodedReceipt(t *testing.T) {
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	text, verifier := receiptOf(t, tree, 13), tree.Key.Verifier()
	for what, change := range map[string]func(map[string]any){
		"unchanged": nil,
		"numbers as floats": func(r map[string]any) {
			eventOf(r)["position"], eventOf(r)["revision"] = json.Number("13.0"), json.Number("0.4e1")
			data := eventOf(r)["data"].(map[string]any)
			data["quantity"] = json.Number("1e0")
		},
	} {
		if r, err := CheckReceipt(reencoded(t, text, change), verifier); err != nil || r.Event.Position != 13 {
			t.Errorf("%s: CheckReceipt returned position %d, %v; want 13", what, r.Event.Position, err)
		}
	}
	escaped := bytes.ReplaceAll(text, []byte(`"actor":"ada"`), []byte(`"\u0061ctor":"\u0061d\u0061"`))
	if _, err := CheckReceipt(escaped, verifier); err != nil || bytes.Equal(escaped, text) {
		t.Errorf("CheckReceipt of a receipt with escapes: %v, want success", err)
	}
	for what, change := range map[string]func(map[string]any){
		"different holder": func(r map[string]any) { eventOf(r)["data"].(map[string]any)["holder"] = "eve" },
		"different number": func(r map[string]any) {
			eventOf(r)["data"].(map[string]any)["remaining"] = json.Number("1.5")
		},
		"number as a string":          func(r map[string]any) { eventOf(r)["position"] = "13" },
		"different time":              func(r map[string]any) { eventOf(r)["time"] = "2031-05-01T20:00:01Z" },
		"different source":            func(r map[string]any) { eventOf(r)["source"] = "/v1/streams/product-2" },
		"unknown member":              func(r map[string]any) { r["paid"] = true },
		"unknown member of the event": func(r map[string]any) { eventOf(r)["paid"] = true },
		"unknown member of the data":  func(r map[string]any) { eventOf(r)["data"].(map[string]any)["paid"] = true },
		"missing member of the event": func(r map[string]any) { delete(eventOf(r), "subject") },
		"missing member of the data":  func(r map[string]any) { delete(eventOf(r)["data"].(map[string]any), "holder") },
		"null data":                   func(r map[string]any) { eventOf(r)["data"] = nil },
		"capitalised member": func(r map[string]any) {
			eventOf(r)["Actor"] = eventOf(r)["actor"]
			delete(eventOf(r), "actor")
		},
		"empty proof": func(r map[string]any) { r["proof"] = []string{} },
		"null proof":  func(r map[string]any) { r["proof"] = nil },
	} {
		if _, err := CheckReceipt(reencoded(t, text, change), verifier); err == nil {
			t.Errorf("%s: CheckReceipt accepted the changed receipt, want an error", what)
		}
	}
	for _, duplicate := range []string{`"actor":"ada",`, `"holder":"ada",`, `"quantity":1,`} {
		name, _, _ := strings.Cut(duplicate, ":")
		for _, at := range []string{`"actor":`, `"quantity":`} {
			changed := strings.Replace(string(text), at, duplicate+at, 1)
			if _, err := CheckReceipt([]byte(changed), verifier); err == nil || changed == string(text) {
				t.Errorf("CheckReceipt accepted a duplicate member %s, want an error: %s", name, changed)
			}
		}
	}
}

// TestReceiptOfUnknownFact: the data of a fact unknown to this version must be unchanged. The error names the fact.
func TestReceiptOfUnknownFact(t *testing.T) {
	log := newMemLog()
	log.add(4)
	e := sample(5)
	e.Type, e.Data = "lamp.dimmed.v9", []byte(`{"watts":1.50,"by":"a\u0064a","at":"x"}`)
	e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event,
		&events.Metadata{CommandID: "c", Actor: "ada", At: e.Created})
	log.mu.Lock()
	log.all = append(log.all, e)
	log.mu.Unlock()
	log.add(3)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	text, err := tree.Receipt(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	verifier := tree.Key.Verifier()
	spaced := bytes.ReplaceAll(bytes.ReplaceAll(text, []byte(`,"`), []byte(",\n \"")), []byte(`"proof":`),
		[]byte(`"proof" : `))
	for what, good := range map[string][]byte{"unchanged": text, "white space": spaced} {
		if r, err := CheckReceipt(good, verifier); err != nil || r.Event.Type != "lamp.dimmed.v9" {
			t.Errorf("%s: CheckReceipt of an unknown fact: %v, want success", what, err)
		}
	}
	for what, bad := range map[string][]byte{
		"encoded again":             reencoded(t, text, nil),
		"different number notation": bytes.ReplaceAll(text, []byte("1.50"), []byte("1.5")),
	} {
		if _, err := CheckReceipt(bad, verifier); !errors.Is(err, ErrBadReceipt) ||
			!strings.Contains(err.Error(), "does not know lamp.dimmed.v9") {
			t.Errorf("%s: CheckReceipt: %v, want %v that names the unknown fact", what, err, ErrBadReceipt)
		}
	}
}

// TestCosignedHead: a head with cosignatures of witnesses is valid, and so is a receipt with such a head.
func TestCosignedHead(t *testing.T) {
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	text, verifier := receiptOf(t, tree, 13), tree.Key.Verifier()
	var receipt struct{ Head string }
	if err := json.Unmarshal(text, &receipt); err != nil {
		t.Fatal(err)
	}
	original := receipt.Head
	cosigned := original
	for n := range byte(3) {
		secret, _, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{n + 1}, 64)),
			fmt.Sprintf("witness.example/%d", n))
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := note.Open([]byte(cosigned), note.VerifierList(verifier))
		if err != nil {
			t.Fatal(err)
		}
		more, err := note.Sign(opened, signer)
		if err != nil {
			t.Fatal(err)
		}
		cosigned = string(more)
	}
	lines := strings.SplitAfter(cosigned, "\n")
	reordered := strings.Join(append(append(append([]string{}, lines[:4]...), lines[5:len(lines)-1]...), lines[4]), "")
	for what, head := range map[string]string{"log's signature first": cosigned, "log's signature last": reordered} {
		h, err := OpenHead(head, verifier)
		if err != nil || h.Size != 21 || h.Note != head {
			t.Errorf("%s: OpenHead = %+v, %v; want size 21, note %s", what, h, err, head)
		}
		changed := reencoded(t, text, func(r map[string]any) { r["head"] = head })
		if r, err := CheckReceipt(changed, verifier); err != nil || r.Head.Note != head {
			t.Errorf("%s: CheckReceipt = %v, want success", what, err)
		}
	}
	witness := lines[5]
	for what, bad := range map[string]string{
		"only a cosignature": strings.Join(lines[:4], "") + witness,
		"signature of a different head": strings.Join(lines[:4], "") + witness +
			strings.Split(mustSign(t, tree.Key, Head{Epoch: "e7", Size: 20, Root: tlog.Hash{7}}).Note, "\n")[4] + "\n",
		"malformed signature":   original + "witness.example/1 AAAA\n",
		"missing newline":       strings.TrimSuffix(cosigned, "\n"),
		"trailing empty line":   cosigned + "\n",
		"duplicate cosignature": cosigned + witness,
		"larger size":           strings.Replace(cosigned, "\n21\n", "\n22\n", 1),
		"too many cosignatures": original + strings.Repeat(witness, 200),
	} {
		if h, err := OpenHead(bad, verifier); !errors.Is(err, ErrBadHead) {
			t.Errorf("%s: OpenHead = %+v, %v; want %v", what, h, err, ErrBadHead)
		}
	}
}
