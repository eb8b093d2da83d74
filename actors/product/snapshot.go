package product

import (
	"bufio"
	"encoding/binary"
	"io"
	"iter"

	"admitone/actors/core"
	"admitone/events"
)

// SnapshotVersion changes with the encoding below; a snapshot of another version
// is not read.
const SnapshotVersion = 2

// head is the first part of a snapshot. The reservations follow, each as id,
// expires (64 bits), quantity (32), length of the holder (16), holder; all little
// endian. holds and holders are counted anew.
type head struct {
	Born         Create
	Created      Create
	Held, Sold   int64
	Reservations int
}

const fixedSize = 16 + 8 + 4 + 2

// pieceSize is how much is written at once; between pieces others may go first.
const pieceSize = 16 << 10

// Freeze implements [core.Core].
func (p *Product) Freeze() func(io.Writer) error {
	h := head{Born: p.born, Created: p.created, Held: p.held, Sold: p.sold, Reservations: p.reservations.Len()}
	reservations := p.reservations.Freeze()
	return func(w io.Writer) error { return write(w, h, reservations) }
}

func write(w io.Writer, h head, reservations iter.Seq2[events.ID, reservation]) error {
	buf, err := core.AppendHead(nil, h)
	if err != nil {
		return err
	}
	for id, r := range reservations {
		buf = append(buf, id[:]...)
		buf = binary.LittleEndian.AppendUint64(buf, uint64(r.expires))
		buf = binary.LittleEndian.AppendUint32(buf, r.quantity)
		buf = binary.LittleEndian.AppendUint16(buf, uint16(len(r.holder)))
		buf = append(buf, r.holder...)
		if len(buf) >= pieceSize {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	_, err = w.Write(buf)
	return err
}

// Restore implements [core.Core].
func (p *Product) Restore(r io.Reader) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var h head
	err := core.ReadHead(in, &h)
	if err != nil {
		return err
	}
	p.born, p.created, p.held, p.sold = h.Born, h.Created, h.Held, h.Sold
	p.reservations.Load(h.Reservations, func(yield func(events.ID, reservation) bool) {
		var fixed [fixedSize]byte
		var name [1 << 16]byte
		for range h.Reservations {
			if _, err = io.ReadFull(in, fixed[:]); err != nil {
				return
			}
			holder := name[:binary.LittleEndian.Uint16(fixed[28:])]
			if _, err = io.ReadFull(in, holder); err != nil {
				return
			}
			id, r := events.ID(fixed[:16]), reservation{
				expires:  int64(binary.LittleEndian.Uint64(fixed[16:])),
				quantity: binary.LittleEndian.Uint32(fixed[24:]),
				holder:   string(holder),
			}
			if r.held() {
				p.holds++
				p.deadline.heap = append(p.deadline.heap, deadline{at: r.expires, id: id})
			}
			yield(id, r)
		}
	})
	if err != nil {
		return err
	}
	p.deadline.order()
	p.countHolders()
	return nil
}
