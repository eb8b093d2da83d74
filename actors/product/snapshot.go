package product

import (
	"bufio"
	"encoding/binary"
	"io"
	"iter"

	"admitone/actors/core"
	"admitone/events"
)

// snapshotVersion changes with the encoding below.
const snapshotVersion = 5

// snapshotHeader is the first part of a snapshot. The reservations follow, each as id, expires (64
// bits), quantity (32), offer (32), length of the holder (16), and holder; all little endian. Then
// come the ids of reservations with order data, each with its revision (64), and the payment
// records. holds and holders are derived. The JSON names are those of older versions of the fields.
type snapshotHeader struct {
	Initial        Create `json:"Born"`
	Latest         Create `json:"Created"`
	Held, Sold     int64
	Reservations   int
	Orders         int
	Upcoming       events.SaleTimes `json:"Ahead"`
	Facts          events.Revision
	Edited         events.Revision
	CalledOff      bool            `json:"Called"`
	EndedAnnotated events.Revision `json:"Restated,omitempty"`
	Offers         []Offer
	Payments       int `json:"Money,omitempty"`
}

const fixedSize = 16 + 8 + 4 + 4 + 2

// chunkSize is the approximate number of bytes per write. Other goroutines may run between writes.
const chunkSize = 16 << 10

// Clone implements [core.Cloner]. The parts that it shares are never changed in place.
func (p *Product) Clone() core.Core {
	clone := *p
	clone.payments, clone.reservations = p.payments.Clone(), p.reservations.Clone()
	clone.orders, clone.holders = p.orders.Clone(), p.holders.Clone()
	clone.deadline = p.deadline.Clone()
	return &clone
}

// Freeze implements [core.Core].
func (p *Product) Freeze() func(io.Writer) error {
	h := snapshotHeader{
		Initial:        p.created(),
		Latest:         p.latest,
		Held:           p.held,
		Sold:           p.sold,
		Reservations:   p.reservations.Len(),
		Upcoming:       p.sale().Upcoming,
		Facts:          p.facts,
		Edited:         p.edited,
		CalledOff:      p.calledOff,
		EndedAnnotated: p.endedAnnotated,
		Offers:         p.offers,
	}
	reservations := p.reservations.Freeze()
	var orders iter.Seq2[events.ID, events.Revision]
	if p.orders != nil {
		h.Orders, orders = p.orders.Len(), p.orders.Freeze()
	}
	var payments iter.Seq2[events.ID, PaymentRecord]
	if p.payments != nil {
		h.Payments, payments = p.payments.Len(), p.payments.Freeze()
	}
	return func(w io.Writer) error {
		if err := writeSnapshot(w, h, reservations, orders); err != nil || payments == nil {
			return err
		}
		return writePayments(w, payments)
	}
}

func writeSnapshot(w io.Writer, h snapshotHeader, reservations iter.Seq2[events.ID, reservation],
	orders iter.Seq2[events.ID, events.Revision]) error {
	buf, err := core.AppendSnapshotHeader(nil, h)
	if err != nil {
		return err
	}
	for id, r := range reservations {
		buf = append(buf, id[:]...)
		buf = binary.LittleEndian.AppendUint64(buf, uint64(r.expires))
		buf = binary.LittleEndian.AppendUint32(buf, r.quantity)
		buf = binary.LittleEndian.AppendUint32(buf, r.offer)
		buf = binary.LittleEndian.AppendUint16(buf, uint16(len(r.holder)))
		buf = append(buf, r.holder...)
		if len(buf) >= chunkSize {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if _, err = w.Write(buf); err != nil || orders == nil {
		return err
	}
	out := bufio.NewWriterSize(w, chunkSize)
	for id, revision := range orders {
		if _, err := out.Write(binary.LittleEndian.AppendUint64(append(buf[:0], id[:]...), uint64(revision))); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Restore implements [core.Core].
func (p *Product) Restore(r io.Reader) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var h snapshotHeader
	err := core.ReadSnapshotHeader(in, &h)
	if err != nil {
		return err
	}
	p.latest, p.held, p.sold = h.Latest, h.Held, h.Sold
	if h.Edited > 0 {
		initial := h.Initial
		p.initial = &initial
	}
	p.calledOff = h.CalledOff
	p.facts, p.edited = h.Facts, h.Edited
	p.setUpcoming(h.Upcoming)
	p.endedAnnotated, p.offers = h.EndedAnnotated, h.Offers
	if h.Facts > 0 {
		p.offer = p.offerOf(Offer{p.latest.Price, p.latest.Cancellation})
	}
	p.reservations = core.NewTable[events.ID, reservation]()
	p.reservations.Load(h.Reservations, func(yield func(events.ID, reservation) bool) {
		var fixed [fixedSize]byte
		var holderBuf [1 << 16]byte
		for range h.Reservations {
			if _, err = io.ReadFull(in, fixed[:]); err != nil {
				return
			}
			holder := holderBuf[:binary.LittleEndian.Uint16(fixed[32:])]
			if _, err = io.ReadFull(in, holder); err != nil {
				return
			}
			id, r := events.ID(fixed[:16]), reservation{
				expires:  int64(binary.LittleEndian.Uint64(fixed[16:])),
				quantity: binary.LittleEndian.Uint32(fixed[24:]),
				offer:    binary.LittleEndian.Uint32(fixed[28:]),
				holder:   events.Holder(holder),
			}
			if r.held() {
				p.holds++
				p.deadline.AppendUnordered(id, r.expires)
			}
			yield(id, r)
		}
	})
	if err == nil && h.Orders > 0 {
		err = p.restoreOrders(in, h.Orders)
	}
	if err == nil && h.Payments > 0 {
		err = p.restorePayments(in, h.Payments)
	}
	if err != nil {
		return err
	}
	p.deadline.Heapify()
	p.countHolders()
	return nil
}

func (p *Product) restoreOrders(in io.Reader, n int) (err error) {
	p.orders = core.NewTable[events.ID, events.Revision]()
	p.orders.Load(n, func(yield func(events.ID, events.Revision) bool) {
		var fixed [16 + 8]byte
		for range n {
			if _, err = io.ReadFull(in, fixed[:]); err != nil {
				return
			}
			yield(events.ID(fixed[:16]), events.Revision(binary.LittleEndian.Uint64(fixed[16:])))
		}
	})
	return err
}
