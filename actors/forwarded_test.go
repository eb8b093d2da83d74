package actors

import (
	"strings"
	"testing"
	"time"
	"unsafe"
)

// TestForwardedCommandsAreRememberedWhileRepeated: a command is remembered for at least a generation and
// until it is durable, and is then forgotten. The header that contained its id is not kept in memory.
func TestForwardedCommandsAreRememberedWhileRepeated(t *testing.T) {
	var f forwarded
	start := time.Unix(1_900_000_000, 0)
	header := strings.Repeat("x", 250) + "a"
	f.put(CommandID(header[250:]), 1, 0, 10, 100, start)
	for id := range f.young {
		if unsafe.StringData(string(id)) == unsafe.StringData(header[250:]) {
			t.Error("the id shares the header's memory, want a copy")
		}
	}
	f.put("b", 2, 0, 10, 100, start.Add(rememberFor))
	f.put("c", 3, 0, 10, 100, start.Add(2*rememberFor))
	for _, id := range []CommandID{"a", "b", "c"} {
		if _, known := f.find(id); !known {
			t.Errorf("find(%s) = false, want true until it is durable", id)
		}
	}
	f.put("d", 4, 3, 30, 100, start.Add(2*rememberFor+1))
	if _, known := f.find("a"); known || f.from != 30 || f.since != 3 {
		t.Errorf("find(a) = %t, from = %d, since = %d; want false, 30, 3", known, f.from, f.since)
	}
	for _, id := range []CommandID{"b", "c", "d"} {
		if _, known := f.find(id); !known {
			t.Errorf("find(%s) = false, want true for a generation", id)
		}
	}
}
