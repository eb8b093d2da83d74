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

// KeyAge is the minimum time for which a key is remembered; openapi.yaml promises it.
const KeyAge = 24 * time.Hour

// maxKeyWindow bounds the keys remembered by one entity, of about 60 bytes each. Beyond it a keyed
// command is refused as overloaded: no key is forgotten early.
const maxKeyWindow = 4 << 20

// keyUse is what is remembered of a keyed command: the revision of its first event, from which its
// answer is read again, and the hash of its body.
type keyUse struct {
	revision events.Revision
	body     uint64
}

// maxKeysPerCaller bounds the keys of one caller that one entity remembers per day, so that no
// caller can fill the window.
const maxKeysPerCaller = 10_000

// keyWindowCounted is set in a snapshot's version if its key window includes the callers. In older
// snapshots it does not, and the callers' counts start at zero.
const keyWindowCounted = 1 << 16

// callerID is a hash of the caller's name in an event's metadata.
type callerID uint64

func callerOf(actor string) callerID {
	sum := sha256.Sum256([]byte(actor))
	return callerID(binary.LittleEndian.Uint64(sum[:]))
}

// keyWindow remembers the keyed commands of one entity. It has two generations, of which it replaces
// the older one at most once a day. An entry thus lives for one to three days and needs no timestamp.
//
// A window is a function of the stream's events: only commands with facts change it. So an entity that
// has been in memory for days and one that was just loaded know the same keys. A nil window is empty
// and read-only.
type keyWindow struct {
	young, old *core.Table[commandKey, keyUse]
	since      time.Time // when young began
	// callers counts the keys in young by caller. It is nil if and only if young is.
	callers *core.Table[callerID, uint32]
	// only holds a single key, without tables; a second key moves both to young. Most entities with
	// a key, such as seats, never get another, and tables would take five times the memory.
	only    onlyKey
	hasOnly bool // only is in use, and there are no tables
}

// onlyKey is the single key of a window.
type onlyKey struct {
	key commandKey
	by  callerID
	keyUse
}

func newKeyWindow() *keyWindow { return &keyWindow{} }

// orNil returns nil for an empty window, to save memory: most entities never get a key.
func (w *keyWindow) orNil() *keyWindow {
	if w.empty() {
		return nil
	}
	return w
}

func (w *keyWindow) empty() bool { return w.young == nil && w.old == nil && !w.hasOnly }

// onlyAt reports whether only is in use and not expired at a time.
func (w *keyWindow) onlyAt(at time.Time) bool {
	return w != nil && w.hasOnly && at.Sub(w.since) <= 2*KeyAge
}

// unpack moves the single key to the tables.
func (w *keyWindow) unpack() {
	if w.hasOnly {
		w.hasOnly = false
		w.set(w.only.key, w.only.by, w.only.keyUse, w.since)
		w.only = onlyKey{}
	}
}

// generations returns the generations that are valid at a time, nil for one that is not. young becomes
// old at the age of KeyAge, and expires at twice that.
func (w *keyWindow) generations(at time.Time) (young, old *core.Table[commandKey, keyUse]) {
	if w == nil || w.young == nil {
		return nil, nil
	}
	switch age := at.Sub(w.since); {
	case age > 2*KeyAge:
		return nil, nil
	case age > KeyAge:
		return nil, w.young
	}
	return w.young, w.old
}

// get looks up a key that arrives at a time.
func (w *keyWindow) get(key commandKey, at time.Time) (keyUse, bool) {
	if w.onlyAt(at) && w.only.key == key {
		return w.only.keyUse, true
	}
	young, old := w.generations(at)
	for _, t := range []*core.Table[commandKey, keyUse]{young, old} {
		if t == nil {
			continue
		}
		if d, ok := t.Get(key); ok {
			return d, true
		}
	}
	return keyUse{}, false
}

// put remembers a key that was used at a time, instead of any earlier use of it.
func (w *keyWindow) put(key commandKey, by callerID, d keyUse, at time.Time) {
	if w.empty() {
		w.only, w.hasOnly, w.since = onlyKey{key, by, d}, true, at
		return
	}
	w.unpack()
	w.set(key, by, d, at)
}

// set puts a key into the tables.
func (w *keyWindow) set(key commandKey, by callerID, d keyUse, at time.Time) {
	if young, old := w.generations(at); young == nil {
		w.old, w.young = old, core.NewTable[commandKey, keyUse]()
		w.callers, w.since = core.NewTable[callerID, uint32](), at
	}
	w.young.Set(key, d)
	n, _ := w.callers.Get(by)
	w.callers.Set(by, n+1)
}

// exhaustedUntil returns the time until which a caller has no keys left, zero if it has some.
func (w *keyWindow) exhaustedUntil(by callerID, at time.Time) (until time.Time) {
	if young, _ := w.generations(at); young == nil || young.Len() < maxKeysPerCaller {
		return until
	}
	if n, _ := w.callers.Get(by); n >= maxKeysPerCaller {
		until = w.since.Add(KeyAge + time.Nanosecond)
	}
	return until
}

// len counts the keys remembered at a time.
func (w *keyWindow) len(at time.Time) int {
	n := 0
	if w.onlyAt(at) {
		n = 1
	}
	young, old := w.generations(at)
	if young != nil {
		n += young.Len()
	}
	if old != nil {
		n += old.Len()
	}
	return n
}

// clone returns an independent copy of the window.
func (w *keyWindow) clone() *keyWindow {
	if w == nil {
		return newKeyWindow()
	}
	clone := *w
	clone.young, clone.old, clone.callers = w.young.Clone(), w.old.Clone(), w.callers.Clone()
	return &clone
}

// freeze returns a function that writes the window as it is now: since as 64 bits; each generation
// as its length and entries of key, revision and body; the callers as their number and entries of
// caller and count.
func (w *keyWindow) freeze() func(io.Writer) error {
	if w == nil {
		w = newKeyWindow()
	}
	w.unpack()
	since := w.since
	type generation struct {
		size    int
		entries func(func(commandKey, keyUse) bool)
	}
	var generations []generation
	for _, t := range []*core.Table[commandKey, keyUse]{w.young, w.old} {
		g := generation{entries: func(func(commandKey, keyUse) bool) {}}
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

// restore reads the output of freeze. counted reports whether it includes the callers.
func (w *keyWindow) restore(in io.Reader, counted bool) error {
	var word [8]byte
	if _, err := io.ReadFull(in, word[:]); err != nil {
		return err
	}
	w.since = time.Unix(0, int64(binary.LittleEndian.Uint64(word[:])))
	for _, t := range []**core.Table[commandKey, keyUse]{&w.young, &w.old} {
		if _, err := io.ReadFull(in, word[:]); err != nil {
			return err
		}
		size := binary.LittleEndian.Uint64(word[:])
		if size == 0 {
			continue
		}
		*t = core.NewTable[commandKey, keyUse]()
		var err error
		(*t).Load(int(size), func(yield func(commandKey, keyUse) bool) {
			var entry [keySize + 16]byte
			for range size {
				if _, err = io.ReadFull(in, entry[:]); err != nil {
					return
				}
				yield(commandKey(entry[:keySize]), keyUse{
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
		w.young = core.NewTable[commandKey, keyUse]()
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
		return fmt.Errorf("restoring a snapshot: %d callers, but fewer keys", size)
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

// admitKey looks up the key of p. It returns false if p needs no decision: it is then answered here.
func (e *entity) admitKey(p *envelope, key commandKey, body uint64) bool {
	before, known := e.window.get(key, p.decided)
	switch {
	case known && before.body != body:
		e.refuse(p, ErrKeyReused)
	case known:
		p.outcome = outcome{revision: e.revision, replay: before.revision, replayed: true}
		e.settle(p)
	case e.window.len(p.decided) >= maxKeyWindow:
		p.outcome = outcome{revision: e.revision, err: ErrOverloaded}
		e.settle(p)
	default:
		until := e.window.exhaustedUntil(p.caller, p.decided)
		if until.IsZero() || !p.request.Bounded {
			return true
		}
		p.outcome = outcome{revision: e.revision, err: &KeysSpent{Wait: until.Sub(p.decided)}}
		e.settle(p)
	}
	return false
}
