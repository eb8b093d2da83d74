package product

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"iter"

	"admitone/events"
)

// savedMoney is an entry of money in a snapshot: the length (32 bits) of its JSON, then the JSON.
type savedMoney struct {
	ID events.ReservationID
	Money
}

func writeMoney(w io.Writer, money iter.Seq2[events.ID, Money]) error {
	out := bufio.NewWriterSize(w, pieceSize)
	for id, m := range money {
		one, err := json.Marshal(savedMoney{events.ReservationID(id.String()), m})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(one))), one...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// restoreMoney reads n entries.
func (p *Product) restoreMoney(in *bufio.Reader, n int) error {
	for range n {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return err
		}
		one, saved := make([]byte, binary.LittleEndian.Uint32(size[:])), savedMoney{}
		if _, err := io.ReadFull(in, one); err != nil {
			return err
		}
		if err := json.Unmarshal(one, &saved); err != nil {
			return err
		}
		id, err := events.ParseID(string(saved.ID))
		if err != nil {
			return err
		}
		p.setMoney(id, saved.Money)
	}
	return nil
}
