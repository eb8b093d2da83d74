package pass

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

var (
	day  = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	ends = day.Add(time.Minute)
)

// fixedKey returns a key that is the same in every run.
func fixedKey(id byte) Key {
	k := Key{ID: id}
	for i := range k.Secret {
		k.Secret[i] = id + byte(i)*7
	}
	return k
}

func ringOf(t testing.TB, ids ...byte) *Keyring {
	t.Helper()
	var keys []Key
	for _, id := range ids {
		keys = append(keys, fixedKey(id))
	}
	r, err := NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	wantVisitor = "AwAAAAAAAAAHSZFeDX1LQC4wF9AQvBwOg7vAj0t5fc4L53CVdpnLGKs"
	wantPass    = "AwAAAAAAAAAHGKuJf9G12ACvRZpqMhqau9FE_zs-qFyN"
	wantSeed    = "4519cca59ff9f0f19203eb2063a4db4eefde403c137720550d2865c691b5efb6"
	wantHash    = "89d28a8f4db3d16c5962fc01d5d10889f0795343d9662a5051c9cacf20dbfe42"
)

var ann = Visitor{Ticket: 7, Holder: HolderOf("ann")}

// TestFrozen fixes the bytes of signatures: passes outlive a program. The expected ones were
// computed by an independent program (Python: hmac, hashlib, base64).
func TestFrozen(t *testing.T) {
	r := ringOf(t, 3)
	if got := r.VisitorID("sale", ann); got != wantVisitor || len(got) != VisitorSize {
		t.Errorf("a visitor's id is %s, want %s", got, wantVisitor)
	}
	if got := r.Pass("sale", ann, ends); got != wantPass || len(got) != PassSize {
		t.Errorf("a pass is %s, want %s", got, wantPass)
	}
	if seed, hash := r.Seed("sale"); fmt.Sprintf("%x", seed) != wantSeed || hash != wantHash {
		t.Errorf("a seed is %x with the hash %s, want %s and %s", seed, hash, wantSeed, wantHash)
	}
}

// TestOnlyItsOwn has a line for each way of misusing a pass.
func TestOnlyItsOwn(t *testing.T) {
	r, stranger := ringOf(t, 3, 2), ringOf(t, 2, 1)
	forged, err := NewKeyring(Key{ID: 3})
	if err != nil {
		t.Fatal(err)
	}
	good := r.Pass("sale", ann, ends)
	flip := func(at int) string {
		b := []byte(good)
		b[at] ^= 1
		return string(b)
	}
	for _, attempt := range []struct {
		about  string
		room   events.RoomID
		holder events.Holder
		pass   string
		at     time.Duration
		want   error
	}{
		{"its owner", "sale", "ann", good, 0, nil},
		{"again", "sale", "ann", good, 0, nil},
		{"at the end", "sale", "ann", good, time.Minute, nil},
		{"a nanosecond later", "sale", "ann", good, time.Minute + 1, ErrExpired},
		{"somebody else", "sale", "bob", good, 0, ErrInvalid},
		{"nobody", "sale", "", good, 0, ErrInvalid},
		{"a name that begins the same", "sale", "ann ", good, 0, ErrInvalid},
		{"a different room", "sale2", "ann", good, 0, ErrInvalid},
		{"no room", "", "ann", good, 0, ErrInvalid},
		{"somebody else, too late", "sale", "bob", good, time.Hour, ErrInvalid},
		{"the id of a different key", "sale", "ann", flip(0), 0, ErrInvalid},
		{"a different ticket", "sale", "ann", flip(9), 0, ErrInvalid},
		{"a different end", "sale", "ann", flip(20), 0, ErrInvalid},
		{"a different signature", "sale", "ann", flip(40), 0, ErrInvalid},
		{"without the end", "sale", "ann", good[:len(good)-1], 0, ErrInvalid},
		{"with more", "sale", "ann", good + "A", 0, ErrInvalid},
		{"with a line break", "sale", "ann", good[:20] + "\n" + good[20:], 0, ErrInvalid},
		{"with a line break in its place", "sale", "ann", good[:20] + "\n" + good[21:], 0, ErrInvalid},
		{"nothing", "sale", "ann", "", 0, ErrInvalid},
		{"a visitor's id", "sale", "ann", r.VisitorID("sale", ann), 0, ErrInvalid},
		{"made with a guessed key", "sale", "ann", forged.Pass("sale", ann, ends), 0, ErrInvalid},
		{"made by another node, with a key that we have", "sale", "ann", stranger.Pass("sale", ann, ends), 0, nil},
		{"made with a key that we don't have", "sale", "ann", ringOf(t, 1).Pass("sale", ann, ends), 0, ErrInvalid},
	} {
		ticket, err := r.Check(attempt.room, attempt.holder, attempt.pass, day.Add(attempt.at))
		if !errors.Is(err, attempt.want) || attempt.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", attempt.about, err, attempt.want)
		}
		if want := int64(7); err == nil && ticket != want || err != nil && ticket != 0 {
			t.Errorf("%s: Check = ticket %d, %v; want %d, or 0 with an error", attempt.about, ticket, err, want)
		}
	}
}

// TestVisitorIDs: an id is decoded to its values, for its own room only.
func TestVisitorIDs(t *testing.T) {
	r := ringOf(t, 3, 2)
	id := r.VisitorID("sale", ann)
	if strings.ContainsFunc(id, func(c rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c)
	}) || len(id) > 64 {
		t.Errorf("visitor id %s can't be used in a path, or is too long", id)
	}
	if got, err := r.ReadVisitor("sale", id); err != nil || got != ann {
		t.Errorf("read as %+v, %v, want %+v", got, err, ann)
	}
	for about, wrong := range map[string]struct {
		room events.RoomID
		id   string
	}{
		"a different room":   {"sal", id},
		"a pass":             {"sale", r.Pass("sale", ann, ends)},
		"a different key":    {"sale", ringOf(t, 1).VisitorID("sale", ann)},
		"cut short":          {"sale", id[1:]},
		"too long":           {"sale", id + "A"},
		"a different ticket": {"sale", id[:11] + "A" + id[12:]},
		"nothing":            {"sale", ""},
	} {
		if got, err := r.ReadVisitor(wrong.room, wrong.id); !errors.Is(err, ErrInvalid) || got != (Visitor{}) {
			t.Errorf("%s: %+v, %v, want %v, %+v", about, got, err, ErrInvalid, Visitor{})
		}
	}
}

// TestEveryBit: a changed or appended bit makes a signature invalid.
func TestEveryBit(t *testing.T) {
	r := ringOf(t, 3)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	good, id := r.Pass("sale", ann, ends), r.VisitorID("sale", ann)
	for at := range good {
		for _, letter := range []byte(letters) {
			changed := []byte(good)
			changed[at] = letter
			if _, err := r.Check("sale", "ann", string(changed), day); (err == nil) != (string(changed) == good) {
				t.Fatalf("Check of %s instead of %s: %v, want success only if equal", changed, good, err)
			}
		}
	}
	for at := range id {
		for _, letter := range []byte(letters) {
			changed := []byte(id)
			changed[at] = letter
			if _, err := r.ReadVisitor("sale", string(changed)); (err == nil) != (string(changed) == id) {
				t.Fatalf("ReadVisitor of %s instead of %s: %v, want success only if equal", changed, id, err)
			}
		}
	}
}

// TestTwoHolders: of a thousand concurrent uses of one pass by two holders, those of its owner are
// accepted and no others.
func TestTwoHolders(t *testing.T) {
	r := ringOf(t, 3)
	good := r.Pass("sale", ann, ends)
	var in, out atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			holder := []events.Holder{"ann", "bob"}[i%2]
			_, err := r.Check("sale", holder, good, day)
			switch {
			case err == nil && holder == "ann":
				in.Add(1)
			case errors.Is(err, ErrInvalid) && holder == "bob":
				out.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 500 || out.Load() != 500 {
		t.Errorf("%d got in and %d did not, want 500 each", in.Load(), out.Load())
	}
}

// TestAnything: any values round-trip.
func TestAnything(t *testing.T) {
	r := ringOf(t, 200, 0, 7)
	rapid.Check(t, func(t *rapid.T) {
		room, holder := events.RoomID(rapid.String().Draw(t, "room")), events.Holder(rapid.String().Draw(t, "holder"))
		v := Visitor{Ticket: rapid.Int64().Draw(t, "ticket"), Holder: HolderOf(holder)}
		expires := time.Unix(0, rapid.Int64Range(-1<<62, 1<<62).Draw(t, "expires"))
		now := expires.Add(time.Duration(rapid.SampledFrom([]int64{-1e9, -1, 0}).Draw(t, "before")))
		if ticket, err := r.Check(room, holder, r.Pass(room, v, expires), now); err != nil || ticket != v.Ticket {
			t.Fatalf("ticket %d, %v, want %d", ticket, err, v.Ticket)
		}
		if got, err := r.ReadVisitor(room, r.VisitorID(room, v)); err != nil || got != v {
			t.Fatalf("%+v, %v, want %+v", got, err, v)
		}
	})
}

func TestRotation(t *testing.T) {
	first := ringOf(t, 254)
	oldPass, oldID := first.Pass("sale", ann, ends), first.VisitorID("sale", ann)
	_, oldHash := first.Seed("sale")
	r := first
	for turn := 1; turn <= MaxKeys+2; turn++ {
		r = r.Rotate()
		_, err := r.Check("sale", "ann", oldPass, day)
		_, errID := r.ReadVisitor("sale", oldID)
		seed := r.SeedOf("sale", oldHash)
		if kept := turn < MaxKeys; kept != (err == nil) || kept != (errID == nil) || kept != (seed != nil) {
			t.Errorf("after %d rotations, signatures of the first key: pass %v, id %v, seed %x; want all valid or none", turn, err, errID, seed)
		}
		if _, err := first.Check("sale", "ann", r.Pass("sale", ann, ends), day); !errors.Is(err, ErrInvalid) {
			t.Errorf("after %d rotations, a new pass checked with the first key: %v, want %v", turn, err, ErrInvalid)
		}
		if _, err := r.Check("sale", "ann", r.Pass("sale", ann, ends), day); err != nil {
			t.Errorf("after %d rotations: %v", turn, err)
		}
	}
	if a, b := r.Rotate(), r.Rotate(); a.signers[0].key.Secret == b.signers[0].key.Secret {
		t.Error("two new keys are the same")
	}
}

func TestRingsAsText(t *testing.T) {
	r := ringOf(t, 255, 0, 9)
	back, err := Parse(append([]byte("\n  \n"), bytes.ReplaceAll(r.Format(), []byte("\n"), []byte("\r\n"))...))
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Pass("sale", ann, ends); got != r.Pass("sale", ann, ends) || !bytes.Equal(back.Format(), r.Format()) {
		t.Errorf("Parse returned a ring that differs from %s", r.Format())
	}
	line := string(ringOf(t, 1).Format())
	for about, text := range map[string]string{
		"nothing":        "",
		"no id":          line[2:],
		"an id above":    "256" + line[1:],
		"a sign":         "+" + line,
		"no secret":      "1 \n",
		"a short secret": line[:len(line)-2] + "\n",
		"a long secret":  line[:len(line)-1] + "AAAA\n",
		"twice an id":    line + line,
		"too many":       tooMany(t),
	} {
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrBadKeyring) {
			t.Errorf("%s: %v, want %v", about, err, ErrBadKeyring)
		} else if strings.Contains(err.Error(), line[2:20]) {
			t.Errorf("%s: the error contains the secret: %v", about, err)
		}
	}
}

func tooMany(t *testing.T) (text string) {
	for id := range MaxKeys + 1 {
		text += string(ringOf(t, byte(id)).Format())
	}
	return text
}

func BenchmarkReadVisitor(b *testing.B) {
	r := ringOf(b, 3)
	id := r.VisitorID("sale-2031", ann)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadVisitor("sale-2031", id); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	r := ringOf(b, 3)
	good := r.Pass("sale-2031", ann, ends)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Check("sale-2031", "ann", good, day); err != nil {
			b.Fatal(err)
		}
	}
}
