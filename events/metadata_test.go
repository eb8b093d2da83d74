package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// sealed returns an event at revision 7 of a stream, and the hash of the previous event.
func sealed() (prev Hash, e Recorded) {
	for i := range prev {
		prev[i] = byte(i * 7)
	}
	fact := golden["product.reserved.v1"]
	e = Recorded{Stream: "product-1", Revision: 7, Position: 99}
	e.ID = EventID("command-1", 0)
	e.Type = fact.Name()
	e.Data = AppendFact(nil, fact)
	e.Metadata, _ = Seal(nil, prev, e.Stream, e.Revision, &e.Event, &Metadata{
		CommandID: "command-1", CorrelationID: "request-1", CausationID: "request-1", Actor: "ada", At: moment,
	})
	return prev, e
}

// TestSealIsFrozen: the hashes of existing logs must not change.
func TestSealIsFrozen(t *testing.T) {
	_, e := sealed()
	const want = `{"command_id":"command-1","correlation_id":"request-1","causation_id":"request-1",` +
		`"actor":"ada","at":"2031-02-03T20:00:03.123456789Z",` +
		`"hash":"67eb25164b48cce099e3719256bb791af21c94b8f720f7bc9fb9849f3220b27c"}`
	if string(e.Metadata) != want {
		t.Errorf("metadata\n%s\nwant\n%s", e.Metadata, want)
	}
}

// TestSealHash computes the hash independently, according to the documentation of Seal.
func TestSealHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prev, e, m := drawSealed(t)
		var b bytes.Buffer
		writeSized := func(s string) {
			if err := binary.Write(&b, binary.BigEndian, uint32(len(s))); err != nil {
				t.Fatal(err)
			}
			b.WriteString(s)
		}
		b.Write(prev[:])
		writeSized(string(e.Stream))
		if err := binary.Write(&b, binary.BigEndian, uint64(e.Revision)); err != nil {
			t.Fatal(err)
		}
		b.Write(e.ID[:])
		writeSized(e.Type)
		writeSized(string(e.Data))
		hashed, _, _ := bytes.Cut(e.Metadata, []byte(`,"hash":"`+m.Hash))
		b.Write(hashed)
		if want := Hash(sha256.Sum256(b.Bytes())).String(); m.Hash != want {
			t.Fatalf("hash %s, want %s", m.Hash, want)
		}
	})
}

// drawSealed returns a random previous hash, an event sealed after it, and the event's metadata.
func drawSealed(t *rapid.T) (prev Hash, e Recorded, m Metadata) {
	copy(prev[:], rapid.SliceOfN(rapid.Byte(), len(prev), len(prev)).Draw(t, "prev"))
	copy(e.ID[:], rapid.SliceOfN(rapid.Byte(), len(e.ID), len(e.ID)).Draw(t, "id"))
	e.Stream = StreamID(rapid.String().Draw(t, "stream"))
	e.Revision = Revision(rapid.Int64().Draw(t, "revision"))
	e.Type = rapid.String().Draw(t, "type")
	e.Data = rapid.SliceOf(rapid.Byte()).Draw(t, "data")
	m = Metadata{
		CommandID:     rapid.String().Draw(t, "command"),
		CorrelationID: rapid.String().Draw(t, "correlation"),
		CausationID:   rapid.String().Draw(t, "causation"),
		Actor:         rapid.String().Draw(t, "actor"),
		At:            drawTime(t, "at"),
		Hash:          "ignored",
	}
	var hash Hash
	e.Metadata, hash = Seal(nil, prev, e.Stream, e.Revision, &e.Event, &m)
	m.Hash = hash.String()
	return prev, e, m
}

func TestMetadataRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prev, e, m := drawSealed(t)
		if !json.Valid(e.Metadata) {
			t.Fatalf("metadata %s, want valid JSON", e.Metadata)
		}
		parsed, err := ParseMetadata(e.Metadata)
		if err != nil || parsed != m {
			t.Fatalf("ParseMetadata = %+v, %v; want %+v", parsed, err, m)
		}
		recorded, err := RecordedHash(e.Metadata)
		if err != nil || recorded.String() != m.Hash {
			t.Fatalf("RecordedHash = %s, %v; want %s", recorded, err, m.Hash)
		}
		checked, err := CheckLink(prev, &e)
		if err != nil || checked != recorded {
			t.Fatalf("CheckLink = %s, %v; want %s", checked, err, recorded)
		}
		appended, _ := Seal([]byte("before"), prev, e.Stream, e.Revision, &e.Event, &m)
		if string(appended) != "before"+string(e.Metadata) {
			t.Fatalf("Seal to %q = %s, want %s", "before", appended, "before"+string(e.Metadata))
		}
	})
}

// TestCheckLinkDetectsEveryChangedByte changes each byte that the hash covers to each of its 255 other values. The
// hash does not cover Position and Created, which change when a log is copied to another store.
func TestCheckLinkDetectsEveryChangedByte(t *testing.T) {
	prev, e := sealed()
	if _, err := CheckLink(prev, &e); err != nil {
		t.Fatalf("CheckLink of the unchanged event: %v", err)
	}
	revision := binary.BigEndian.AppendUint64(nil, uint64(e.Revision))
	for _, part := range []struct {
		name     string
		original []byte
		set      func(prev *Hash, e *Recorded, b []byte)
	}{
		{"data", e.Data, func(_ *Hash, e *Recorded, b []byte) { e.Data = b }},
		{"type", []byte(e.Type), func(_ *Hash, e *Recorded, b []byte) { e.Type = string(b) }},
		{"id", e.ID[:], func(_ *Hash, e *Recorded, b []byte) { e.ID = ID(b) }},
		{"metadata", e.Metadata, func(_ *Hash, e *Recorded, b []byte) { e.Metadata = b }},
		{"stream", []byte(e.Stream), func(_ *Hash, e *Recorded, b []byte) { e.Stream = StreamID(b) }},
		{"revision", revision, func(_ *Hash, e *Recorded, b []byte) { e.Revision = Revision(binary.BigEndian.Uint64(b)) }},
		{"prev", prev[:], func(prev *Hash, _ *Recorded, b []byte) { *prev = Hash(b) }},
	} {
		t.Run(part.name, func(t *testing.T) {
			if len(part.original) == 0 {
				t.Fatal("the part is empty, want bytes to change")
			}
			original := bytes.Clone(part.original)
			for at := range original {
				for flip := 1; flip < 256; flip++ {
					changed := bytes.Clone(original)
					changed[at] ^= byte(flip)
					prev, e := prev, e
					part.set(&prev, &e, changed)
					if _, err := CheckLink(prev, &e); !errors.Is(err, ErrDamaged) {
						t.Fatalf("byte %d changed from %#02x to %#02x: %v, want %v", at, original[at], changed[at], err, ErrDamaged)
					}
				}
			}
		})
	}
}

// TestCheckLinkDetectsMovedBytes: bytes that are moved from one part to the next, removed or added are detected.
func TestCheckLinkDetectsMovedBytes(t *testing.T) {
	prev, whole := sealed()
	for about, change := range map[string]func(e *Recorded){
		"moved from type to data": func(e *Recorded) { e.Type, e.Data = e.Type[:3], append([]byte(e.Type[3:]), e.Data...) },
		"moved from data to type": func(e *Recorded) { e.Type, e.Data = e.Type+string(e.Data[:1]), e.Data[1:] },
		"data truncated":          func(e *Recorded) { e.Data = e.Data[:len(e.Data)-1] },
		"data extended":           func(e *Recorded) { e.Data = append(bytes.Clone(e.Data), ' ') },
		"no data":                 func(e *Recorded) { e.Data = nil },
		"stream name extended":    func(e *Recorded) { e.Stream += "0" },
		"metadata truncated":      func(e *Recorded) { e.Metadata = e.Metadata[:len(e.Metadata)-1] },
		"metadata extended":       func(e *Recorded) { e.Metadata = append(bytes.Clone(e.Metadata), '\n') },
		"space before metadata":   func(e *Recorded) { e.Metadata = append([]byte(" "), e.Metadata...) },
		"no metadata":             func(e *Recorded) { e.Metadata = nil },
		"only the hash":           func(e *Recorded) { e.Metadata = e.Metadata[len(e.Metadata)-sealedTail:] },
		"next revision":           func(e *Recorded) { e.Revision++ },
	} {
		e := whole
		change(&e)
		if _, err := CheckLink(prev, &e); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want %v", about, err, ErrDamaged)
		}
	}
}

// TestChain: a missing, duplicated or reordered event of a sealed stream is detected.
func TestChain(t *testing.T) {
	const length = 5
	var chain []Recorded
	var prev Hash
	for i := range length {
		e := Recorded{Stream: "product-1", Revision: Revision(i)}
		e.ID, e.Type, e.Data = EventID(fmt.Sprint("command-", i), 0), "product.reserved.v1", fmt.Appendf(nil, `{"n":%d}`, i)
		e.Metadata, prev = Seal(nil, prev, e.Stream, e.Revision, &e.Event, &Metadata{At: moment})
		chain = append(chain, e)
	}
	if err := checkChain(chain); err != nil {
		t.Fatalf("the unchanged chain: %v", err)
	}
	for i := range length - 1 { // without a signed head, a missing last event is not detected
		without := append(append([]Recorded{}, chain[:i]...), chain[i+1:]...)
		doubled := append(append([]Recorded{}, chain[:i+1]...), chain[i:]...)
		swapped := append([]Recorded{}, chain...)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		for about, changed := range map[string][]Recorded{"missing": without, "duplicated": doubled, "swapped": swapped} {
			if err := checkChain(changed); !errors.Is(err, ErrDamaged) {
				t.Errorf("event %d %s: %v, want %v", i, about, err, ErrDamaged)
			}
		}
	}
}

func checkChain(chain []Recorded) error {
	var prev Hash
	for i := range chain {
		hash, err := CheckLink(prev, &chain[i])
		if err != nil {
			return err
		}
		prev = hash
	}
	return nil
}

func TestInvalidMetadata(t *testing.T) {
	for _, metadata := range []string{"", "{}", "null", `,"hash":"`, `{"hash":"00"}`} {
		if _, err := RecordedHash([]byte(metadata)); !errors.Is(err, ErrBadMetadata) {
			t.Errorf("RecordedHash(%s): %v, want %v", metadata, err, ErrBadMetadata)
		}
	}
	for _, metadata := range []string{"", "[]", `{"at":"yesterday"}`, `{"actor":1}`, `{"actor":"a"`} {
		if _, err := ParseMetadata([]byte(metadata)); !errors.Is(err, ErrBadMetadata) {
			t.Errorf("ParseMetadata(%s): %v, want %v", metadata, err, ErrBadMetadata)
		}
	}
}
