package pass

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
)

// FuzzCheck: only the issued pass is accepted, for its room and holder, until it expires.
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
			t.Fatalf("pass %q was accepted for room %q, holder %q at %v", pass, room, holder, now)
		case own && !now.After(ends) && err != nil:
			t.Fatalf("the issued pass was refused: %v", err)
		case err != nil && !errors.Is(err, ErrInvalid) && !(own && errors.Is(err, ErrExpired)):
			t.Fatalf("Check returned an undocumented error: %v", err)
		}
	})
}

// FuzzReadVisitor: only issued ids are decoded.
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
			t.Fatalf("the issued id was decoded to %+v, %v; want its visitor", v, err)
		case !own && !errors.Is(err, ErrInvalid):
			t.Fatalf("%q in room %q was decoded to %+v, %v; want ErrInvalid", text, room, v, err)
		}
	})
}

// FuzzParse: Parse never panics, and Format round-trips what Parse accepts.
func FuzzParse(f *testing.F) {
	f.Add(ringOf(f, 3, 2).Format())
	f.Add([]byte("1 AA\n\n2"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrBadKeyring) {
				t.Fatalf("Parse returned an undocumented error: %v, want %v", err, ErrBadKeyring)
			}
			return
		}
		again, err := Parse(r.Format())
		if err != nil || string(again.Format()) != string(r.Format()) {
			t.Fatalf("ring %q was formatted and parsed to %q: %v", text, r.Format(), err)
		}
	})
}
