package events

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCanonicalJSON(t *testing.T) {
	for _, same := range [][]string{
		{`{"a":1,"b":"x"}`, ` { "b" : "\u0078" , "a" : 1.0 } `, `{"b":"x","a":10e-1}`, "{\"a\":1E0,\n\"b\":\"x\"}"},
		{`[0,100,-5]`, `[-0,1e2,-50e-1]`, `[0.0,100.000,-5]`, `[0e999999999999,1e+2,-0.5E1]`},
		{`[15e-1]`, `[1.5]`, `[1.50]`, `[0.15e1]`},
		{`[1e400]`, `[10e399]`, `[100e398]`},
		{`[9007199254740993]`, `[9007199254740993.0]`, `[9007199254740993e0]`},
		{`["😀/é"]`, `["\ud83d\ude00\/\u00e9"]`},
		{`[[],{},null,true,false,""]`, "[ [ ] , { } ,null , true,false,\"\"]"},
	} {
		want, err := CanonicalJSON([]byte(same[0]))
		for _, text := range same {
			if got, bad := CanonicalJSON([]byte(text)); err != nil || bad != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is %s (%v), and %s is %s (%v)", text, got, bad, same[0], want, err)
			}
		}
		if again, err := CanonicalJSON(want); err != nil || !bytes.Equal(again, want) {
			t.Errorf("%s is written again as %s (%v)", want, again, err)
		}
	}
	different := map[string]string{}
	for _, text := range []string{`[1]`, `["1"]`, `[1.5]`, `[-1]`, `[10]`, `[1e400]`, `[1e401]`, `[9007199254740993]`,
		`[9007199254740992]`,
		`[[1]]`, `{"a":1}`, `{"A":1}`, `{"a":[1]}`, `[1,2]`, `[2,1]`, `[]`, `{}`, `[null]`, `[false]`, `["a"]`, `["A"]`} {
		plain, err := CanonicalJSON([]byte(text))
		if other, seen := different[string(plain)]; err != nil || seen {
			t.Errorf("%s and %s have the same canonical form %s (%v)", text, other, plain, err)
		}
		different[string(plain)] = text
	}
	for _, bad := range []string{``, `{`, `{"a":1,"a":1}`, `{"a":1,"\u0061":2}`, `[{"b":{"a":1,"a":1}}]`,
		`["\ud800"]`, `["\udc00"]`,
		`["\ud800\u0041"]`, `["\ud800x"]`, `["\ud800\ud800"]`, "[\"\xff\"]", `[1]x`, `[1,]`, `[01]`, `[1 2]`, `nul`} {
		if plain, err := CanonicalJSON([]byte(bad)); err == nil {
			t.Errorf("CanonicalJSON(%s) = %s, want an error", bad, plain)
		}
	}
	if plain, err := CanonicalJSON([]byte(`["\\ud800"]`)); err != nil || string(plain) != `["\\ud800"]` {
		t.Errorf("an escaped backslash before ud800: %s, %v; want it unchanged", plain, err)
	}
}

// TestRewriteGoldenFacts: a fact of every name and version gets its bytes back after another
// program has parsed and encoded it.
func TestRewriteGoldenFacts(t *testing.T) {
	for _, name := range Names() {
		golden, err := os.ReadFile(filepath.Join("testdata", "facts", name+".json"))
		if err != nil {
			if name == "lamp.lit.v1" || strings.HasPrefix(name, "lamp.") {
				continue // of a different test
			}
			t.Fatal(err)
		}
		golden = bytes.TrimSuffix(golden, []byte("\n"))
		var parsed map[string]any
		dec := json.NewDecoder(bytes.NewReader(golden))
		dec.UseNumber()
		if err := dec.Decode(&parsed); err != nil {
			t.Fatal(err)
		}
		foreign, err := json.MarshalIndent(parsed, "", "\t") // sorted, with < > & escaped
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Rewrite(name, foreign); err != nil || !bytes.Equal(got, golden) {
			t.Errorf("%s: %s\nwas rewritten as %s (%v)", name, golden, got, err)
		}
		if got, err := Rewrite(name, []byte(`{"colour":1,`+string(golden[1:]))); err == nil && len(parsed) > 0 {
			t.Errorf("%s: an unknown member was accepted: %s", name, got)
		}
	}
	if _, err := Rewrite("lamp.exploded.v9", []byte(`{}`)); err == nil {
		t.Error("Rewrite accepted an unknown fact")
	}
}
