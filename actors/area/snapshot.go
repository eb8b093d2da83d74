package area

import (
	"bufio"
	"encoding/binary"
	"io"
	"maps"

	"admitone/actors/core"
	"admitone/events"
)

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 2

// snapshotHeader begins a snapshot. The holds follow. Each has the booking's id (16 bytes), expires and first
// (64 bits each), attempt, places and labelled places (32 bits each), the lengths of the holder and the label
// (16 bits each), the holder and the label. Integers are little endian.
type snapshotHeader struct {
	Counts events.AreaCounts
	Last   change
	// Blocked has the numbers of blocked places by label.
	Blocked map[events.BlockLabel]int64 `json:",omitempty"`
	Holds   int
}

// fixedSize is the size of a hold without the holder and the label, in bytes.
const fixedSize = 16 + 8 + 8 + 4 + 4 + 4 + 2 + 2

// writeSize is the minimum size of a write but the last, in bytes. Other entities may write in between.
const writeSize = 16 << 10

// Clone implements [core.Cloner].
func (a *Area) Clone() core.Core {
	clone := *a
	clone.holds, clone.labelled = a.holds.Clone(), a.labelled.Clone()
	clone.deadline, clone.labels = a.deadline.Clone(), maps.Clone(a.labels)
	return &clone
}

// Freeze implements [core.Core].
func (a *Area) Freeze() func(io.Writer) error {
	header := snapshotHeader{a.counts, a.last, map[events.BlockLabel]int64{}, a.holds.Len()}
	for name, l := range a.labels {
		if l.blocked > 0 {
			header.Blocked[name] = l.blocked
		}
	}
	holds, all := a.holds.Freeze(), a.labelled.Freeze()
	return func(w io.Writer) error {
		labelled := maps.Collect(all)
		buf, err := core.AppendSnapshotHeader(nil, header)
		if err != nil {
			return err
		}
		for booking, h := range holds {
			buf = append(buf, booking[:]...)
			buf = binary.LittleEndian.AppendUint64(buf, uint64(h.expires))
			buf = binary.LittleEndian.AppendUint64(buf, uint64(h.first))
			buf = binary.LittleEndian.AppendUint32(buf, h.attempt)
			buf = binary.LittleEndian.AppendUint32(buf, h.places)
			of := labelled[booking]
			buf = binary.LittleEndian.AppendUint32(buf, uint32(of.OfLabel))
			buf = binary.LittleEndian.AppendUint16(buf, uint16(len(h.holder)))
			buf = binary.LittleEndian.AppendUint16(buf, uint16(len(of.Label)))
			buf = append(append(buf, h.holder...), of.Label...)
			if len(buf) >= writeSize {
				if _, err := w.Write(buf); err != nil {
					return err
				}
				buf = buf[:0]
			}
		}
		_, err = w.Write(buf)
		return err
	}
}

// Restore implements [core.Core].
func (a *Area) Restore(r io.Reader) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var header snapshotHeader
	err := core.ReadSnapshotHeader(in, &header)
	if err != nil {
		return err
	}
	a.counts, a.last = header.Counts, header.Last
	for name, blocked := range header.Blocked {
		a.labels[name] = label{blocked: blocked}
	}
	a.holds.Load(header.Holds, func(yield func(events.ID, hold) bool) {
		var fixed [fixedSize]byte
		var name [1 << 16]byte
		for range header.Holds {
			if _, err = io.ReadFull(in, fixed[:]); err != nil {
				return
			}
			holder := name[:binary.LittleEndian.Uint16(fixed[44:])]
			if _, err = io.ReadFull(in, holder); err != nil {
				return
			}
			h := hold{holder: events.Holder(holder), expires: int64(binary.LittleEndian.Uint64(fixed[16:])),
				first:   int64(binary.LittleEndian.Uint64(fixed[24:])),
				attempt: binary.LittleEndian.Uint32(fixed[32:]), places: binary.LittleEndian.Uint32(fixed[36:])}
			booking := events.ID(fixed[:16])
			if err = a.restoreLabelled(in, booking, fixed[40:]); err != nil {
				return
			}
			if h.held() {
				a.open++
				a.deadline.AppendUnordered(booking, h.expires)
			}
			yield(booking, h)
		}
	})
	a.deadline.Heapify()
	return err
}

// restoreLabelled reads the label of a hold. fixed has the number of its labelled places, and the lengths of
// the holder and the label.
func (a *Area) restoreLabelled(in io.Reader, booking events.ID, fixed []byte) error {
	places := int64(binary.LittleEndian.Uint32(fixed))
	name := make([]byte, binary.LittleEndian.Uint16(fixed[6:]))
	if _, err := io.ReadFull(in, name); err != nil || places == 0 {
		return err
	}
	of := events.Labelled{Label: events.BlockLabel(name), OfLabel: places}
	a.labelled.Set(booking, of)
	l := a.labels[of.Label]
	l.taken += places
	a.labels[of.Label] = l
	return nil
}
