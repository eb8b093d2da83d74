package actors

import (
	"strings"
	"testing"
	"time"
	"unsafe"
)

// TestForwardedCommandsAreRememberedWhileRepeated: a command is remembered for a generation at least, and until it
// is durable; after that it takes no memory. Nothing else of the header that named it is kept.
func TestForwardedCommandsAreRememberedWhileRepeated(t *testing.T) {
	var f forwarded
	start := time.Unix(1_900_000_000, 0)
	header := strings.Repeat("x", 250) + "a"
	f.put(CommandID(header[250:]), 1, 0, 10, 100, start)
	for id := range f.young {
		if unsafe.StringData(string(id)) == unsafe.StringData(header[250:]) {
			t.Error("the whole header is kept in memory")
		}
	}
	f.put("b", 2, 0, 10, 100, start.Add(rememberFor))
	f.put("c", 3, 0, 10, 100, start.Add(2*rememberFor))
	for _, id := range []CommandID{"a", "b", "c"} {
		if _, known := f.find(id); !known {
			t.Errorf("%s is forgotten before it is durable", id)
		}
	}
	f.put("d", 4, 3, 30, 100, start.Add(2*rememberFor+1))
	if _, known := f.find("a"); known || f.from != 30 || f.since != 3 {
		t.Errorf("a is known: %t, and all from %d and %d on; want false, 30 and 3", known, f.from, f.since)
	}
	for _, id := range []CommandID{"b", "c", "d"} {
		if _, known := f.find(id); !known {
			t.Errorf("%s is forgotten within a generation", id)
		}
	}
}
