package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierRulesOfWebhooks accepts correct logs, and breaks each rule of webhooks and cursors.
func TestVerifierRulesOfWebhooks(t *testing.T) {
	const url, other = "https://a.example/", "https://b.example/"
	made := &events.WebhookMade{WebhookID: "w", WebhookSettings: events.WebhookSettings{URL: url},
		WebhookSecret: events.WebhookSecret{Number: 1, Key: "k"}}
	now := logtest.NewForgery().Now
	taken := func(term int64) events.Fact { return &events.CursorTaken{Term: term, Node: "n"} }
	moved := func(term int64, to events.Position) *events.CursorMoved {
		return &events.CursorMoved{Term: term, Reached: to}
	}
	marked := func(term int64, to events.Position, revision events.Revision) events.Fact {
		m := moved(term, to)
		m.CursorMark = events.CursorMark{Stream: "webhook-w", Revision: revision}
		return m
	}
	in := func(log string, term int64) *events.CursorTaken {
		return &events.CursorTaken{Term: term, Node: "n", Log: log}
	}
	copied := in("b", 2)
	copied.Copied, copied.Reached, copied.CursorMark = true, 3, events.CursorMark{Stream: "webhook-w", Revision: 2}
	failing := func(at events.Position, failures int64, since time.Time) events.Fact {
		m := moved(1, 2)
		m.CursorFailure = events.CursorFailure{Failing: at, Failures: failures, Since: since, Error: "no"}
		return m
	}
	secret := func(n int64, until time.Time) events.Fact {
		return &events.WebhookSecretChanged{WebhookSecret: events.WebhookSecret{Number: n, Key: "k"}, OldUntil: until}
	}
	disabled, enabled := &events.WebhookDisabled{Cause: events.WebhookAsked}, &events.WebhookEnabled{}
	for _, test := range []struct {
		name  string
		rule  verify.Rule
		facts []events.Fact
	}{
		{"all facts", "", []events.Fact{made, taken(1), moved(1, 1), failing(3, 2, now), taken(2), moved(2, 5),
			secret(2, now.Add(time.Hour)), disabled, moved(2, 6), enabled,
			&events.WebhookEdited{WebhookSettings: events.WebhookSettings{URL: other}},
			&events.WebhookReplayed{From: 1, Term: 3}, taken(4), moved(4, 9), &events.WebhookReplayed{From: 10, Term: 5},
			&events.WebhookDeleted{}}},
		{"a copy from larger positions", "", []events.Fact{made, in("a", 1), marked(1, 900, 1), marked(1, 950, 2), copied,
			marked(2, 4, 3), &events.WebhookReplayed{From: 2, Term: 3}, in("b", 4), marked(4, 6, 5)}},
		{"a copy from smaller positions", "", []events.Fact{made, in("a", 1), marked(1, 0, 0), in("b", 2), marked(2, 3, 2)}},
		{"a replay of an unknown position", "", []events.Fact{made, in("a", 1),
			&events.WebhookReplayed{From: 2, Term: 2}}},
		{"moved past its mark", verify.RuleCursor, []events.Fact{made, in("a", 1), marked(1, 900, 3)}},
		{"taken past its mark", verify.RuleCursor, []events.Fact{made, in("a", 1), copied}},
		{"moved backwards in its log", verify.RuleCursor, []events.Fact{made, in("a", 1), marked(1, 900, 1),
			marked(1, 899, 1)}},
		{"moved backwards in a copy", verify.RuleCursor, []events.Fact{made, in("a", 1), marked(1, 900, 1), copied,
			marked(2, 2, 3)}},
		{"no creation", verify.RuleCreation, []events.Fact{taken(1)}},
		{"two creations", verify.RuleCreation, []events.Fact{made, made}},
		{"a fact after the deletion", verify.RuleCreation, []events.Fact{made, &events.WebhookDeleted{}, taken(1)}},
		{"the creation of a different webhook", verify.RuleFigures, []events.Fact{&events.WebhookMade{WebhookID: "v",
			WebhookSettings: events.WebhookSettings{URL: url}, WebhookSecret: events.WebhookSecret{Number: 1}}}},
		{"an edit without a change", verify.RuleFigures, []events.Fact{made,
			&events.WebhookEdited{WebhookSettings: events.WebhookSettings{URL: url}}}},
		{"a secret number skipped", verify.RuleFigures, []events.Fact{made, secret(3, now.Add(time.Hour))}},
		{"an old secret that ends immediately", verify.RuleFigures, []events.Fact{made, secret(2, now)}},
		{"disabled twice", verify.RuleFigures, []events.Fact{made, disabled, disabled}},
		{"enabled twice", verify.RuleFigures, []events.Fact{made, enabled}},
		{"a term skipped", verify.RuleCursor, []events.Fact{made, taken(2)}},
		{"moved before it was taken", verify.RuleCursor, []events.Fact{made, moved(0, 1)}},
		{"moved in an old term", verify.RuleCursor, []events.Fact{made, taken(1), taken(2), moved(1, 1)}},
		{"moved after a replay, before it was taken again", verify.RuleCursor, []events.Fact{made, taken(1), moved(1, 2),
			&events.WebhookReplayed{From: 1, Term: 2}, moved(2, 3)}},
		{"moved before its creation", verify.RuleCursor, []events.Fact{made, taken(1), moved(1, 0)}},
		{"moved backwards", verify.RuleCursor, []events.Fact{made, taken(1), moved(1, 2), moved(1, 1)}},
		{"moved past the log", verify.RuleCursor, []events.Fact{made, taken(1), moved(1, 3)}},
		{"moved past a failing position", verify.RuleFigures, []events.Fact{made, taken(1), failing(2, 1, now)}},
		{"a failure without a count", verify.RuleFigures, []events.Fact{made, taken(1), failing(3, 0, now)}},
		{"a failure without a time", verify.RuleFigures, []events.Fact{made, taken(1), failing(3, 1, time.Time{})}},
		{"a replay from a position not reached", verify.RuleCursor, []events.Fact{made, &events.WebhookReplayed{From: 3, Term: 1}}},
		{"a replay in an old term", verify.RuleCursor, []events.Fact{made, taken(1), &events.WebhookReplayed{From: 1, Term: 1}}},
		{"a fact of a different kind", verify.RuleKnown, []events.Fact{made, logtest.Reserved(1, "ada", 1, 2)}},
	} {
		f := logtest.NewForgery()
		f.Add("webhook-w", test.facts...)
		err := verifyAll(f.Log)
		violation := (*verify.Violation)(nil)
		switch {
		case test.rule == "" && err != nil:
			t.Errorf("%s: %v, want no violation", test.name, err)
		case test.rule != "" && (!errors.As(err, &violation) || violation.Rule != test.rule ||
			violation.Position != events.Position(len(f.Log))):
			t.Errorf("%s: %v, want %q at %d", test.name, err, test.rule, len(f.Log))
		}
	}
}
