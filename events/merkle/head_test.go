package merkle

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func mustSign(t *testing.T, key *Key, h Head) Checkpoint {
	t.Helper()
	s, err := key.Sign(h)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestHead: the encoding of heads and keys does not change, and a reader of signed notes can open a head.
func TestHead(t *testing.T) {
	const (
		wantKey  = "admitone/e7+1e9f22df+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
		wantNote = "admitone/e7\n41\nBwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— admitone/e7 "
	)
	key := keyOf(t, "e7", 1)
	if key.String() != wantKey {
		t.Errorf("key = %s, want %s", key, wantKey)
	}
	h := Head{Epoch: "e7", Size: 41, Root: tlog.Hash{7}}
	s := mustSign(t, key, h)
	if again := mustSign(t, key, h); !strings.HasPrefix(s.Note, wantNote) || again != s || s.Position() != 41 {
		t.Errorf("notes of the same head = %q and %q, want equal ones that begin with %q", s.Note, again.Note, wantNote)
	}
	verifier, err := NewVerifier(wantKey + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := note.Open([]byte(s.Note), note.VerifierList(verifier)); err != nil || len(opened.Sigs) != 1 {
		t.Errorf("note.Open = %+v, %v; want one signature", opened, err)
	}
	if read, err := OpenHead(s.Note, verifier); err != nil || read != s {
		t.Errorf("OpenHead = %+v, %v; want %+v", read, err, s)
	}
}

// TestChangedHead: any change invalidates a head.
func TestChangedHead(t *testing.T) {
	key := keyOf(t, "e7", 1)
	s := mustSign(t, key, Head{Epoch: "e7", Size: 1 << 40, Root: tlog.Hash{7}})
	for i := range len(s.Note) {
		for bit := range 8 {
			changed := []byte(s.Note)
			changed[i] ^= 1 << bit
			if h, err := OpenHead(string(changed), key.Verifier()); !errors.Is(err, ErrBadHead) {
				t.Errorf("OpenHead with bit %d of byte %d changed = %+v, %v; want %v", bit, i, h, err, ErrBadHead)
			}
		}
		if _, err := OpenHead(s.Note[:i], key.Verifier()); !errors.Is(err, ErrBadHead) {
			t.Errorf("OpenHead of the first %d bytes: %v, want %v", i, err, ErrBadHead)
		}
	}
	for what, text := range map[string]string{
		"unknown extension line": strings.Replace(s.Note, "\n\n", "\nmore\n\n", 1),
		"duplicate signature":    s.Note + s.Note[strings.Index(s.Note, "—"):],
		"larger size":            strings.Replace(s.Note, "1099511627776", "1099511627777", 1),
		"size with leading zero": strings.Replace(s.Note, "1099511627776", "01099511627776", 1),
		"negative size":          mustSign(t, key, Head{Epoch: "e7", Size: -1}).Note,
		"trailing space":         s.Note + " ",
	} {
		if h, err := OpenHead(text, key.Verifier()); !errors.Is(err, ErrBadHead) {
			t.Errorf("%s: OpenHead = %+v, %v; want %v", what, h, err, ErrBadHead)
		}
	}
	for what, other := range map[string]*Key{"seed": keyOf(t, "e7", 2), "log": keyOf(t, "e8", 1)} {
		if _, err := OpenHead(s.Note, other.Verifier()); !errors.Is(err, ErrBadHead) {
			t.Errorf("OpenHead with the key of a different %s: %v, want %v", what, err, ErrBadHead)
		}
	}
}

func TestBadKeys(t *testing.T) {
	if _, err := NewKey(make([]byte, 31), "e7"); !errors.Is(err, ErrBadKey) {
		t.Errorf("NewKey with a short seed: %v, want %v", err, ErrBadKey)
	}
	if _, err := NewKey(make([]byte, 32), "e 7"); !errors.Is(err, ErrBadKey) {
		t.Errorf("NewKey with an epoch that has a space: %v, want %v", err, ErrBadKey)
	}
	if _, err := keyOf(t, "e7", 1).Sign(Head{Epoch: "e8"}); !errors.Is(err, ErrBadKey) {
		t.Errorf("Sign with a head of a different log: %v, want %v", err, ErrBadKey)
	}
	other, err := note.NewEd25519VerifierKey("example.org/log", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "admitone/e7", other, keyOf(t, "e7", 1).String()[:40]} {
		if _, err := NewVerifier(text); !errors.Is(err, ErrBadKey) {
			t.Errorf("NewVerifier(%q): %v, want %v", text, err, ErrBadKey)
		}
	}
}
