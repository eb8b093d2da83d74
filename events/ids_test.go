package events

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// TestEventIDIsFrozen: a command that is decided again by a later version gets the same event ids.
func TestEventIDIsFrozen(t *testing.T) {
	for _, test := range []struct {
		command string
		index   int
		want    string
	}{
		{"0198c0de-0000-7000-8000-000000000001", 0, "412de95a-6464-5622-a85d-9fa8b7782ba8"},
		{"0198c0de-0000-7000-8000-000000000001", 1, "dcafbbf1-7883-592f-a82b-1f7b544308f7"},
		{"0198c0de-0000-7000-8000-000000000001", 256, "5bc6b4eb-3839-5ed3-87e4-55eacedd580d"},
	} {
		if got := EventID(test.command, test.index).String(); got != test.want {
			t.Errorf("EventID(%q, %d) = %s, want %s", test.command, test.index, got, test.want)
		}
	}
}

// TestEventIDIsAUUIDv5 compares EventID with an independent implementation of RFC 9562.
func TestEventIDIsAUUIDv5(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		command := rapid.String().Draw(t, "command") // sometimes longer than EventID's buffer
		index := rapid.IntRange(0, 1<<16-1).Draw(t, "index")
		name := binary.BigEndian.AppendUint16([]byte(command+"/"), uint16(index))
		want := uuid.NewSHA1(uuid.UUID(eventIDNamespace), name)
		got := EventID(command, index)
		if uuid.UUID(got) != want {
			t.Fatalf("EventID(%q, %d) = %s, want %s", command, index, got, want)
		}
		if again := EventID(command, index); want.Version() != 5 || want.Variant() != uuid.RFC4122 || again != got {
			t.Fatalf("EventID = %s, then %s, version %d, variant %s; want the same, 5, %s", got, again, want.Version(),
				want.Variant(), uuid.RFC4122)
		}
	})
}

// TestEventIDsDiffer: no two events of a batch or of two commands share an id.
func TestEventIDsDiffer(t *testing.T) {
	seen := map[ID]bool{}
	for _, command := range []string{"a", "b", "a/", "a/\x00", ""} {
		for index := range 1 << 10 {
			id := EventID(command, index)
			if seen[id] {
				t.Fatalf("EventID(%q, %d) is a duplicate, want a new id", command, index)
			}
			seen[id] = true
		}
	}
}

func TestParseID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text := id.String()
		if want := uuid.UUID(id).String(); text != want {
			t.Fatalf("String() = %s, want %s", text, want)
		}
		if got := string(id.AppendTo([]byte("id="))); got != "id="+text {
			t.Fatalf("AppendTo: %s, want %s", got, "id="+text)
		}
		if back, err := ParseID(text); err != nil || back != id {
			t.Fatalf("ParseID(%s) = %s, %v; want %s", text, back, err, id)
		}
		// One invalid byte makes an id invalid.
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		invalid := []byte(text)
		invalid[at] = "g_"[at%2]
		if _, err := ParseID(string(invalid)); !errors.Is(err, ErrBadID) {
			t.Fatalf("ParseID(%s): %v, want %v", invalid, err, ErrBadID)
		}
	})
}

func TestParseIDRefuses(t *testing.T) {
	for _, text := range []string{
		"", "-", "0198c0de00007000800000000000000100", "0198c0de-0000-7000-8000-00000000000",
		"0198c0de-0000-7000-8000-0000000000011", "{198c0de-0000-7000-8000-000000000001}",
		"0198c0de-0000-7000-8000_000000000001", "0198c0d-e0000-7000-8000-000000000001",
	} {
		if _, err := ParseID(text); !errors.Is(err, ErrBadID) {
			t.Errorf("ParseID(%q): %v, want %v", text, err, ErrBadID)
		}
	}
}

func TestStreamID(t *testing.T) {
	for _, test := range []struct{ stream, category, entity string }{
		{"product-42", "product", "42"},
		{"seat-summer-2031~A-1-1", "seat", "summer-2031~A-1-1"},
		{"product", "product", ""},
		{"", "", ""},
	} {
		stream := StreamID(test.stream)
		if stream.Category() != test.category || stream.Entity() != test.entity {
			t.Errorf("%q: category %q, entity %q, want %q, %q",
				stream, stream.Category(), stream.Entity(), test.category, test.entity)
		}
		if test.entity != "" && NewStreamID(test.category, test.entity) != stream {
			t.Errorf("NewStreamID(%q, %q) = %q, want %q", test.category, test.entity, NewStreamID(test.category, test.entity), stream)
		}
	}
}

func TestTimeOfAUUIDv7(t *testing.T) {
	id, err := ParseID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") // the example of RFC 9562
	if want := time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC); err != nil || !id.Time().Equal(want) {
		t.Errorf("Time = %v (%v), want %v", id.Time(), err, want)
	}
}
