package wallet

import (
	"bufio"
	"encoding/binary"
	"io"

	"admitone/actors/core"
	"admitone/events"
)

// snapshotVersion changes with the encoding below.
const snapshotVersion = 1

// snapshotHeader is the first part of a snapshot. The payments follow in no order, each as
// amount (64 bits), closed (8), length of the id (16) and the id, all little endian.
type snapshotHeader struct {
	Exists   bool
	Balance  int64
	Payments int
}

const fixedSize = 8 + 1 + 2

// Freeze implements [core.Core].
func (w *Wallet) Freeze() func(io.Writer) error {
	h := snapshotHeader{Exists: w.exists, Balance: w.balance, Payments: w.payments.Len()}
	payments := w.payments.Freeze()
	return func(to io.Writer) error {
		out := bufio.NewWriter(to)
		record, err := core.AppendSnapshotHeader(nil, h)
		if err != nil {
			return err
		}
		if _, err := out.Write(record); err != nil {
			return err
		}
		for id, paid := range payments {
			record = binary.LittleEndian.AppendUint64(record[:0], uint64(paid.Amount))
			closed := byte(0)
			if paid.Closed {
				closed = 1
			}
			record = binary.LittleEndian.AppendUint16(append(record, closed), uint16(len(id)))
			if _, err := out.Write(append(record, id...)); err != nil {
				return err
			}
		}
		return out.Flush()
	}
}

// Restore implements [core.Core].
func (w *Wallet) Restore(r io.Reader) error {
	in := bufio.NewReader(r)
	var h snapshotHeader
	err := core.ReadSnapshotHeader(in, &h)
	if err != nil {
		return err
	}
	w.exists, w.balance = h.Exists, h.Balance
	w.payments.Load(h.Payments, func(yield func(events.HoldID, Payment) bool) {
		var fixed [fixedSize]byte
		for range h.Payments {
			if _, err = io.ReadFull(in, fixed[:]); err != nil {
				return
			}
			id := make([]byte, binary.LittleEndian.Uint16(fixed[9:]))
			if _, err = io.ReadFull(in, id); err != nil {
				return
			}
			yield(events.HoldID(id), Payment{Amount: int64(binary.LittleEndian.Uint64(fixed[:])), Closed: fixed[8] != 0})
		}
	})
	return err
}
