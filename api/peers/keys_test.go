package peers

import (
	"strings"
	"testing"
)

// TestTokensDiffer: of nodes whose secrets for tokens differ, the one that started first has the right one. A node that
// is joining, has no such secret or announces that its keys differ is not asked.
func TestTokensDiffer(t *testing.T) {
	member := func(run, tokens string, state State, differ bool) Member {
		return Member{Name: "b", Run: run, State: state, KeysDiffer: differ, Prints: map[string]string{PrintTokens: tokens}}
	}
	for _, c := range []struct {
		self, other   Member
		differ, known bool
	}{
		{member("2", "x", Joining, false), member("1", "x", Serving, false), false, true},
		{member("2", "y", Joining, false), member("1", "x", Serving, false), true, true},
		{member("2", "y", Serving, false), member("1", "x", Serving, false), true, true},
		{member("1", "y", Serving, false), member("2", "x", Serving, false), false, true},
		{member("1", "y", Joining, false), member("2", "x", Cut, false), true, true},
		{member("2", "y", Joining, false), member("1", "x", Joining, false), false, false},
		{member("2", "y", Joining, false), member("1", "x", Serving, true), false, false},
		{member("2", "y", Serving, true), member("1", "x", Serving, true), false, false},
		{member("2", "y", Joining, false), member("1", "", Serving, false), false, false},
		{member("2", "", Serving, false), member("1", "x", Serving, false), false, true},
	} {
		p, _ := loggingPeers()
		c.self.Name = "a"
		p.self, p.config.Self = c.self, c.self
		p.SetMembers([]Member{c.other})
		if differ, known := p.TokensDiffer(); differ != c.differ || known != c.known {
			t.Errorf("TokensDiffer of %+v beside %+v = %t, %t; want %t, %t", c.self, c.other, differ, known, c.differ, c.known)
		}
	}
}

// TestOtherKeysAreLogged: a node whose keys begin to differ is logged once with the file, and again when they don't.
func TestOtherKeysAreLogged(t *testing.T) {
	p, log := loggingPeers()
	p.self.Prints = map[string]string{PrintTokens: "x"}
	b := Member{Name: "b", Run: "1", Hop: Protocol, State: Serving}
	p.SetMembers([]Member{b})
	with := func(differ bool, tokens string) Member {
		m := b
		m.KeysDiffer, m.Prints = differ, map[string]string{PrintTokens: tokens}
		return m
	}
	for _, step := range []struct {
		member     Member
		line, file string // "" for none
	}{
		{with(true, "x"), `level=WARN msg="the keys of a node differ`, "file=passes.key"},
		{with(true, "x"), "", ""},
		{with(false, "x"), `level=INFO msg="a node has the keys of the others now" node=b`, ""},
		{with(true, "y"), `level=WARN msg="the keys of a node differ`, "file=jwt.key"},
	} {
		before := len(log.lines())
		p.SetMembers([]Member{step.member})
		got := log.lines()[before:]
		if step.line == "" && len(got) > 0 || step.line != "" &&
			(len(got) != 1 || !strings.HasPrefix(got[0], step.line) || !strings.Contains(got[0], step.file)) {
			t.Errorf("%+v is logged as %q, want %q with %q", step.member, got, step.line, step.file)
		}
	}
}
