package events

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestPlanParts: any text is cut into parts that are small as JSON, and put together again.
func TestPlanParts(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "plain": strings.Repeat("x", 100_000), "quotes": strings.Repeat(`"a\`, 40_000),
		"controls": strings.Repeat("\x01", 20_000), "wide": strings.Repeat("ö😀", 20_000), "spoiled": strings.Repeat("\xff", 20_000),
	} {
		var reader PlanReader
		for rest := []byte(text); len(rest) > 0; {
			var part []byte
			if part, rest = CutPlanPart(rest); len(part) == 0 {
				t.Fatalf("%s: CutPlanPart returned an empty part", name)
			}
			fact := &PlanPartAdded{Digest: "d", Offset: int64(len(reader.Text)), Text: string(part)}
			if size := len(AppendFact(nil, fact)); size > 25<<10 || len(rest) > 0 && size < 24<<10-10 {
				t.Errorf("%s: a part has %d bytes, want 24 to 25 KiB except the last", name, size)
			}
			if err := reader.Add(fact); err != nil {
				t.Fatal(err)
			}
		}
		if string(reader.Text) != text {
			t.Errorf("%s: the parts add up to %d bytes, want %d", name, len(reader.Text), len(text))
		}
	}
}

// planStore has the facts of one plan.
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
		t.Errorf("no stream: %v, want %v", err, ErrNoPlan)
	}
	if _, err := ReadHall(ctx, planStore{facts: facts}, "p"); !errors.Is(err, ErrNoPlan) {
		t.Errorf("not sealed: %v, want %v", err, ErrNoPlan)
	}
	begun := append([]Fact{&PlanPartAdded{PlanID: "p", Digest: "other", Text: "begun"}}, facts...)
	h, err := ReadHall(ctx, planStore{facts: append(begun, seal)}, "p")
	if err != nil || h.Seats() != 6 || h.Name(5) != "Balkon-1-2" {
		t.Errorf("hall = %+v, %v; want 6 seats", h, err)
	}
	if again, err := ReadHall(ctx, planStore{facts: []Fact{seal}}, "p"); err != nil || again != h {
		t.Errorf("a hall in use was read again: %v", err)
	}
	if _, err := ReadPlan(ctx, planStore{facts: append(facts[1:], seal)}, "p"); !errors.Is(err, ErrBadFact) {
		t.Errorf("a gap: %v, want %v", err, ErrBadFact)
	}
	if _, err := ReadPlan(ctx, planStore{facts: append(facts, &PlanSealed{Digest: digest})}, "p"); !errors.Is(
		err,
		ErrBadFact,
	) {
		t.Errorf("an incomplete plan was sealed: %v", err)
	}
	reader := PlanReader{Text: text, Digest: "wrong", Sealed: seal}
	if _, err := reader.Hall(); err == nil || !strings.Contains(err.Error(), "digest") {
		t.Errorf("a text with a different digest: %v, want an error", err)
	}
}
