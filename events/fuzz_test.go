package events

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
)

// FuzzDecode: Decode never panics, and a fact that it returns is encoded as bytes that decode to the same fact.
func FuzzDecode(f *testing.F) {
	for name, fact := range golden {
		f.Add(name, AppendFact(nil, fact))
	}
	f.Add("product.expired.v1", []byte(`{"expired":null}`))
	f.Add("product.held.v1", []byte(`{"expires_at":"2031-01-01T00:00:00+01:00"}`))
	f.Add("product.held.v1", []byte(`{"expires_at":"0000-01-01T00:00:00+01:00"}`))
	f.Add("product.created.v1", []byte(`{"name":"\ud800 \u0000"}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		fact, err := Decode(name, data)
		if err != nil {
			if !errors.Is(err, ErrUnknownFact) && !errors.Is(err, ErrBadFact) {
				t.Fatalf("Decode: %v, want %v or %v", err, ErrUnknownFact, ErrBadFact)
			}
			return
		}
		if !writable(reflect.ValueOf(fact).Elem()) {
			return // RFC 3339 can't represent a time of the fact, which no rule creates
		}
		again := AppendFact(nil, fact)
		back, err := Decode(fact.Name(), again)
		if err != nil {
			t.Fatalf("%s\nis encoded as\n%s\nwhich does not decode: %v", data, again, err)
		}
		if !sameValue(reflect.ValueOf(back).Elem(), reflect.ValueOf(fact).Elem()) {
			t.Fatalf("%s\nis encoded as\n%s\nwhich decodes to\n%#v\nwant\n%#v", data, again, back, fact)
		}
	})
}

// FuzzParseMetadata: the readers of metadata never panic, and return only documented errors.
func FuzzParseMetadata(f *testing.F) {
	_, e := sealed()
	f.Add(e.Metadata)
	f.Add([]byte(`{"hash":""}`))
	f.Add([]byte(`,"hash":"` + Hash{}.String() + `"}`))
	f.Fuzz(func(t *testing.T, metadata []byte) {
		if _, err := ParseMetadata(metadata); err != nil && !errors.Is(err, ErrBadMetadata) {
			t.Fatalf("ParseMetadata: %v, want %v", err, ErrBadMetadata)
		}
		hash, err := RecordedHash(metadata)
		if err != nil && !errors.Is(err, ErrBadMetadata) {
			t.Fatalf("RecordedHash: %v, want %v", err, ErrBadMetadata)
		}
		// Fuzzing cannot find metadata with a matching hash.
		forged := Recorded{Event: Event{Metadata: metadata}, Stream: "product-1"}
		if _, err := CheckLink(hash, &forged); !errors.Is(err, ErrDamaged) {
			t.Fatalf("CheckLink of metadata %q: %v, want %v", metadata, err, ErrDamaged)
		}
	})
}

// FuzzCheckLink: CheckLink accepts any sealed event, and refuses it after a change of one byte of its metadata.
func FuzzCheckLink(f *testing.F) {
	_, e := sealed()
	f.Add(string(e.Stream), int64(e.Revision), e.Type, e.Data, "command-1", "ada", uint(3), byte(1))
	f.Fuzz(func(t *testing.T, stream string, revision int64, typ string, data []byte, command, actor string, at uint,
		flip byte) {
		prev := Hash{1}
		e := Recorded{Stream: StreamID(stream), Revision: Revision(revision)}
		e.ID, e.Type, e.Data = EventID(command, 0), typ, data
		var hash Hash
		e.Metadata, hash = Seal(nil, prev, e.Stream, e.Revision, &e.Event, &Metadata{
			CommandID: command, Actor: actor, At: time.Unix(revision>>32, 0),
		})
		if got, err := CheckLink(prev, &e); err != nil || got != hash {
			t.Fatalf("CheckLink = %s, %v; want %s", got, err, hash)
		}
		if flip == 0 {
			return
		}
		e.Metadata[at%uint(len(e.Metadata))] ^= flip
		if _, err := CheckLink(prev, &e); !errors.Is(err, ErrDamaged) {
			t.Fatalf("CheckLink of changed metadata %s: %v, want %v", e.Metadata, err, ErrDamaged)
		}
	})
}

// FuzzAppendJSONString: the output of AppendJSONString decodes to the same string as that of encoding/json.
func FuzzAppendJSONString(f *testing.F) {
	f.Add("")
	f.Add("a\"\\/\b\f\n\r\t\x00\x1f\x7f")
	f.Add("größe <&> \u2028 \u2029 \ufffd 🎫")
	f.Add("\xff\xc3\xed\xa0\x80 \xe2\x82")
	f.Fuzz(func(t *testing.T, s string) {
		ours := AppendJSONString([]byte("before"), s)
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got, want string
		if err := json.Unmarshal(ours[len("before"):], &got); err != nil {
			t.Fatalf("%q is encoded as %q: %v", s, ours, err)
		}
		if err := json.Unmarshal(theirs, &want); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("%q is decoded as %q, want %q", s, got, want)
		}
	})
}
