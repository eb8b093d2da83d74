package events

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestAppendMetadata: metadata that was read and written again is byte for byte
// what Seal made, so that the chain still fits.
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
			t.Fatalf("%s\nwas read and is written again as\n%s", sealed, again)
		}
	})
}
