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

// reparsed returns a receipt as another program would encode it: members sorted, indented, with <
// and > escaped, optionally changed.
func reparsed(t *testing.T, text []byte, change func(receipt map[string]any)) []byte {
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
		t.Fatalf("the receipt was encoded again as %s (%v), want other bytes", again, err)
	}
	return again
}

func eventOf(receipt map[string]any) map[string]any { return receipt["event"].(map[string]any) }

// TestRewrittenReceipt: a receipt is valid in any encoding.
func TestRewrittenReceipt(t *testing.T) {
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	text, verifier := receiptOf(t, tree, 13), tree.Key.Verifier()
	for what, change := range map[string]func(map[string]any){
		"parsed and written again": nil,
		"numbers as floats": func(r map[string]any) {
			eventOf(r)["position"], eventOf(r)["revision"] = json.Number("13.0"), json.Number("0.4e1")
			data := eventOf(r)["data"].(map[string]any)
			data["quantity"] = json.Number("1e0")
		},
	} {
		if r, err := CheckReceipt(reparsed(t, text, change), verifier); err != nil || r.Event.Position != 13 {
			t.Errorf("%s: position %d, %v, want 13", what, r.Event.Position, err)
		}
	}
	escaped := bytes.ReplaceAll(text, []byte(`"actor":"ada"`), []byte(`"\u0061ctor":"\u0061d\u0061"`))
	if _, err := CheckReceipt(escaped, verifier); err != nil || bytes.Equal(escaped, text) {
		t.Errorf("a receipt with escapes: %v, want success", err)
	}
	for what, change := range map[string]func(map[string]any){
		"a different holder": func(r map[string]any) { eventOf(r)["data"].(map[string]any)["holder"] = "eve" },
		"a different number": func(r map[string]any) {
			eventOf(r)["data"].(map[string]any)["remaining"] = json.Number("1.5")
		},
		"a number as a text":       func(r map[string]any) { eventOf(r)["position"] = "13" },
		"a different time":         func(r map[string]any) { eventOf(r)["time"] = "2031-05-01T20:00:01Z" },
		"a different source":       func(r map[string]any) { eventOf(r)["source"] = "/v1/streams/product-2" },
		"a member more":            func(r map[string]any) { r["paid"] = true },
		"a member of the event":    func(r map[string]any) { eventOf(r)["paid"] = true },
		"a member of the data":     func(r map[string]any) { eventOf(r)["data"].(map[string]any)["paid"] = true },
		"a member less":            func(r map[string]any) { delete(eventOf(r), "subject") },
		"a member of the data off": func(r map[string]any) { delete(eventOf(r)["data"].(map[string]any), "holder") },
		"null data":                func(r map[string]any) { eventOf(r)["data"] = nil },
		"a name in capitals": func(r map[string]any) {
			eventOf(r)["Actor"] = eventOf(r)["actor"]
			delete(eventOf(r), "actor")
		},
		"an empty proof": func(r map[string]any) { r["proof"] = []string{} },
		"no proof":       func(r map[string]any) { r["proof"] = nil },
	} {
		if _, err := CheckReceipt(reparsed(t, text, change), verifier); err == nil {
			t.Errorf("%s: the changed receipt was accepted", what)
		}
	}
	for _, twice := range []string{`"actor":"ada",`, `"holder":"ada",`, `"quantity":1,`} {
		name, _, _ := strings.Cut(twice, ":")
		for _, at := range []string{`"actor":`, `"quantity":`} {
			changed := strings.Replace(string(text), at, twice+at, 1)
			if _, err := CheckReceipt([]byte(changed), verifier); err == nil || changed == string(text) {
				t.Errorf("a receipt with %s twice was accepted: %s", name, changed)
			}
		}
	}
}

// TestReceiptOfALaterFact: the data of a fact unknown to this version must be unchanged, and the
// error says so.
func TestReceiptOfALaterFact(t *testing.T) {
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
	for what, good := range map[string][]byte{"as it was": text, "with white space": spaced} {
		if r, err := CheckReceipt(good, verifier); err != nil || r.Event.Type != "lamp.dimmed.v9" {
			t.Errorf("%s: receipt of an unknown fact: %v, want success", what, err)
		}
	}
	for what, bad := range map[string][]byte{
		"written again":    reparsed(t, text, nil),
		"a number respelt": bytes.ReplaceAll(text, []byte("1.50"), []byte("1.5")),
	} {
		if _, err := CheckReceipt(bad, verifier); !errors.Is(err, ErrBadReceipt) ||
			!strings.Contains(err.Error(), "does not know lamp.dimmed.v9") {
			t.Errorf("%s: %v, want an error that names the unknown fact", what, err)
		}
	}
}

// TestWitnessedHead: a head with cosignatures of witnesses is valid, and so is a receipt with it.
func TestWitnessedHead(t *testing.T) {
	log := newMemLog()
	log.add(21)
	tree := log.mustOpen(t, t.TempDir())
	runTree(t, tree)
	text, verifier := receiptOf(t, tree, 13), tree.Key.Verifier()
	var receipt struct{ Head string }
	if err := json.Unmarshal(text, &receipt); err != nil {
		t.Fatal(err)
	}
	own := receipt.Head
	cosigned := own
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
	oursLast := strings.Join(append(append(append([]string{}, lines[:4]...), lines[5:len(lines)-1]...), lines[4]), "")
	for what, witnessed := range map[string]string{"ours first": cosigned, "ours last": oursLast} {
		h, err := OpenHead(witnessed, verifier)
		if err != nil || h.Size != 21 || h.Note != witnessed {
			t.Errorf("%s: %+v, %v, want Size 21, Note %v", what, h, err, witnessed)
		}
		with := reparsed(t, text, func(r map[string]any) { r["head"] = witnessed })
		if r, err := CheckReceipt(with, verifier); err != nil || r.Head.Note != witnessed {
			t.Errorf("a receipt with cosignatures, %s: %v; want success", what, err)
		}
	}
	witness := lines[5]
	for what, bad := range map[string]string{
		"only a witness": strings.Join(lines[:4], "") + witness,
		"ours of a different head": strings.Join(lines[:4], "") + witness +
			strings.Split(mustSign(t, tree.Key, Head{Epoch: "e7", Size: 20, Root: tlog.Hash{7}}).Note, "\n")[4] + "\n",
		"no signature at all":   own + "witness.example/1 AAAA\n",
		"a line without an end": strings.TrimSuffix(cosigned, "\n"),
		"a trailing empty line": cosigned + "\n",
		"a witness twice":       cosigned + witness,
		"a larger size":         strings.Replace(cosigned, "\n21\n", "\n22\n", 1),
		"too many":              own + strings.Repeat(witness, 200),
	} {
		if h, err := OpenHead(bad, verifier); !errors.Is(err, ErrBadHead) {
			t.Errorf("%s: %+v, %v, want %v", what, h, err, ErrBadHead)
		}
	}
}
