package events

import (
	"reflect"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// escapes matches the escape sequences, which the fast reader does not accept.
var escapes = regexp.MustCompile(`\\(u....|.)`)

// TestFastDecode: what this package writes without escapes is decoded without encoding/json, with
// and without optional members.
func TestFastDecode(t *testing.T) {
	for name, typ := range factTypes() {
		data := escapes.ReplaceAll(AppendFact(nil, golden[name]), nil)
		r, got, want := fastReader{text: data}, reflect.New(typ), reflect.New(typ)
		if err := decodeStrict(data, want.Interface()); err != nil {
			t.Fatal(err)
		}
		read := formats[name].decode(&r, got.Elem()) && r.at == len(data)
		if !read || !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s\nread up to %d:\n%#v", data, r.at, got)
		}
	}
}

// TestFastDecodeAgrees: for any mutation of a fact's bytes that the fast reader accepts, it agrees
// with encoding/json.
func TestFastDecodeAgrees(t *testing.T) {
	for name, typ := range factTypes() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				data := AppendFact(nil, drawFact(t, typ))
				pieces := []string{"", " ", "0", "-", ".5", "e1", `"`, `\u0041`, ",", "{", "}", "[", "]", "null", "true",
					"\x80", "é", "\t", "99999999999999999999"}
				for range rapid.IntRange(0, 3).Draw(t, "changes") {
					from := rapid.IntRange(0, len(data)).Draw(t, "from")
					to := min(len(data), from+rapid.IntRange(0, 3).Draw(t, "length"))
					piece := rapid.SampledFrom(pieces).Draw(t, "piece")
					data = append(append(append([]byte(nil), data[:from]...), piece...), data[to:]...)
				}
				r, got := fastReader{text: data}, reflect.New(typ)
				if !formats[name].decode(&r, got.Elem()) || r.at != len(data) {
					return
				}
				want := reflect.New(typ)
				if err := decodeStrict(data, want.Interface()); err != nil {
					t.Fatalf("%s: accepted by the fast reader, refused by encoding/json: %v", data, err)
				}
				if !reflect.DeepEqual(got.Interface(), want.Interface()) {
					t.Fatalf("%s\nis read as\n%#v\nand by encoding/json as\n%#v", data, got, want)
				}
			})
		})
	}
}

// TestFastMetadata: the fast reader and encoding/json agree on metadata, and DecidedAt on its time.
func TestFastMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Metadata{CommandID: rapid.String().Draw(t, "command"), CorrelationID: "r",
			CausationID: rapid.String().Draw(t, "causation"), Actor: rapid.String().Draw(t, "actor"), At: drawTime(t, "at")}
		sealed, hash := Seal(nil, Hash{1}, "lamp-1", 7, &Event{Type: "lamp.lit.v1"}, &m)
		m.Hash = hash.String()
		read, err := ParseMetadata(sealed)
		if err != nil || read != m {
			t.Fatalf("%s\nis read as %+v, %v, want %+v", sealed, read, err, m)
		}
		cut := rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")
		sealed[cut] = rapid.Byte().Draw(t, "byte")
		all, err := ParseMetadata(sealed)
		at, errAt := DecidedAt(sealed)
		if !at.Equal(all.At) || (err == nil) != (errAt == nil) {
			t.Fatalf("%s: metadata %v, %v; the time alone %v, %v; want the same", sealed, all, err, at, errAt)
		}
	})
}

// TestUnsignedHasNoSign: like encoding/json, the fast reader refuses -0 where numbers are unsigned.
func TestUnsignedHasNoSign(t *testing.T) {
	e := &Event{Type: "webhook.replayed.v1", Data: []byte(`{"from":-0,"term":0}`)}
	if fact, err := e.Decode(); err == nil {
		t.Errorf("Decode = %+v, want an error", fact)
	}
}
