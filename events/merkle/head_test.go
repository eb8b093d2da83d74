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

// TestHead: the encoding of a head is frozen, and any reader of signed notes can open it.
func TestHead(t *testing.T) {
	const (
		wantKey  = "admitone/e7+1e9f22df+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
		wantNote = "admitone/e7\n41\nBwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— admitone/e7 "
	)
	key := keyOf(t, "e7", 1)
	if key.String() != wantKey {
		t.Errorf("the key of the same seed is %s, want %s", key, wantKey)
	}
	h := Head{Epoch: "e7", Size: 41, Root: tlog.Hash{7}}
	s := mustSign(t, key, h)
	if again := mustSign(t, key, h); !strings.HasPrefix(s.Note, wantNote) || again != s || s.Position() != 41 {
		t.Errorf("notes of the same head = %q and %q, want equal ones", s.Note, again.Note)
	}
	verifier, err := NewVerifier(wantKey + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := note.Open([]byte(s.Note), note.VerifierList(verifier)); err != nil || len(opened.Sigs) != 1 {
		t.Errorf("opened as a signed note: %+v, %v; want one signature", opened, err)
	}
	if read, err := OpenHead(s.Note, verifier); err != nil || read != s {
		t.Errorf("OpenHead = %+v, %v, want %+v", read, err, s)
	}
}

// TestChangedHead: any changed bit invalidates a head.
func TestChangedHead(t *testing.T) {
	key := keyOf(t, "e7", 1)
	s := mustSign(t, key, Head{Epoch: "e7", Size: 1 << 40, Root: tlog.Hash{7}})
	for i := range len(s.Note) {
		for bit := range 8 {
			changed := []byte(s.Note)
			changed[i] ^= 1 << bit
			if h, err := OpenHead(string(changed), key.Verifier()); !errors.Is(err, ErrBadHead) {
				t.Errorf("byte %d, bit %d: %+v, %v, want %v", i, bit, h, err, ErrBadHead)
			}
		}
		if _, err := OpenHead(s.Note[:i], key.Verifier()); !errors.Is(err, ErrBadHead) {
			t.Errorf("cut off at %d: %v, want %v", i, err, ErrBadHead)
		}
	}
	for what, text := range map[string]string{
		"more text":        strings.Replace(s.Note, "\n\n", "\nmore\n\n", 1),
		"two signatures":   s.Note + s.Note[strings.Index(s.Note, "—"):],
		"a larger size":    strings.Replace(s.Note, "1099511627776", "1099511627777", 1),
		"a size with zero": strings.Replace(s.Note, "1099511627776", "01099511627776", 1),
		"a negative size":  mustSign(t, key, Head{Epoch: "e7", Size: -1}).Note,
		"trailing spaces":  s.Note + " ",
	} {
		if h, err := OpenHead(text, key.Verifier()); !errors.Is(err, ErrBadHead) {
			t.Errorf("%s: %+v, %v, want %v", what, h, err, ErrBadHead)
		}
	}
	for what, other := range map[string]*Key{"seed": keyOf(t, "e7", 2), "log": keyOf(t, "e8", 1)} {
		if _, err := OpenHead(s.Note, other.Verifier()); !errors.Is(err, ErrBadHead) {
			t.Errorf("with the key of a different %s: %v, want %v", what, err, ErrBadHead)
		}
	}
}

func TestBadKeys(t *testing.T) {
	if _, err := NewKey(make([]byte, 31), "e7"); !errors.Is(err, ErrBadKey) {
		t.Errorf("a short seed: %v, want %v", err, ErrBadKey)
	}
	if _, err := NewKey(make([]byte, 32), "e 7"); !errors.Is(err, ErrBadKey) {
		t.Errorf("an epoch that can't be in a name: %v, want %v", err, ErrBadKey)
	}
	if _, err := keyOf(t, "e7", 1).Sign(Head{Epoch: "e8"}); !errors.Is(err, ErrBadKey) {
		t.Errorf("a head of a different log: %v, want %v", err, ErrBadKey)
	}
	other, err := note.NewEd25519VerifierKey("example.org/log", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "admitone/e7", other, keyOf(t, "e7", 1).String()[:40]} {
		if _, err := NewVerifier(text); !errors.Is(err, ErrBadKey) {
			t.Errorf("%q: %v, want %v", text, err, ErrBadKey)
		}
	}
}
