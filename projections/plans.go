package projections

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"weak"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version:    "plan.v1",
		categories: []string{events.PlanCategory},
		open:       func(p *Projections) view { return newPlans(p) },
	})
}

// plans is the view of seating plans: a row per plan, a record per part of its text, and a cache of the halls in
// use.
type plans struct {
	rows  *table[row.Plan]
	texts *records[string]
	halls hallCache
	// reading is held while a hall's text is read, by callers that hold no other lock, so that only one
	// text at a time is in memory.
	reading sync.Mutex
}

func newPlans(p *Projections) *plans {
	return &plans{
		rows: newTable(p, "plan", row.AppendPlan, row.DecodePlan),
		texts: newRecords(p, "plan-text", func(dst []byte, text *string) []byte { return append(dst, *text...) },
			decodeText),
	}
}

// planTextKey is the key of a part of a plan's text.
func planTextKey(id events.PlanID, part int64) string {
	return ownedKey(string(id), string(binary.BigEndian.AppendUint32(nil, uint32(part))))
}

func (v *plans) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	entry, err := v.rows.find(e.Stream.Entity())
	if err != nil {
		return 0, err
	}
	var next row.Plan
	if entry != nil {
		next = entry.row
	}
	parts, revision := next.Parts, next.Revision
	if err := next.ApplyFact(e, fact); err != nil || entry != nil && next.Revision == revision {
		return 0, err
	}
	if part, ok := fact.(*events.PlanPartAdded); ok {
		for i := next.Parts; i < parts; i++ { // a new upload replaces an incomplete one
			v.texts.delete(planTextKey(next.ID, i))
		}
		v.texts.set(planTextKey(next.ID, next.Parts-1), &part.Text)
	}
	if entry == nil {
		v.rows.add(e.Stream.Entity(), next)
		return 1, nil
	}
	entry.row = next
	v.rows.changed(entry)
	return 1 + int(max(0, parts-next.Parts)), nil
}

func (v *plans) flush(b *pebble.Batch) error {
	if err := v.rows.flush(b); err != nil {
		return err
	}
	return v.texts.flush(b)
}

func (v *plans) reset() {
	v.rows.reset()
	v.texts.reset()
}

func (v *plans) topics() []*live.Topics { return nil }

func (v *plans) table() *table[row.Plan] { return v.rows }

// Plan returns the row of a sealed seating plan, and whether it exists. Errors: the disk's.
func (p *Projections) Plan(id events.PlanID) (row.Plan, bool, error) {
	plan, ok, err := rowOf(p, (*plans).table, string(id))
	return plan, ok && plan.Sealed, err
}

// Plans returns up to limit sealed seating plans with ids above after, as [Projections.Products] does. Plans that
// are not sealed are omitted, so a page that is not the last may have fewer than limit plans. Errors: the disk's.
func (p *Projections) Plans(after string, limit int) (page []row.Plan, next string, err error) {
	page, next, err = pageOf(p, (*plans).table, after, limit, func(plan *row.Plan) string { return string(plan.ID) })
	return slices.DeleteFunc(page, func(plan row.Plan) bool { return !plan.Sealed }), next, err
}

// PlanText returns one part, counted from 0, of the text of a seating plan. Errors: [events.ErrNoPlan]; the disk's.
func (p *Projections) PlanText(id events.PlanID, part int64) (string, error) {
	if err := p.enter(); err != nil {
		return "", err
	}
	defer p.leave()
	text, ok, err := viewOf[*plans](p).texts.get(planTextKey(id, part))
	if err == nil && !ok {
		err = events.ErrNoPlan
	}
	return text, err
}

// Hall returns the hall of a seating plan. If the views don't have the plan, Hall first waits until they contain the
// log up to its present end. Errors: [events.ErrNoPlan]; those of [Projections.CatchUp]; the disk's.
func (p *Projections) Hall(ctx context.Context, id events.PlanID) (*events.Hall, error) {
	hall, err := p.hall(id)
	if err != events.ErrNoPlan {
		return hall, err
	}
	if err := p.CatchUp(ctx); err != nil {
		return nil, err
	}
	return p.hall(id)
}

func (p *Projections) hall(id events.PlanID) (*events.Hall, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	v := viewOf[*plans](p)
	if hall := v.halls.get(id); hall != nil {
		return hall, nil
	}
	v.reading.Lock()
	defer v.reading.Unlock()
	return v.hall(id, v.rows.get, v.texts.get)
}

// storedHall returns a hall from the records on disk. It needs no lock, and may be called with Projections.mu held.
func (v *plans) storedHall(id events.PlanID) (*events.Hall, error) {
	return v.hall(id, v.rows.stored, v.texts.stored)
}

// foldedHall returns a hall for the fold, which holds the lock.
func (v *plans) foldedHall(id events.PlanID) (*events.Hall, error) {
	return v.hall(id, func(id string) (plan row.Plan, ok bool, err error) {
		entry, err := v.rows.find(id)
		if err != nil || entry == nil {
			return plan, false, err
		}
		return entry.row, true, nil
	}, v.texts.find)
}

// hall returns the hall of a plan, compiled from its text unless it is cached.
func (v *plans) hall(id events.PlanID, find func(id string) (row.Plan, bool, error),
	text func(key string) (string, bool, error)) (*events.Hall, error) {
	if hall := v.halls.get(id); hall != nil {
		return hall, nil
	}
	plan, ok, err := find(string(id))
	if err != nil {
		return nil, err
	}
	if !ok || !plan.Sealed {
		return nil, events.ErrNoPlan
	}
	reader := events.PlanReader{Text: make([]byte, 0, plan.Bytes), Digest: plan.Digest,
		Sealed: &events.PlanSealed{PlanID: id, Digest: plan.Digest}}
	for part := range plan.Parts {
		text, ok, err := text(planTextKey(id, part))
		if err == nil && !ok {
			err = fmt.Errorf("%w: part %d of plan %s is missing in the views", row.ErrRecord, part, id)
		}
		if err != nil {
			return nil, err
		}
		reader.Text = append(reader.Text, text...)
	}
	return v.halls.make(id, reader.Hall)
}

// cachedHalls bounds the memory, in bytes, of the recently used halls that are kept.
const cachedHalls = 20 << 20

// hallCache caches immutable halls: all halls in use, so that each is in memory once, and the most
// recently used ones. The zero value is ready to use.
type hallCache struct {
	// compiling is held while a hall is compiled, which temporarily takes much memory. Its owner acquires no
	// lock other than mu.
	compiling sync.Mutex

	mu     sync.Mutex
	halls  map[events.PlanID]weak.Pointer[events.Hall] // guarded by mu
	recent []cachedHall                                // most recently used last; guarded by mu
}

type cachedHall struct {
	id   events.PlanID
	hall *events.Hall
}

// get returns a cached hall, or nil.
func (c *hallCache) get(id events.PlanID) *events.Hall {
	c.mu.Lock()
	defer c.mu.Unlock()
	hall := c.halls[id].Value()
	if hall == nil {
		return nil
	}
	if n := len(c.recent); n == 0 || c.recent[n-1].hall != hall {
		c.use(id, hall)
	}
	return hall
}

// use makes a hall the most recently used, and evicts the oldest beyond cachedHalls. mu must be held.
func (c *hallCache) use(id events.PlanID, hall *events.Hall) {
	c.recent = slices.DeleteFunc(c.recent, func(r cachedHall) bool { return r.id == id })
	c.recent = append(c.recent, cachedHall{id, hall})
	bytes := 0
	for i, r := range slices.Backward(c.recent) {
		if bytes += r.hall.Bytes(); bytes > cachedHalls && i < len(c.recent)-1 {
			c.recent = slices.Clone(c.recent[i+1:])
			break
		}
	}
}

// make returns the cached hall of a plan, or the hall that compile returns.
func (c *hallCache) make(id events.PlanID, compile func() (*events.Hall, error)) (*events.Hall, error) {
	c.compiling.Lock()
	defer c.compiling.Unlock()
	if hall := c.get(id); hall != nil {
		return hall, nil
	}
	hall, err := compile()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.halls == nil {
		c.halls = map[events.PlanID]weak.Pointer[events.Hall]{}
	}
	for other, at := range c.halls {
		if at.Value() == nil {
			delete(c.halls, other)
		}
	}
	c.halls[id] = weak.Make(hall)
	c.use(id, hall)
	return hall, nil
}
