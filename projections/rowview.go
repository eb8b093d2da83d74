package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
)

// rowConfig configures a view of one row per entity and its topics.
type rowConfig[R any] struct {
	// version as in registration.
	version string
	// category of the streams; each stream has one row.
	category string
	encode   func(dst []byte, row *R) []byte
	decode   func(id string, record []byte) (R, error)
	apply    func(row *R, e *events.Recorded, fact events.Fact) error
	// position returns the position of the last event folded into a row.
	position func(row *R) events.Position
	topics   *live.RowTopics[R] // nil for no topics
}

// registerRows registers a view that consists of its rows and their topics, if any.
func registerRows[R any](config rowConfig[R]) {
	register(registration{
		version:    config.version,
		categories: []string{config.category},
		open:       func(p *Projections) view { return newRowView(p, config) },
	})
}

// rowView is a view of one row per entity and its topics.
type rowView[R any] struct {
	config rowConfig[R]
	rows   *table[R]
	topic  *live.Topics     // nil for none
	delta  live.RowDelta[R] // reused for every event
}

func newRowView[R any](p *Projections, of rowConfig[R]) *rowView[R] {
	v := &rowView[R]{config: of, rows: newTable(p, of.category, of.encode, of.decode)}
	if of.topics == nil {
		return v
	}
	v.topic = live.NewTopics(of.topics.Prefix, v.state)
	v.topic.Category, v.topic.FrameEvery = of.topics.Category, of.topics.FrameEvery
	return v
}

func (v *rowView[R]) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	_, err = v.foldRow(e, fact)
	return 0, err
}

// foldRow folds an event into its row, and publishes the change to the row's topic. It returns the row's entry,
// nil if the event created the row.
func (v *rowView[R]) foldRow(e *events.Recorded, fact events.Fact) (*entry[R], error) {
	id := e.Stream.Entity()
	entry, err := v.rows.find(id)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		var row R
		if err := v.config.apply(&row, e, fact); err != nil {
			return nil, err
		}
		v.rows.add(id, row)
		return nil, nil
	}
	if v.topic == nil {
		if err := v.config.apply(&entry.row, e, fact); err != nil {
			return nil, err
		}
		v.rows.changed(entry)
		return entry, nil
	}
	before := v.config.topics.RemainingOf(&entry.row)
	if err := v.config.apply(&entry.row, e, fact); err != nil {
		return nil, err
	}
	v.rows.changed(entry)
	if t := v.topic.Watched(id); t != nil {
		v.delta = v.config.topics.Changed(before, entry.row, fact)
		t.Change(v.config.position(&entry.row), &v.delta)
	}
	return entry, nil
}

func (v *rowView[R]) flush(b *pebble.Batch) error { return v.rows.flush(b) }

func (v *rowView[R]) reset() { v.rows.reset() }

func (v *rowView[R]) topics() []*live.Topics {
	if v.topic == nil {
		return nil
	}
	return []*live.Topics{v.topic}
}

func (v *rowView[R]) table() *table[R] { return v.rows }

// state returns the state of a row's topic. The lock must be held.
func (v *rowView[R]) state(id string) (live.State, events.Position, error) {
	e, err := v.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return v.config.topics.State(e.row), v.config.position(&e.row), nil
}

// rowOf returns the row of id in a view's table, and whether it exists. Errors: the disk's.
func rowOf[V view, R any](p *Projections, of func(V) *table[R], id string) (row R, ok bool, err error) {
	if err := p.enter(); err != nil {
		return row, false, err
	}
	defer p.leave()
	return of(viewOf[V](p)).get(id)
}

// pageOf returns up to limit rows of a view's table with ids above after, in byte order of the ids, and the
// cursor of the next page, "" on the last. Errors: the disk's.
func pageOf[V view, R any](p *Projections, of func(V) *table[R], after string, limit int,
	id func(*R) string) (page []R, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave()
	page, more, err := of(viewOf[V](p)).list(after, limit)
	if err != nil || !more || len(page) == 0 {
		return page, "", err
	}
	return page, id(&page[len(page)-1]), nil
}
