package events

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestPlanParts: any text is split into parts of bounded length as JSON, and a reader assembles them again.
func TestPlanParts(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "ASCII": strings.Repeat("x", 100_000), "quotes": strings.Repeat(`"a\`, 40_000),
		"control characters": strings.Repeat("\x01", 20_000), "multi-byte": strings.Repeat("ö😀", 20_000),
		"not UTF-8": strings.Repeat("\xff", 20_000),
	} {
		var reader PlanReader
		for rest := []byte(text); len(rest) > 0; {
			var part []byte
			if part, rest = CutPlanPart(rest); len(part) == 0 {
				t.Fatalf("%s: CutPlanPart returned an empty part of %d bytes, want progress", name, len(rest))
			}
			fact := &PlanPartAdded{Digest: "d", Offset: int64(len(reader.Text)), Text: string(part)}
			if size := len(AppendFact(nil, fact)); size > 25<<10 || len(rest) > 0 && size < 24<<10-10 {
				t.Errorf("%s: a fact with a part has %d bytes, want 24 to 25 KiB, or less for the last", name, size)
			}
			if err := reader.Add(fact); err != nil {
				t.Fatal(err)
			}
		}
		if string(reader.Text) != text {
			t.Errorf("%s: the reader has %d bytes, want the %d of the text", name, len(reader.Text), len(text))
		}
	}
}

// planStore is a store with the facts of one plan.
type planStore struct {
	Store
	facts []Fact
}

func (s planStore) Read(
	_ context.Context,
	_ StreamID,
	from Revision,
	dir Direction,
	limit int,
) (page []Recorded, err error) {
	if dir == Backward {
		from = Revision(max(0, len(s.facts)-limit))
	}
	for i := from; int(i) < len(s.facts) && len(page) < limit; i++ {
		page = append(page, Recorded{Event: Event{Type: s.facts[i].Name(), Fact: s.facts[i]}, Revision: i})
	}
	return page, nil
}

func TestReadHall(t *testing.T) {
	text := AppendPlan(nil, smallPlan(), PlanComplete)
	digest := PlanDigest(text)
	var facts []Fact
	for i := range text {
		facts = append(facts, &PlanPartAdded{PlanID: "p", Digest: digest, Offset: int64(i), Text: string(text[i : i+1])})
	}
	seal := &PlanSealed{PlanID: "p", Digest: digest, Bytes: int64(len(text))}
	ctx := context.Background()
	if _, err := ReadHall(ctx, planStore{}, "p"); !errors.Is(err, ErrNoPlan) {
		t.Errorf("ReadHall without a stream: %v, want %v", err, ErrNoPlan)
	}
	if _, err := ReadHall(ctx, planStore{facts: facts}, "p"); !errors.Is(err, ErrNoPlan) {
		t.Errorf("ReadHall of a plan that is not sealed: %v, want %v", err, ErrNoPlan)
	}
	restarted := append([]Fact{&PlanPartAdded{PlanID: "p", Digest: "other", Text: "incomplete"}}, facts...)
	h, err := ReadHall(ctx, planStore{facts: append(restarted, seal)}, "p")
	if err != nil || h.Seats() != 6 || h.Name(5) != "Balkon-1-2" {
		t.Errorf("ReadHall = %+v, %v; want 6 seats", h, err)
	}
	if again, err := ReadHall(ctx, planStore{facts: []Fact{seal}}, "p"); err != nil || again != h {
		t.Errorf("ReadHall of a hall in use = %p, %v; want %p", again, err, h)
	}
	if _, err := ReadPlan(ctx, planStore{facts: append(facts[1:], seal)}, "p"); !errors.Is(err, ErrBadFact) {
		t.Errorf("ReadPlan with a missing part: %v, want %v", err, ErrBadFact)
	}
	facts = append(facts, &PlanSealed{Digest: digest})
	if _, err := ReadPlan(ctx, planStore{facts: facts}, "p"); !errors.Is(err, ErrBadFact) {
		t.Errorf("ReadPlan with a seal of a different length: %v, want %v", err, ErrBadFact)
	}
	reader := PlanReader{Text: text, Digest: "wrong", Sealed: seal}
	if _, err := reader.Hall(); err == nil || !strings.Contains(err.Error(), "digest") {
		t.Errorf("Hall of a text with a different digest: %v, want an error that names the digest", err)
	}
}
