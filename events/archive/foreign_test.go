package archive

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"admitone/events"
)

// foreign changes the events of every other stream into foreign ones, which lack sealed metadata, JSON data or valid
// UTF-8.
func foreign(all []events.Recorded) []events.Recorded {
	isForeign := map[events.StreamID]bool{}
	for i := range all {
		e := &all[i]
		if _, known := isForeign[e.Stream]; !known {
			isForeign[e.Stream] = len(isForeign)%2 == 1
		}
		if !isForeign[e.Stream] {
			continue
		}
		switch e.Revision % 4 {
		case 0:
			e.Metadata = nil
		case 1:
			e.Data, e.Metadata = []byte("\x00binary\n"), []byte{0, 'b', 0xff}
		case 2:
			e.Type, e.Metadata = "$their\x01type", []byte("{}")
		case 3:
			e.Stream, e.Data, e.Metadata = "their \xff stream", nil, []byte(`{"$causedBy":"x"}`)
		}
	}
	return all
}

// TestForeignEvents: foreign events are restored, and a changed line of a foreign event is detected.
func TestForeignEvents(t *testing.T) {
	all := foreign(sampleLog(2500))
	for _, c := range []Compression{None, Gzip, Zstd} {
		got, err := read(writeFile(t, all, c), c)
		if err != nil || len(got) != len(all) {
			t.Fatalf("%s: read %d events, %v; want %d", c, len(got), err, len(all))
		}
		for i := range all {
			if !equal(&got[i], &all[i]) {
				t.Fatalf("%s: read event %+v, want %+v", c, got[i], all[i])
			}
		}
	}
	lines := bytes.SplitAfter(writeFile(t, all, None), []byte("\n"))
	first := slices.IndexFunc(all, func(e events.Recorded) bool { return e.Metadata == nil })
	changed := all[first]
	changed.Metadata = []byte{0, 'b', 0xfe}
	lines[first] = append(events.AppendCloudEvent(nil, &changed), '\n')
	var at *LineError
	if _, err := read(bytes.Join(lines, nil), None); !errors.As(err, &at) || at.Line != blockEvents+1 {
		t.Errorf("read with a changed line: %v, want an error at line %d", err, blockEvents+1)
	}
}
