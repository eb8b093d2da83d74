package events

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"
	"weak"
)

func init() {
	register[PlanPartAdded]()
	register[PlanSealed]()
}

// PlanCategory is the category of the streams of seating plans.
const PlanCategory = "plan"

// PlanStream returns the stream of a plan.
func PlanStream(id PlanID) StreamID { return NewStreamID(PlanCategory, string(id)) }

// PlanPartAdded stores a part of a seating plan's text, in the complete form of [AppendPlan]. Parts are contiguous; a
// part at offset 0 replaces an incomplete upload. Parts have no effect until they are sealed.
type PlanPartAdded struct {
	PlanID PlanID `json:"plan_id"`
	// Digest is the digest of the whole text; see [PlanDigest].
	Digest string `json:"digest"`
	// Offset is the offset of the part in the text, in bytes.
	Offset int64  `json:"offset"`
	Text   string `json:"text"`
}

// PlanSealed completes a plan that consists of the parts added so far. The plan can't change afterwards.
type PlanSealed struct {
	PlanID PlanID `json:"plan_id"`
	// Digest and Bytes are the digest and the length of the whole text.
	Digest string `json:"digest"`
	Bytes  int64  `json:"bytes"`
	// DisplayName is the name of the hall.
	DisplayName string `json:"name"`
	// Seats is the number of seats, and Places that of the places in all areas for sale.
	Seats  int64 `json:"seats"`
	Places int64 `json:"places"`
}

func (*PlanPartAdded) Name() string { return "plan.part_added.v1" }
func (*PlanSealed) Name() string    { return "plan.sealed.v1" }

// PlanDigest returns the SHA-256 of a plan's text in its complete form, in hexadecimal.
func PlanDigest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// maxPlanPart is the length limit of a part's text as JSON. An event with such a part fits in 32 KiB.
const maxPlanPart = 24 << 10

// CutPlanPart splits a plan's text into a first part that every store accepts and the rest. It does not split
// a character.
func CutPlanPart(text []byte) (part, rest []byte) {
	size := 0
	for at := 0; at < len(text); {
		c := text[at]
		_, width := utf8.DecodeRune(text[at:])
		switch {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			size += 2
		case c < 0x20:
			size += 6
		case c >= utf8.RuneSelf && width == 1: // written as U+FFFD
			size += 3
		default:
			size += width
		}
		if size > maxPlanPart {
			return text[:at], text[at:]
		}
		at += width
	}
	return text, nil
}

// ErrNoPlan means that a plan does not exist or is not sealed.
var ErrNoPlan = errors.New("no such seating plan")

// PlanReader assembles the parts of one plan. It is a fold of the plan's stream.
type PlanReader struct {
	Text   []byte
	Digest string
	// Sealed is nil until the plan is sealed.
	Sealed *PlanSealed
}

// Add applies the next fact of the stream. It returns an error if the fact does not continue the ones before.
func (r *PlanReader) Add(fact Fact) error {
	switch f := fact.(type) {
	case *PlanPartAdded:
		if f.Offset == 0 {
			r.Text, r.Digest = r.Text[:0], f.Digest
		}
		if r.Sealed != nil || f.Digest != r.Digest || f.Offset != int64(len(r.Text)) || f.Text == "" {
			return fmt.Errorf("part at offset %d of plan text %s follows %d bytes of plan text %s (sealed: %t)", f.Offset,
				f.Digest, len(r.Text), r.Digest, r.Sealed != nil)
		}
		r.Text = append(r.Text, f.Text...)
	case *PlanSealed:
		if r.Sealed != nil || f.Digest != r.Digest || f.Bytes != int64(len(r.Text)) {
			return fmt.Errorf("seal of %d bytes of plan text %s follows %d bytes of plan text %s (sealed: %t)", f.Bytes,
				f.Digest, len(r.Text), r.Digest, r.Sealed != nil)
		}
		r.Sealed = f
	default:
		return fmt.Errorf("unexpected fact %s in the stream of a plan", fact.Name())
	}
	return nil
}

// Hall returns the hall of a sealed plan. Errors: [ErrNoPlan]; an error if the text has a different digest or
// is not a valid plan.
func (r *PlanReader) Hall() (*Hall, error) {
	if r.Sealed == nil {
		return nil, ErrNoPlan
	}
	if digest := PlanDigest(r.Text); digest != r.Digest {
		return nil, fmt.Errorf("the text of plan %s has the digest %s, want %s", r.Sealed.PlanID, digest, r.Digest)
	}
	if hall := hallsInUse.get(r.Digest); hall != nil {
		return hall, nil
	}
	plan, err := ParsePlan(r.Text)
	if err != nil {
		return nil, err
	}
	hall, err := plan.Compile()
	if err == nil {
		hallsInUse.put(r.Digest, hall)
	}
	return hall, err
}

// hallCache has the halls that are in use, by the digests of their plans.
type hallCache struct {
	mu    sync.Mutex
	halls map[string]weak.Pointer[Hall] // guarded by mu
}

var hallsInUse = hallCache{halls: map[string]weak.Pointer[Hall]{}}

// get returns nil if the hall is not in use.
func (u *hallCache) get(digest string) *Hall {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.halls[digest].Value()
}

func (u *hallCache) put(digest string, hall *Hall) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for other, at := range u.halls {
		if at.Value() == nil {
			delete(u.halls, other)
		}
	}
	u.halls[digest] = weak.Make(hall)
}

// ReadHall returns the hall of a plan, which it reads from the log unless the hall is in use. Errors:
// [ErrNoPlan]; [ErrBadFact]; those of [Store.Read] and [PlanReader.Hall].
func ReadHall(ctx context.Context, store Store, id PlanID) (*Hall, error) {
	last, err := store.Read(ctx, PlanStream(id), EndRevision, Backward, 1)
	if err != nil {
		return nil, err
	}
	for i := range last {
		fact, err := last[i].Decode()
		if err != nil {
			return nil, err
		}
		sealed, ok := fact.(*PlanSealed)
		if !ok {
			return nil, ErrNoPlan
		}
		if hall := hallsInUse.get(sealed.Digest); hall != nil {
			return hall, nil
		}
	}
	plan, err := ReadPlan(ctx, store, id)
	if err != nil {
		return nil, err
	}
	return plan.Hall()
}

// ReadPlan reads the stream of a plan. Errors: [ErrBadFact]; those of [Store.Read].
func ReadPlan(ctx context.Context, store Store, id PlanID) (*PlanReader, error) {
	reader := &PlanReader{}
	for from := Revision(0); ; {
		page, err := store.Read(ctx, PlanStream(id), from, Forward, planPage)
		if err != nil {
			return nil, err
		}
		for i := range page {
			fact, err := page[i].Decode()
			if err == nil {
				err = reader.Add(fact)
			}
			if err != nil {
				return nil, fmt.Errorf("%w: %s@%d: %v", ErrBadFact, page[i].Stream, page[i].Revision, err)
			}
		}
		if len(page) < planPage {
			return reader, nil
		}
		from += Revision(len(page))
	}
}

// planPage is the number of events of a plan per read.
const planPage = 64
