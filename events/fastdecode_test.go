package events

import (
	"reflect"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// escapes matches the escape sequences, which the fast reader does not accept.
var escapes = regexp.MustCompile(`\\(u....|.)`)

// TestFastDecode: facts that this package encodes without escapes are decoded without encoding/json.
func TestFastDecode(t *testing.T) {
	for name, typ := range factTypes() {
		data := escapes.ReplaceAll(AppendFact(nil, golden[name]), nil)
		r, got, want := fastReader{text: data}, reflect.New(typ), reflect.New(typ)
		if err := decodeStrict(data, want.Interface()); err != nil {
			t.Fatal(err)
		}
		read := formats[name].decode(&r, got.Elem()) && r.at == len(data)
		if !read || !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s\nread up to byte %d of %d as\n%#v\nwant\n%#v", data, r.at, len(data), got, want)
		}
	}
}

// TestFastDecodeAgrees: the fast reader agrees with encoding/json on any mutation of a fact's bytes that it accepts.
func TestFastDecodeAgrees(t *testing.T) {
	for name, typ := range factTypes() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				data := AppendFact(nil, drawFact(t, typ))
				inserts := []string{"", " ", "0", "-", ".5", "e1", `"`, `\u0041`, ",", "{", "}", "[", "]", "null", "true",
					"\x80", "é", "\t", "99999999999999999999"}
				for range rapid.IntRange(0, 3).Draw(t, "changes") {
					from := rapid.IntRange(0, len(data)).Draw(t, "from")
					to := min(len(data), from+rapid.IntRange(0, 3).Draw(t, "length"))
					insert := rapid.SampledFrom(inserts).Draw(t, "insert")
					data = append(append(append([]byte(nil), data[:from]...), insert...), data[to:]...)
				}
				r, got := fastReader{text: data}, reflect.New(typ)
				if !formats[name].decode(&r, got.Elem()) || r.at != len(data) {
					return
				}
				want := reflect.New(typ)
				if err := decodeStrict(data, want.Interface()); err != nil {
					t.Fatalf("%s is accepted by the fast reader, but not by encoding/json: %v", data, err)
				}
				if !reflect.DeepEqual(got.Interface(), want.Interface()) {
					t.Fatalf("%s\nis read as\n%#v\nwant\n%#v", data, got, want)
				}
			})
		})
	}
}

// TestFastMetadata: ParseMetadata reads what Seal writes, and DecidedAt agrees with it on any mutation.
func TestFastMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Metadata{CommandID: rapid.String().Draw(t, "command"), CorrelationID: "r",
			CausationID: rapid.String().Draw(t, "causation"), Actor: rapid.String().Draw(t, "actor"), At: drawTime(t, "at")}
		sealed, hash := Seal(nil, Hash{1}, "lamp-1", 7, &Event{Type: "lamp.lit.v1"}, &m)
		m.Hash = hash.String()
		read, err := ParseMetadata(sealed)
		if err != nil || read != m {
			t.Fatalf("ParseMetadata(%s) = %+v, %v; want %+v", sealed, read, err, m)
		}
		cut := rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")
		sealed[cut] = rapid.Byte().Draw(t, "byte")
		all, err := ParseMetadata(sealed)
		at, errAt := DecidedAt(sealed)
		if !at.Equal(all.At) || (err == nil) != (errAt == nil) {
			t.Fatalf("DecidedAt(%s) = %v, %v; want %v, %v as of ParseMetadata", sealed, at, errAt, all.At, err)
		}
	})
}

// TestUnsignedHasNoSign: like encoding/json, the fast reader refuses -0 as an unsigned number.
func TestUnsignedHasNoSign(t *testing.T) {
	e := &Event{Type: "webhook.replayed.v1", Data: []byte(`{"from":-0,"term":0}`)}
	if fact, err := e.Decode(); err == nil {
		t.Errorf("Decode = %+v, want an error", fact)
	}
}
