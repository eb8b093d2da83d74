package webhook

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

var (
	day      = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	settings = events.WebhookSettings{URL: "https://a.example/", Types: []string{"booking.booked.v1"}}
	key      = events.WebhookSecret{Number: 1, Key: "k"}
	made     = &events.WebhookMade{WebhookID: "w", WebhookSettings: settings, WebhookSecret: key}
)

// webhookAfter returns a webhook to which these facts were applied.
func webhookAfter(facts ...events.Fact) *Webhook {
	w := New().(*Webhook)
	for _, fact := range facts {
		w.Evolve(fact)
	}
	return w
}

// TestRules checks the decision on each command after the given facts.
func TestRules(t *testing.T) {
	url, on, off := "https://b.example/", true, false
	all := []string(nil)
	taken, moved := &events.CursorTaken{Term: 1, Node: "n"}, &events.CursorMoved{Term: 1, Reached: 9}
	failed := &events.CursorMoved{Term: 1, Reached: 9,
		CursorFailure: events.CursorFailure{Failing: 9, Failures: 2, Since: day}}
	disabled, deleted := &events.WebhookDisabled{Cause: events.WebhookAsked}, &events.WebhookDeleted{}
	edited := settings
	edited.URL, edited.Types = url, nil
	for i, row := range []struct {
		given []events.Fact
		cmd   core.Command
		want  []events.Fact
		code  core.Code
	}{
		{nil, &Make{ID: "w", Settings: settings, Key: "k", Others: Max - 1}, []events.Fact{made}, ""},
		{nil, &Make{ID: "w", Settings: settings, Key: "k", Others: Max}, nil, "limit_exceeded"},
		{[]events.Fact{made}, &Make{ID: "w", Settings: settings, Key: "other", Others: Max}, nil, ""},
		{[]events.Fact{made}, &Make{ID: "w", Settings: edited}, nil, "already_exists"},
		{[]events.Fact{made, deleted}, &Make{ID: "w", Settings: settings}, nil, "already_exists"},

		{nil, &Edit{URL: &url}, nil, "not_found"},
		{[]events.Fact{made, deleted}, &Edit{URL: &url}, nil, "not_found"},
		{[]events.Fact{made}, &Edit{}, nil, ""},
		{[]events.Fact{made}, &Edit{Enabled: &on}, nil, ""},
		{[]events.Fact{made, taken, failed}, &Edit{}, nil, ""},
		{[]events.Fact{made, taken, failed}, &Edit{Enabled: &on}, []events.Fact{disabled, &events.WebhookEnabled{}}, ""},
		{[]events.Fact{made}, &Edit{URL: &url, Types: &all, Enabled: &off},
			[]events.Fact{&events.WebhookEdited{WebhookSettings: edited}, disabled}, ""},
		{[]events.Fact{made, disabled}, &Edit{Enabled: &off}, nil, ""},
		{[]events.Fact{made, disabled}, &Edit{Enabled: &on}, []events.Fact{&events.WebhookEnabled{}}, ""},

		{[]events.Fact{made}, &ChangeSecret{Key: "l"}, []events.Fact{&events.WebhookSecretChanged{
			WebhookSecret: events.WebhookSecret{Number: 2, Key: "l"}, OldUntil: day.Add(24 * time.Hour)}}, ""},

		{[]events.Fact{made}, &Replay{From: 5, Made: 4}, []events.Fact{&events.WebhookReplayed{From: 5, Term: 1}}, ""},
		{[]events.Fact{made}, &Replay{From: 6, Made: 4}, nil, "invalid_field"},
		{[]events.Fact{made, taken, moved}, &Replay{From: 1, Made: 4}, []events.Fact{&events.WebhookReplayed{From: 1, Term: 2}}, ""},
		{[]events.Fact{made, taken, moved}, &Replay{From: 10, Made: 4},
			[]events.Fact{&events.WebhookReplayed{From: 10, Term: 2}}, ""},
		{[]events.Fact{made, taken, moved}, &Replay{From: 11, Made: 4}, nil, "invalid_field"},
		{[]events.Fact{made, taken, moved, &events.WebhookReplayed{From: 1, Term: 2}}, &Replay{From: 2, Made: 4}, nil,
			"invalid_field"},

		{[]events.Fact{made, taken}, &core.MoveCursor{CursorMoved: *moved}, []events.Fact{moved}, ""},
		{[]events.Fact{made, taken, &events.WebhookReplayed{From: 1, Term: 2}}, &core.MoveCursor{CursorMoved: *moved}, nil,
			"stale_revision"},
		{[]events.Fact{made, taken, deleted}, &core.MoveCursor{CursorMoved: *moved}, nil, "not_found"},
		{[]events.Fact{made, taken}, &End{Moved: *moved, Cause: events.WebhookGone},
			[]events.Fact{moved, &events.WebhookDisabled{Cause: events.WebhookGone}}, ""},
		{[]events.Fact{made, taken, disabled}, &End{Moved: *moved, Cause: events.WebhookGone}, []events.Fact{moved}, ""},
		{[]events.Fact{made}, &End{Moved: *moved, Cause: events.WebhookGone}, nil, "stale_revision"},

		{[]events.Fact{made}, &Delete{}, []events.Fact{deleted}, ""},
		{[]events.Fact{made, deleted}, &Delete{}, nil, "not_found"},
	} {
		facts, err := webhookAfter(row.given...).Decide(row.cmd, day)
		code := core.Code("")
		if err != nil {
			code = err.(*core.Refusal).Code
		}
		if code != row.code || len(facts)+len(row.want) > 0 && !reflect.DeepEqual(facts, row.want) {
			t.Errorf("row %d, %T: got %v, %q; want %v, %q", i+1, row.cmd, facts, code, row.want, row.code)
		}
	}
}

// TestSecrets checks that a replaced secret signs for one more day, and that at most MaxSecrets sign at a time.
func TestSecrets(t *testing.T) {
	w, now := webhookAfter(made), day
	signing := func() (numbers []int64) {
		state := w.State()
		for _, secret := range state.Signing(now) {
			numbers = append(numbers, secret.Number)
		}
		return numbers
	}
	change := func() error {
		facts, err := w.Decide(&ChangeSecret{Key: "k"}, now)
		for _, fact := range facts {
			w.Evolve(fact)
		}
		return err
	}
	for range MaxSecrets - 1 {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	if got := signing(); !reflect.DeepEqual(got, []int64{5, 4, 3, 2, 1}) {
		t.Errorf("got signing secrets %v, want %v", got, []int64{5, 4, 3, 2, 1})
	}
	if err := change(); err == nil {
		t.Errorf("ChangeSecret with %d signing secrets: got no error, want limit_exceeded", MaxSecrets)
	}
	now = day.Add(24 * time.Hour) // the first secret stops signing now
	if got := signing(); !reflect.DeepEqual(got, []int64{5, 4, 3, 2}) {
		t.Errorf("after a day: got signing secrets %v, want %v", got, []int64{5, 4, 3, 2})
	}
	if err := change(); err != nil {
		t.Error(err)
	}
	if got := signing(); !reflect.DeepEqual(got, []int64{6, 5, 4, 3, 2}) {
		t.Errorf("got signing secrets %v, want %v", got, []int64{6, 5, 4, 3, 2})
	}
}

// TestEditRevision checks that only edits change the edit revision, and that edits, enabling and replays clear the
// failure of the deliveries.
func TestEditRevision(t *testing.T) {
	failing := events.CursorMoved{Term: 1, Reached: 9, NextAt: day,
		CursorFailure: events.CursorFailure{Failing: 10, Failures: 3, Since: day, Error: "no"}}
	w := New().(*Webhook)
	for i, step := range []struct {
		fact   events.Fact
		edited events.Revision
	}{
		{made, 0}, {&events.CursorTaken{Term: 1, Node: "n"}, 0}, {&failing, 0},
		{&events.WebhookSecretChanged{WebhookSecret: events.WebhookSecret{Number: 2, Key: "k"}, OldUntil: day}, 0},
		{&events.WebhookDisabled{Cause: events.WebhookFailing}, 4}, {&events.WebhookEnabled{}, 5},
		{&failing, 5}, {&events.WebhookEdited{WebhookSettings: settings}, 7}, {&events.WebhookReplayed{From: 3, Term: 2}, 7},
	} {
		w.Evolve(step.fact)
		if w.EditRevision() != step.edited {
			t.Errorf("after fact %d: got edit revision %d, want %d", i+1, w.EditRevision(), step.edited)
		}
		cleared := w.Cursor().CursorFailure == events.CursorFailure{} && w.Cursor().NextAt.IsZero()
		switch step.fact.(type) {
		case *events.WebhookEdited, *events.WebhookEnabled, *events.WebhookReplayed:
			if !cleared {
				t.Errorf("after %s: got cursor %+v, want no failure", step.fact.Name(), w.Cursor())
			}
		case *events.WebhookDisabled:
			if cleared || w.Cursor().Reached != 9 {
				t.Errorf("after %s: got cursor %+v, want the failure at position 9 unchanged", step.fact.Name(), w.Cursor())
			}
		}
	}
	state := w.State()
	if reached := state.Reached(1); reached != 2 {
		t.Errorf("after a replay from 3: got reached %d, want 2", reached)
	}
	if state = webhookAfter(made).State(); state.Reached(7) != 7 {
		t.Errorf("created at position 7: got reached %d, want 7", state.Reached(7))
	}
}

func TestSnapshot(t *testing.T) {
	w := webhookAfter(made, &events.CursorTaken{Term: 1, Node: "n"},
		&events.CursorMoved{Term: 1, Reached: 9, NextAt: day, CursorFailure: events.CursorFailure{Failing: 10, Failures: 3,
			Since: day, Error: "no"}},
		&events.WebhookSecretChanged{WebhookSecret: events.WebhookSecret{Number: 2, Key: "l"}, OldUntil: day},
		&events.WebhookReplayed{From: 3, Term: 2}, &events.WebhookDisabled{Cause: events.WebhookGone})
	if restored := coretest.RoundTrip(t, w.Freeze(), New); !reflect.DeepEqual(restored, core.Core(w)) {
		t.Errorf("got restored webhook %+v, want %+v", restored, w)
	}
	if err := New().Restore(strings.NewReader(`{"State":`)); err == nil {
		t.Error("Restore of half a snapshot: got no error, want one")
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	coretest.RequirePanic(t, New(), made, made)
	coretest.RequirePanic(t, New(), &events.WebhookEnabled{})
	coretest.RequirePanic(t, webhookAfter(made, &events.WebhookDeleted{}), &events.WebhookEnabled{})
	coretest.RequirePanic(t, webhookAfter(made), &events.ProductReserved{})
}
