package wallet

import (
	"bufio"
	"encoding/binary"
	"io"

	"admitone/actors/core"
	"admitone/events"
)

// snapshotVersion changes with the encoding below.
const snapshotVersion = 2

// snapshotHeader is the first part of a snapshot. The payments follow in no order, each as amount
// and refunded (64 bits each), closed (8), the number of parts (16), and the ids of the payment and
// its parts, each after its length (16); all little endian.
type snapshotHeader struct {
	Exists   bool
	Balance  int64
	Payments int
}

// fixedSize is the size of the part of a payment before its ids.
const fixedSize = 8 + 8 + 1 + 2

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
		for id, payment := range payments {
			record = binary.LittleEndian.AppendUint64(record[:0], uint64(payment.Amount))
			record = binary.LittleEndian.AppendUint64(record, uint64(payment.Refunded))
			closed := byte(0)
			if payment.Closed {
				closed = 1
			}
			record = binary.LittleEndian.AppendUint16(append(record, closed), uint16(len(payment.Parts)))
			record = appendText(record, string(id))
			for _, part := range payment.Parts {
				record = appendText(record, string(part))
			}
			if _, err := out.Write(record); err != nil {
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
			payment := Payment{Amount: int64(binary.LittleEndian.Uint64(fixed[:])),
				Refunded: int64(binary.LittleEndian.Uint64(fixed[8:])), Closed: fixed[16] != 0}
			var id, part string
			if id, err = readText(in); err != nil {
				return
			}
			for range binary.LittleEndian.Uint16(fixed[17:]) {
				if part, err = readText(in); err != nil {
					return
				}
				payment.Parts = append(payment.Parts, events.RefundID(part))
			}
			yield(events.HoldID(id), payment)
		}
	})
	return err
}

func appendText(dst []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint16(dst, uint16(len(text))), text...)
}

func readText(in io.Reader) (string, error) {
	var size [2]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return "", err
	}
	text := make([]byte, binary.LittleEndian.Uint16(size[:]))
	_, err := io.ReadFull(in, text)
	return string(text), err
}
