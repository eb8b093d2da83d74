package pass

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
)

// FuzzCheck checks that only the issued pass is accepted, for its room and holder, until it expires.
func FuzzCheck(f *testing.F) {
	r := ringOf(f, 3, 2)
	good := r.Pass("sale", ann, ends)
	f.Add("sale", "ann", good, int64(0))
	f.Add("sale", "ann", good, int64(time.Hour))
	f.Add("sale", "bob", good, int64(0))
	f.Add("sale", "ann", r.VisitorID("sale", ann), int64(0))
	f.Add("", "", "", int64(-1))
	f.Fuzz(func(t *testing.T, room, holder, pass string, after int64) {
		now := day.Add(time.Duration(after))
		_, err := r.Check(events.RoomID(room), events.Holder(holder), pass, now)
		own := room == "sale" && holder == "ann" && pass == good
		switch {
		case err == nil && (!own || now.After(ends)):
			t.Fatalf("Check of pass %q, room %q, holder %q at %v: got no error, want one", pass, room, holder, now)
		case own && !now.After(ends) && err != nil:
			t.Fatalf("Check of the issued pass: got %v, want no error", err)
		case err != nil && !errors.Is(err, ErrInvalid) && !(own && errors.Is(err, ErrExpired)):
			t.Fatalf("Check: got error %v, want ErrInvalid or, for the issued pass, ErrExpired", err)
		}
	})
}

// FuzzReadVisitor checks that only issued ids are accepted.
func FuzzReadVisitor(f *testing.F) {
	r := ringOf(f, 3, 2)
	id := r.VisitorID("sale", ann)
	f.Add("sale", id)
	f.Add("sale", r.Pass("sale", ann, ends))
	f.Add("", "")
	f.Fuzz(func(t *testing.T, room, text string) {
		v, err := r.ReadVisitor(events.RoomID(room), text)
		switch own := room == "sale" && text == id; {
		case own && (err != nil || v != ann):
			t.Fatalf("ReadVisitor of the issued id: got %+v, %v; want %+v", v, err, ann)
		case !own && !errors.Is(err, ErrInvalid):
			t.Fatalf("ReadVisitor of %q in room %q: got %+v, %v; want ErrInvalid", text, room, v, err)
		}
	})
}

// FuzzParse checks that Parse never panics, and that Format round-trips what Parse accepts.
func FuzzParse(f *testing.F) {
	f.Add(ringOf(f, 3, 2).Format())
	f.Add([]byte("1 AA\n\n2"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrBadKeyring) {
				t.Fatalf("Parse: got error %v, want %v", err, ErrBadKeyring)
			}
			return
		}
		again, err := Parse(r.Format())
		if err != nil || string(again.Format()) != string(r.Format()) {
			t.Fatalf("Parse of the formatted ring of %q: got error %v, want the ring %q", text, err, r.Format())
		}
	})
}
