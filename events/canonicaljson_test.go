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
	for _, equivalent := range [][]string{
		{`{"a":1,"b":"x"}`, ` { "b" : "\u0078" , "a" : 1.0 } `, `{"b":"x","a":10e-1}`, "{\"a\":1E0,\n\"b\":\"x\"}"},
		{`[0,100,-5]`, `[-0,1e2,-50e-1]`, `[0.0,100.000,-5]`, `[0e999999999999,1e+2,-0.5E1]`},
		{`[15e-1]`, `[1.5]`, `[1.50]`, `[0.15e1]`},
		{`[1e400]`, `[10e399]`, `[100e398]`},
		{`[9007199254740993]`, `[9007199254740993.0]`, `[9007199254740993e0]`},
		{`["😀/é"]`, `["\ud83d\ude00\/\u00e9"]`},
		{`[[],{},null,true,false,""]`, "[ [ ] , { } ,null , true,false,\"\"]"},
	} {
		want, err := CanonicalJSON([]byte(equivalent[0]))
		if err != nil {
			t.Fatalf("CanonicalJSON(%s): %v", equivalent[0], err)
		}
		for _, text := range equivalent {
			if got, err := CanonicalJSON([]byte(text)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("CanonicalJSON(%s) = %s, %v; want %s", text, got, err, want)
			}
		}
		if again, err := CanonicalJSON(want); err != nil || !bytes.Equal(again, want) {
			t.Errorf("CanonicalJSON(%s) = %s, %v; want it unchanged", want, again, err)
		}
	}
	different := map[string]string{}
	for _, text := range []string{`[1]`, `["1"]`, `[1.5]`, `[-1]`, `[10]`, `[1e400]`, `[1e401]`, `[9007199254740993]`,
		`[9007199254740992]`,
		`[[1]]`, `{"a":1}`, `{"A":1}`, `{"a":[1]}`, `[1,2]`, `[2,1]`, `[]`, `{}`, `[null]`, `[false]`, `["a"]`, `["A"]`} {
		canonical, err := CanonicalJSON([]byte(text))
		if err != nil {
			t.Errorf("CanonicalJSON(%s): %v", text, err)
		}
		if other, seen := different[string(canonical)]; seen {
			t.Errorf("%s and %s have the same canonical form %s, want different ones", text, other, canonical)
		}
		different[string(canonical)] = text
	}
	for _, bad := range []string{``, `{`, `{"a":1,"a":1}`, `{"a":1,"\u0061":2}`, `[{"b":{"a":1,"a":1}}]`,
		`["\ud800"]`, `["\udc00"]`,
		`["\ud800\u0041"]`, `["\ud800x"]`, `["\ud800\ud800"]`, "[\"\xff\"]", `[1]x`, `[1,]`, `[01]`, `[1 2]`, `nul`} {
		if canonical, err := CanonicalJSON([]byte(bad)); err == nil {
			t.Errorf("CanonicalJSON(%s) = %s, want an error", bad, canonical)
		}
	}
	const backslash = `["\\ud800"]` // a backslash, not a surrogate
	if canonical, err := CanonicalJSON([]byte(backslash)); err != nil || string(canonical) != backslash {
		t.Errorf("CanonicalJSON(%s) = %s, %v; want it unchanged", backslash, canonical, err)
	}
}

// TestRewriteGoldenFacts: Rewrite restores the bytes of a fact of every name and version after another program
// has parsed and encoded it.
func TestRewriteGoldenFacts(t *testing.T) {
	for _, name := range Names() {
		golden, err := os.ReadFile(filepath.Join("testdata", "facts", name+".json"))
		if err != nil {
			if strings.HasPrefix(name, "lamp.") {
				continue // registered by another test
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
		foreign, err := json.MarshalIndent(parsed, "", "\t") // sorts the members and escapes < > &
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Rewrite(name, foreign); err != nil || !bytes.Equal(got, golden) {
			t.Errorf("Rewrite(%s) = %s, %v; want %s", name, got, err, golden)
		}
		if got, err := Rewrite(name, []byte(`{"colour":1,`+string(golden[1:]))); err == nil && len(parsed) > 0 {
			t.Errorf("Rewrite(%s) with an unknown member = %s, want an error", name, got)
		}
	}
	if _, err := Rewrite("lamp.exploded.v9", []byte(`{}`)); err == nil {
		t.Error("Rewrite accepted an unknown fact, want an error")
	}
}
