package plan

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func part(digest string, offset int64, text string) *events.PlanPartAdded {
	return &events.PlanPartAdded{PlanID: "p", Digest: digest, Offset: offset, Text: text}
}

func sealed(digest string, bytes int64) *events.PlanSealed {
	return &events.PlanSealed{PlanID: "p", Digest: digest, Bytes: bytes, DisplayName: "Hall", Seats: 2, Places: 3}
}

func TestRules(t *testing.T) {
	add := func(digest string, offset int64, text string) core.Command {
		return &AddPart{ID: "p", Digest: digest, Offset: offset, Text: text}
	}
	seal := func(digest string, bytes int64) core.Command {
		return &Seal{ID: "p", Digest: digest, Bytes: bytes, DisplayName: "Hall", Seats: 2, Places: 3}
	}
	for i, test := range []struct {
		given []events.Fact
		cmd   core.Command
		fact  events.Fact
		code  core.Code
	}{
		{nil, add("a", 0, "abc"), part("a", 0, "abc"), ""},
		{nil, add("a", 3, "def"), nil, "already_exists"},
		{nil, seal("a", 3), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc")}, add("a", 3, "def"), part("a", 3, "def"), ""},
		{[]events.Fact{part("a", 0, "abc")}, add("a", 0, "abc"), nil, ""},
		{[]events.Fact{part("a", 0, "abc")}, add("a", 0, "ab"), nil, ""},
		{[]events.Fact{part("a", 0, "abc")}, add("a", 2, "cde"), part("a", 3, "de"), ""},
		{[]events.Fact{part("a", 0, "abc")}, add("a", 4, "e"), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc")}, add("b", 0, "xyz"), part("b", 0, "xyz"), ""},
		{[]events.Fact{part("a", 0, "abc")}, add("b", 3, "xyz"), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc"), part("b", 0, "x")}, add("a", 3, "def"), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc")}, seal("a", 4), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc")}, seal("b", 3), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc")}, seal("a", 3), sealed("a", 3), ""},
		{[]events.Fact{part("a", 0, "abc"), sealed("a", 3)}, seal("a", 3), nil, ""},
		{[]events.Fact{part("a", 0, "abc"), sealed("a", 3)}, add("a", 0, "abc"), nil, ""},
		{[]events.Fact{part("a", 0, "abc"), sealed("a", 3)}, add("b", 0, "abc"), nil, "already_exists"},
		{[]events.Fact{part("a", 0, "abc"), sealed("a", 3)}, seal("b", 3), nil, "already_exists"},
	} {
		p := New()
		for _, fact := range test.given {
			p.Evolve(fact)
		}
		facts, err := p.Decide(test.cmd, day)
		code := core.Code("")
		if err != nil {
			code = err.(*core.Refusal).Code
		}
		want := []events.Fact{test.fact}
		if test.fact == nil {
			want = nil
		}
		if code != test.code || !reflect.DeepEqual(facts, want) {
			t.Errorf("case %d: got %+v, %q; want %+v, %q", i+1, facts, code, want, test.code)
		}
	}
}

// TestRandomUploads sends random parts of two texts. The stored text must be a prefix of one of them, and
// complete once it is sealed. A second core with the same facts must have the same state.
func TestRandomUploads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := map[string]string{"a": rapid.StringN(1, 40, -1).Draw(t, "a"), "b": rapid.StringN(1, 40, -1).Draw(t, "b")}
		first, second, reader := New().(*Plan), New().(*Plan), events.PlanReader{}
		for range rapid.IntRange(0, 40).Draw(t, "commands") {
			digest := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "digest")
			text := texts[digest]
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			to := rapid.IntRange(from, len(text)).Draw(t, "to")
			var cmd core.Command = &AddPart{ID: "p", Digest: digest, Offset: int64(from), Text: text[from:to]}
			if to == from {
				cmd = &Seal{ID: "p", Digest: digest, Bytes: int64(len(text))}
			}
			facts, _ := first.Decide(cmd, day)
			for _, fact := range facts {
				first.Evolve(fact)
				second.Evolve(fact)
				if err := reader.Add(fact); err != nil {
					t.Fatal(err)
				}
			}
			if first.State() != second.State() || int64(len(reader.Text)) != first.State().Bytes ||
				!strings.HasPrefix(texts[first.State().Digest], string(reader.Text)) ||
				first.State().Sealed && string(reader.Text) != texts[first.State().Digest] {
				t.Fatalf("got states %+v and %+v, text %q; want equal states, and a prefix of the text or all of it",
					first.State(), second.State(), reader.Text)
			}
		}
	})
}

func TestSnapshot(t *testing.T) {
	p := New()
	for _, fact := range []events.Fact{part("a", 0, "abc"), sealed("a", 3)} {
		p.Evolve(fact)
		if restored := coretest.RoundTrip(t, p.Freeze(), New); !reflect.DeepEqual(restored, p) {
			t.Errorf("got %+v, want %+v", restored, p)
		}
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	for _, facts := range [][]events.Fact{
		{&events.ProductReserved{}}, {part("a", 1, "b")}, {part("a", 0, "")}, {sealed("", 0)},
		{part("a", 0, "abc"), sealed("a", 2)}, {part("a", 0, "abc"), sealed("b", 3)},
		{part("a", 0, "abc"), sealed("a", 3), part("a", 0, "abc")}, {part("a", 0, "abc"), sealed("a", 3), sealed("a", 3)},
	} {
		p := New()
		for _, fact := range facts[:len(facts)-1] {
			p.Evolve(fact)
		}
		coretest.RequirePanic(t, p, facts[len(facts)-1])
	}
}
