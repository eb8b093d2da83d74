package events

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// nested returns a value inside the given number of levels.
func nested(open, value, end string, levels int) []byte {
	return []byte(strings.Repeat(open, levels) + value + strings.Repeat(end, levels))
}

// TestCanonicalJSONLimitsDepth: a text that nests too deeply is refused. Brackets in strings do not count.
func TestCanonicalJSONLimitsDepth(t *testing.T) {
	for _, c := range []struct {
		text []byte
		ok   bool
	}{
		{nested(`{"a":`, "1", "}", 32), true},
		{nested(`{"a":`, "1", "}", 33), false},
		{nested(`[`, "1", "]", 32), true},
		{nested(`[`, "", "]", 33), false},
		{nested(`[{"b":`, "1", "}]", 16), true},
		{nested(`[{"b":`, "[]", "}]", 16), false},
		{nested(`{"a":`, "1", "}", 9000), false},
		{[]byte(`["` + strings.Repeat(`[{\"`, 50) + `"]`), true},
		{[]byte(`[` + strings.Repeat(`[[]],`, 50) + `{}]`), true},
	} {
		plain, err := CanonicalJSON(c.text)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrBadJSON) {
			t.Errorf("CanonicalJSON(%.60s…) of %d bytes: %v, want success %t", c.text, len(c.text), err, c.ok)
		}
		if err == nil && !bytes.Equal(plain, c.text) {
			t.Errorf("CanonicalJSON(%.60s…) = %.60s…, want it unchanged", c.text, plain)
		}
	}
}

// TestCanonicalJSONMemoryIsIndependentOfDepth: a value is not copied once per level.
func TestCanonicalJSONMemoryIsIndependentOfDepth(t *testing.T) {
	value := `"` + strings.Repeat("x", 256<<10) + `"`
	allocated := func(text []byte) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := CanonicalJSON(text); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	flat := allocated(nested(`{"a":`, value, "}", 1))
	if deep := allocated(nested(`{"a":`, value, "}", 32)); deep > 2*flat {
		t.Errorf("%d bytes allocated for 32 levels, want at most %d, twice as many as for one", deep, 2*flat)
	}
}
