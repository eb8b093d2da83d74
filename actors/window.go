package actors

import (
	"encoding/binary"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// windowAge is how long a key is remembered at least; API.md promises 24 hours.
const windowAge = 24 * time.Hour

// maxWindow bounds the keys remembered by one entity (about 60 bytes each). Past
// it commands with a key are overloaded rather than forgotten early.
const maxWindow = 4 << 20

// done is what is remembered of a keyed command: where its first event is, from
// which the answer is read again, and what the request looked like.
type done struct {
	revision events.Revision
	body     uint64
}

// window remembers the keyed commands of one entity. It keeps two generations
// and turns them over once a day: so an entry lives between one and two days,
// and nothing has to be kept per entry for its age.
type window struct {
	young, old *core.Table[commandKey, done]
	since      time.Time // when young began
}

func newWindow() *window { return &window{} }

func (w *window) get(key commandKey) (done, bool) {
	for _, t := range []*core.Table[commandKey, done]{w.young, w.old} {
		if t == nil {
			continue
		}
		if d, ok := t.Get(key); ok {
			return d, true
		}
	}
	return done{}, false
}

func (w *window) put(key commandKey, d done, at time.Time) {
	w.turn(at)
	if w.young == nil {
		w.young, w.since = core.NewTable[commandKey, done](), at
	}
	w.young.Set(key, d)
}

// turn forgets the old generation once the young one has its age, and both when
// nothing in them is asked for any more. It comes before every look at len: a
// window that is full must not stay so.
func (w *window) turn(at time.Time) {
	if w.young == nil {
		return
	}
	switch age := at.Sub(w.since); {
	case age > 2*windowAge:
		w.old, w.young = nil, nil
	case age > windowAge:
		w.old, w.young, w.since = w.young, core.NewTable[commandKey, done](), at
	}
}

func (w *window) len() int {
	n := 0
	if w.young != nil {
		n += w.young.Len()
	}
	if w.old != nil {
		n += w.old.Len()
	}
	return n
}

// freeze returns a function that writes the window as it is now: since as 64
// bits, then each generation as its length and entries of key, revision, body.
func (w *window) freeze() func(io.Writer) error {
	since := w.since
	type generation struct {
		size    int
		entries func(func(commandKey, done) bool)
	}
	var generations []generation
	for _, t := range []*core.Table[commandKey, done]{w.young, w.old} {
		g := generation{entries: func(func(commandKey, done) bool) {}}
		if t != nil {
			g = generation{size: t.Len(), entries: t.Freeze()}
		}
		generations = append(generations, g)
	}
	return func(out io.Writer) error {
		buf := binary.LittleEndian.AppendUint64(nil, uint64(since.UnixNano()))
		for _, g := range generations {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(g.size))
			for key, d := range g.entries {
				buf = append(buf, key[:]...)
				buf = binary.LittleEndian.AppendUint64(buf, uint64(d.revision))
				buf = binary.LittleEndian.AppendUint64(buf, d.body)
				if len(buf) > 64<<10 {
					if _, err := out.Write(buf); err != nil {
						return err
					}
					buf = buf[:0]
				}
			}
		}
		_, err := out.Write(buf)
		return err
	}
}

func (w *window) restore(in io.Reader) error {
	var word [8]byte
	if _, err := io.ReadFull(in, word[:]); err != nil {
		return err
	}
	w.since = time.Unix(0, int64(binary.LittleEndian.Uint64(word[:])))
	for _, t := range []**core.Table[commandKey, done]{&w.young, &w.old} {
		if _, err := io.ReadFull(in, word[:]); err != nil {
			return err
		}
		size := binary.LittleEndian.Uint64(word[:])
		if size == 0 {
			continue
		}
		*t = core.NewTable[commandKey, done]()
		var err error
		(*t).Load(int(size), func(yield func(commandKey, done) bool) {
			var entry [keySize + 16]byte
			for range size {
				if _, err = io.ReadFull(in, entry[:]); err != nil {
					return
				}
				yield(commandKey(entry[:keySize]), done{
					revision: events.Revision(binary.LittleEndian.Uint64(entry[keySize:])),
					body:     binary.LittleEndian.Uint64(entry[keySize+8:]),
				})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
