package events

import (
	"reflect"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// readings is of every fact that is read without encoding/json.
func readings() map[string]reading {
	all := map[string]reading{}
	for name, typ := range factTypes() {
		if read := readingOf(typ); read != nil {
			all[name] = read
		}
	}
	return all
}

// escapes are what plain leaves to encoding/json.
var escapes = regexp.MustCompile(`\\(u....|.)`)

// TestPlain: what this package writes is read without encoding/json, as long as it
// needs no escapes, all facts but those whose members may be missing.
func TestPlain(t *testing.T) {
	missing := []string{"waitingroom.changed.v1", "waitingroom.opened.v1"}
	read := readings()
	for name, typ := range factTypes() {
		if read[name] == nil {
			if !slices.Contains(missing, name) {
				t.Errorf("%s is read by encoding/json", name)
			}
			continue
		}
		data := escapes.ReplaceAll(golden[name].AppendJSON(nil), nil)
		p, got, want := plain{text: data}, reflect.New(typ), reflect.New(typ)
		if err := decodeStrict(data, want.Interface()); err != nil {
			t.Fatal(err)
		}
		if !read[name](&p, got.Elem()) || p.at != len(data) || !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s\nread up to %d:\n%#v", data, p.at, got)
		}
	}
}

// TestPlainAgrees: whatever is done to a fact's bytes, what plain accepts is what
// encoding/json makes of them.
func TestPlainAgrees(t *testing.T) {
	types := factTypes()
	for name, read := range readings() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				data := drawFact(t, types[name]).AppendJSON(nil)
				pieces := []string{"", " ", "0", "-", ".5", "e1", `"`, `\u0041`, ",", "{", "}", "[", "]", "null", "true", "\x80", "é", "\t", "99999999999999999999"}
				for range rapid.IntRange(0, 3).Draw(t, "changes") {
					from := rapid.IntRange(0, len(data)).Draw(t, "from")
					to := min(len(data), from+rapid.IntRange(0, 3).Draw(t, "length"))
					piece := rapid.SampledFrom(pieces).Draw(t, "piece")
					data = append(append(append([]byte(nil), data[:from]...), piece...), data[to:]...)
				}
				p, got := plain{text: data}, reflect.New(types[name])
				if !read(&p, got.Elem()) || p.at != len(data) {
					return
				}
				want := reflect.New(types[name])
				if err := decodeStrict(data, want.Interface()); err != nil {
					t.Fatalf("%s: plain takes it, encoding/json says %v", data, err)
				}
				if !reflect.DeepEqual(got.Interface(), want.Interface()) {
					t.Fatalf("%s\nis read as\n%#v\nand by encoding/json as\n%#v", data, got, want)
				}
			})
		})
	}
}

// TestPlainMetadata: so does metadata, and the time alone is the one in the whole.
func TestPlainMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Metadata{CommandID: rapid.String().Draw(t, "command"), CorrelationID: "r", CausationID: rapid.String().Draw(t, "causation"),
			Actor: rapid.String().Draw(t, "actor"), At: drawTime(t, "at")}
		sealed, hash := Seal(nil, Hash{1}, "lamp-1", 7, &Event{Type: "lamp.lit.v1"}, &m)
		m.Hash = hash.String()
		read, err := ParseMetadata(sealed)
		if err != nil || read != m {
			t.Fatalf("%s\nis read as %+v, %v", sealed, read, err)
		}
		cut := rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")
		sealed[cut] = rapid.Byte().Draw(t, "byte")
		all, err := ParseMetadata(sealed)
		at, errAt := DecidedAt(sealed)
		if !at.Equal(all.At) || (err == nil) != (errAt == nil) {
			t.Fatalf("%s: %v, %v; the time alone %v, %v", sealed, all, err, at, errAt)
		}
	})
}
