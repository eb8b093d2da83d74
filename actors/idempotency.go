package actors

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// keyWindowAge is how long a key is remembered at least, which is what openapi.yaml promises.
const keyWindowAge = 24 * time.Hour

// maxKeyWindow bounds the keys remembered by one entity (about 60 bytes each). Past
// it commands with a key are overloaded rather than forgotten early.
const maxKeyWindow = 4 << 20

// done is what is remembered of a keyed command: where its first event is, from
// which the answer is read again, and what the request looked like.
type done struct {
	revision events.Revision
	body     uint64
}

// maxKeysPerCaller bounds the keys of one caller that one entity remembers in a day, so
// that no caller fills the window for all.
const maxKeysPerCaller = 10_000

// keyWindowCounted in a snapshot's version says that the window in it has its callers; that
// of a snapshot of before has none, and their keys count from nothing.
const keyWindowCounted = 1 << 16

// callerID is a hash of the caller's name, as an event's metadata has it.
type callerID uint64

func callerOf(actor string) callerID {
	sum := sha256.Sum256([]byte(actor))
	return callerID(binary.LittleEndian.Uint64(sum[:]))
}

// keyWindow remembers the keyed commands of one entity. It keeps two generations and
// turns them over once a day: so an entry lives for a day at least and for three at
// most, and nothing has to be kept per entry for its age.
//
// Only put changes it. A key that is looked up, whose command is refused or leads to
// nothing leaves no trace, as it leaves none in the log: so a window is a function of the
// events, and the one of an entity that has lived for days knows the same keys at any
// time as one that is read again.
type keyWindow struct {
	young, old *core.Table[commandKey, done]
	since      time.Time // when young began
	// callers counts the keys in young by caller. It is there when young is.
	callers *core.Table[callerID, uint32]
}

func newKeyWindow() *keyWindow { return &keyWindow{} }

// known are the generations that are remembered at a time, nil for one that is not: young
// is old once it has its age, and both are forgotten when nothing in them is asked for any
// more.
func (w *keyWindow) known(at time.Time) (young, old *core.Table[commandKey, done]) {
	switch age := at.Sub(w.since); {
	case w.young == nil || age > 2*keyWindowAge:
		return nil, nil
	case age > keyWindowAge:
		return nil, w.young
	}
	return w.young, w.old
}

// get looks a key up that comes at a time.
func (w *keyWindow) get(key commandKey, at time.Time) (done, bool) {
	young, old := w.known(at)
	for _, t := range []*core.Table[commandKey, done]{young, old} {
		if t == nil {
			continue
		}
		if d, ok := t.Get(key); ok {
			return d, true
		}
	}
	return done{}, false
}

// put remembers a key from a time on, in the place of an older command under it.
func (w *keyWindow) put(key commandKey, by callerID, d done, at time.Time) {
	if young, old := w.known(at); young == nil {
		w.old, w.young = old, core.NewTable[commandKey, done]()
		w.callers, w.since = core.NewTable[callerID, uint32](), at
	}
	w.young.Set(key, d)
	n, _ := w.callers.Get(by)
	w.callers.Set(by, n+1)
}

// spent says until when a caller has no key left at a time, zero if there is one.
func (w *keyWindow) spent(by callerID, at time.Time) (until time.Time) {
	if young, _ := w.known(at); young == nil || young.Len() < maxKeysPerCaller {
		return until
	}
	if n, _ := w.callers.Get(by); n >= maxKeysPerCaller {
		until = w.since.Add(keyWindowAge + time.Nanosecond)
	}
	return until
}

// len counts the keys that are remembered at a time.
func (w *keyWindow) len(at time.Time) int {
	n := 0
	young, old := w.known(at)
	if young != nil {
		n += young.Len()
	}
	if old != nil {
		n += old.Len()
	}
	return n
}

// freeze returns a function that writes the window as it is now: since as 64
// bits, then each generation as its length and entries of key, revision, body, then the
// callers as their number and entries of caller, keys.
func (w *keyWindow) freeze() func(io.Writer) error {
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
	callers, counts := 0, func(func(callerID, uint32) bool) {}
	if w.callers != nil {
		callers, counts = w.callers.Len(), w.callers.Freeze()
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
		buf = binary.LittleEndian.AppendUint64(buf, uint64(callers))
		for by, n := range counts {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(by))
			if buf = binary.LittleEndian.AppendUint32(buf, n); len(buf) > 64<<10 {
				if _, err := out.Write(buf); err != nil {
					return err
				}
				buf = buf[:0]
			}
		}
		_, err := out.Write(buf)
		return err
	}
}

// restore reads what freeze wrote; counted says that the callers are in it.
func (w *keyWindow) restore(in io.Reader, counted bool) error {
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
	if w.young != nil || w.old != nil {
		w.callers = core.NewTable[callerID, uint32]()
	}
	if w.young == nil && w.old != nil {
		w.young = core.NewTable[commandKey, done]()
	}
	if !counted {
		return nil
	}
	return w.restoreCallers(in)
}

func (w *keyWindow) restoreCallers(in io.Reader) error {
	var entry [12]byte
	if _, err := io.ReadFull(in, entry[:8]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint64(entry[:])
	if size == 0 {
		return nil
	}
	if w.young == nil || size > uint64(w.young.Len()) {
		return fmt.Errorf("restoring a snapshot: %d callers have fewer keys", size)
	}
	w.callers = core.NewTable[callerID, uint32]()
	var err error
	w.callers.Load(int(size), func(yield func(callerID, uint32) bool) {
		for range size {
			if _, err = io.ReadFull(in, entry[:]); err != nil {
				return
			}
			yield(callerID(binary.LittleEndian.Uint64(entry[:])), binary.LittleEndian.Uint32(entry[8:]))
		}
	})
	return err
}
