package product

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"iter"

	"admitone/events"
)

// savedPayment is a payment record in a snapshot: the length of its JSON (32 bits, little endian),
// and the JSON.
type savedPayment struct {
	ID events.ReservationID
	PaymentRecord
}

func writePayments(w io.Writer, payments iter.Seq2[events.ID, PaymentRecord]) error {
	out := bufio.NewWriterSize(w, chunkSize)
	for id, record := range payments {
		encoded, err := json.Marshal(savedPayment{events.ReservationID(id.String()), record})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(encoded))), encoded...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// restorePayments reads n payment records.
func (p *Product) restorePayments(in *bufio.Reader, n int) error {
	for range n {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return err
		}
		encoded, saved := make([]byte, binary.LittleEndian.Uint32(size[:])), savedPayment{}
		if _, err := io.ReadFull(in, encoded); err != nil {
			return err
		}
		if err := json.Unmarshal(encoded, &saved); err != nil {
			return err
		}
		id, err := events.ParseID(string(saved.ID))
		if err != nil {
			return err
		}
		p.setPaymentRecord(id, saved.PaymentRecord)
	}
	return nil
}
