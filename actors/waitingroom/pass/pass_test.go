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

// TestFixedSignatures checks the bytes of signatures, because passes must stay valid when nodes are
// updated. The expected bytes were computed independently (in Python with hmac, hashlib and base64).
func TestFixedSignatures(t *testing.T) {
	r := ringOf(t, 3)
	if got := r.VisitorID("sale", ann); got != wantVisitor || len(got) != VisitorSize {
		t.Errorf("VisitorID: got %s, want %s", got, wantVisitor)
	}
	if got := r.Pass("sale", ann, ends); got != wantPass || len(got) != PassSize {
		t.Errorf("Pass: got %s, want %s", got, wantPass)
	}
	if seed, hash := r.Seed("sale"); fmt.Sprintf("%x", seed) != wantSeed || hash != wantHash {
		t.Errorf("Seed: got %x with hash %s, want %s and %s", seed, hash, wantSeed, wantHash)
	}
}

// TestCheck checks a pass as issued, and each way of misusing it.
func TestCheck(t *testing.T) {
	r, other := ringOf(t, 3, 2), ringOf(t, 2, 1)
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
	for _, test := range []struct {
		name   string
		room   events.RoomID
		holder events.Holder
		pass   string
		at     time.Duration
		want   error
	}{
		{"the holder", "sale", "ann", good, 0, nil},
		{"the holder again", "sale", "ann", good, 0, nil},
		{"at the expiry", "sale", "ann", good, time.Minute, nil},
		{"a nanosecond after the expiry", "sale", "ann", good, time.Minute + 1, ErrExpired},
		{"a different holder", "sale", "bob", good, 0, ErrInvalid},
		{"no holder", "sale", "", good, 0, ErrInvalid},
		{"a longer name of the holder", "sale", "ann ", good, 0, ErrInvalid},
		{"a different room", "sale2", "ann", good, 0, ErrInvalid},
		{"no room", "", "ann", good, 0, ErrInvalid},
		{"a different holder after the expiry", "sale", "bob", good, time.Hour, ErrInvalid},
		{"the id of a different key", "sale", "ann", flip(0), 0, ErrInvalid},
		{"a different ticket", "sale", "ann", flip(9), 0, ErrInvalid},
		{"a different expiry", "sale", "ann", flip(20), 0, ErrInvalid},
		{"a different signature", "sale", "ann", flip(40), 0, ErrInvalid},
		{"without the last character", "sale", "ann", good[:len(good)-1], 0, ErrInvalid},
		{"with another character", "sale", "ann", good + "A", 0, ErrInvalid},
		{"with a line break", "sale", "ann", good[:20] + "\n" + good[20:], 0, ErrInvalid},
		{"with a character replaced by a line break", "sale", "ann", good[:20] + "\n" + good[21:], 0, ErrInvalid},
		{"an empty pass", "sale", "ann", "", 0, ErrInvalid},
		{"a visitor's id", "sale", "ann", r.VisitorID("sale", ann), 0, ErrInvalid},
		{"signed with a different secret under the same key id", "sale", "ann", forged.Pass("sale", ann, ends), 0, ErrInvalid},
		{"signed by another node with a key of this ring", "sale", "ann", other.Pass("sale", ann, ends), 0, nil},
		{"signed with a key that is not in the ring", "sale", "ann", ringOf(t, 1).Pass("sale", ann, ends), 0, ErrInvalid},
	} {
		ticket, err := r.Check(test.room, test.holder, test.pass, day.Add(test.at))
		if !errors.Is(err, test.want) || test.want == nil && err != nil {
			t.Errorf("%s: got error %v, want %v", test.name, err, test.want)
		}
		if want := int64(7); err == nil && ticket != want || err != nil && ticket != 0 {
			t.Errorf("%s: got ticket %d, %v; want %d, or 0 with an error", test.name, ticket, err, want)
		}
	}
}

// TestVisitorIDs checks that an id fits into a path, and is accepted for its own room only.
func TestVisitorIDs(t *testing.T) {
	r := ringOf(t, 3, 2)
	id := r.VisitorID("sale", ann)
	if strings.ContainsFunc(id, func(c rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c)
	}) || len(id) > 64 {
		t.Errorf("got visitor id %s, want at most 64 characters of base64url", id)
	}
	if got, err := r.ReadVisitor("sale", id); err != nil || got != ann {
		t.Errorf("ReadVisitor: got %+v, %v; want %+v", got, err, ann)
	}
	for name, test := range map[string]struct {
		room events.RoomID
		id   string
	}{
		"a different room":   {"sal", id},
		"a pass":             {"sale", r.Pass("sale", ann, ends)},
		"a different key":    {"sale", ringOf(t, 1).VisitorID("sale", ann)},
		"cut short":          {"sale", id[1:]},
		"too long":           {"sale", id + "A"},
		"a different ticket": {"sale", id[:11] + "A" + id[12:]},
		"an empty id":        {"sale", ""},
	} {
		if got, err := r.ReadVisitor(test.room, test.id); !errors.Is(err, ErrInvalid) || got != (Visitor{}) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", name, got, err, Visitor{}, ErrInvalid)
		}
	}
}

// TestChangedCharacters checks that replacing any character of a pass or an id makes it invalid.
func TestChangedCharacters(t *testing.T) {
	r := ringOf(t, 3)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	good, id := r.Pass("sale", ann, ends), r.VisitorID("sale", ann)
	for at := range good {
		for _, letter := range []byte(letters) {
			changed := []byte(good)
			changed[at] = letter
			if _, err := r.Check("sale", "ann", string(changed), day); (err == nil) != (string(changed) == good) {
				t.Fatalf("Check of %s instead of %s: got error %v, want none only if they are equal", changed, good, err)
			}
		}
	}
	for at := range id {
		for _, letter := range []byte(letters) {
			changed := []byte(id)
			changed[at] = letter
			if _, err := r.ReadVisitor("sale", string(changed)); (err == nil) != (string(changed) == id) {
				t.Fatalf("ReadVisitor of %s instead of %s: got error %v, want none only if they are equal", changed, id, err)
			}
		}
	}
}

// TestConcurrentChecks checks that of a thousand concurrent uses of one pass by two holders, those by
// its own holder are accepted, and no others.
func TestConcurrentChecks(t *testing.T) {
	r := ringOf(t, 3)
	good := r.Pass("sale", ann, ends)
	var accepted, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			holder := []events.Holder{"ann", "bob"}[i%2]
			_, err := r.Check("sale", holder, good, day)
			switch {
			case err == nil && holder == "ann":
				accepted.Add(1)
			case errors.Is(err, ErrInvalid) && holder == "bob":
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if accepted.Load() != 500 || refused.Load() != 500 {
		t.Errorf("got %d accepted and %d refused, want 500 each", accepted.Load(), refused.Load())
	}
}

// TestRandomValues checks that random passes and ids are accepted and decoded.
func TestRandomValues(t *testing.T) {
	r := ringOf(t, 200, 0, 7)
	rapid.Check(t, func(t *rapid.T) {
		room, holder := events.RoomID(rapid.String().Draw(t, "room")), events.Holder(rapid.String().Draw(t, "holder"))
		v := Visitor{Ticket: rapid.Int64().Draw(t, "ticket"), Holder: HolderOf(holder)}
		expires := time.Unix(0, rapid.Int64Range(-1<<62, 1<<62).Draw(t, "expires"))
		now := expires.Add(time.Duration(rapid.SampledFrom([]int64{-1e9, -1, 0}).Draw(t, "before")))
		if ticket, err := r.Check(room, holder, r.Pass(room, v, expires), now); err != nil || ticket != v.Ticket {
			t.Fatalf("Check: got ticket %d, %v; want %d", ticket, err, v.Ticket)
		}
		if got, err := r.ReadVisitor(room, r.VisitorID(room, v)); err != nil || got != v {
			t.Fatalf("ReadVisitor: got %+v, %v; want %+v", got, err, v)
		}
	})
}

// TestRotation checks that signatures of a key are valid as long as the ring has the key.
func TestRotation(t *testing.T) {
	first := ringOf(t, 254)
	oldPass, oldID := first.Pass("sale", ann, ends), first.VisitorID("sale", ann)
	_, oldHash := first.Seed("sale")
	r := first
	for rotations := 1; rotations <= MaxKeys+2; rotations++ {
		r = r.Rotate()
		_, err := r.Check("sale", "ann", oldPass, day)
		_, errID := r.ReadVisitor("sale", oldID)
		seed := r.SeedOf("sale", oldHash)
		if kept := rotations < MaxKeys; kept != (err == nil) || kept != (errID == nil) || kept != (seed != nil) {
			t.Errorf("after %d rotations, first key: got pass error %v, id error %v, seed %x; want all valid %t", rotations, err, errID, seed, kept)
		}
		if _, err := first.Check("sale", "ann", r.Pass("sale", ann, ends), day); !errors.Is(err, ErrInvalid) {
			t.Errorf("after %d rotations, Check of a new pass with the first key only: got %v, want %v", rotations, err, ErrInvalid)
		}
		if _, err := r.Check("sale", "ann", r.Pass("sale", ann, ends), day); err != nil {
			t.Errorf("after %d rotations, Check of a new pass: got %v, want no error", rotations, err)
		}
	}
	if a, b := r.Rotate(), r.Rotate(); a.signers[0].key.Secret == b.signers[0].key.Secret {
		t.Error("got the same secret from two rotations, want different ones")
	}
}

// TestParse checks that a formatted ring is parsed, with empty lines and any line ends, and that errors
// contain no secret.
func TestParse(t *testing.T) {
	r := ringOf(t, 255, 0, 9)
	parsed, err := Parse(append([]byte("\n  \n"), bytes.ReplaceAll(r.Format(), []byte("\n"), []byte("\r\n"))...))
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed.Pass("sale", ann, ends); got != r.Pass("sale", ann, ends) || !bytes.Equal(parsed.Format(), r.Format()) {
		t.Errorf("got ring %s, want %s", parsed.Format(), r.Format())
	}
	line := string(ringOf(t, 1).Format())
	for name, text := range map[string]string{
		"empty text":     "",
		"no id":          line[2:],
		"id above 255":   "256" + line[1:],
		"id with a sign": "+" + line,
		"no secret":      "1 \n",
		"short secret":   line[:len(line)-2] + "\n",
		"long secret":    line[:len(line)-1] + "AAAA\n",
		"duplicate id":   line + line,
		"too many keys":  tooMany(t),
	} {
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrBadKeyring) {
			t.Errorf("%s: got error %v, want %v", name, err, ErrBadKeyring)
		} else if strings.Contains(err.Error(), line[2:20]) {
			t.Errorf("%s: got error %v, want one without the secret", name, err)
		}
	}
}

// tooMany returns the text of a ring with more than MaxKeys keys.
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
