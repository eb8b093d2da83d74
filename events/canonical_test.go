package events

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestAppendMetadata: parsed metadata are encoded to the bytes that Seal wrote.
func TestAppendMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Metadata{
			CommandID: rapid.String().Draw(t, "command"), CorrelationID: rapid.String().Draw(t, "correlation"),
			CausationID: string(rapid.SliceOf(rapid.Byte()).Draw(t, "causation")), Actor: rapid.String().Draw(t, "actor"),
			At: drawTime(t, "at"),
		}
		e := Event{ID: EventID(m.CommandID, 0), Type: "lamp.lit.v1", Data: []byte("{}")}
		sealed, _ := Seal(nil, Hash{1}, "lamp-1", 7, &e, &m)
		read, err := ParseMetadata(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if again := AppendMetadata(nil, &read); !bytes.Equal(again, sealed) {
			t.Fatalf("AppendMetadata of parsed metadata =\n%s\nwant\n%s", again, sealed)
		}
	})
}
