package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

// HasPayments reports whether an external payment was ever received. Errors: the disk's.
func (r *Reading) HasPayments() (has bool, err error) {
	err = rangeOf(r, viewOf[*payments](r.p).of, "", "\xff", func(string, struct{}) bool {
		has = true
		return false
	})
	return has, err
}

// PaymentsFor calls take with each payment for a booking, or for any reservation of a product, and the entity
// part of its stream name, until take returns false. Errors: the disk's.
func (r *Reading) PaymentsFor(of events.PaidThing, take func(id string, payment row.Payment) bool) error {
	k := viewOf[*payments](r.p)
	begin := paidKey(&of, "")
	var ids []string
	if err := rangeOf(r, k.of, begin, begin+"\xff", func(key string, _ struct{}) bool {
		ids = append(ids, key[len(begin):])
		return true
	}); err != nil {
		return err
	}
	for _, id := range ids {
		payment, _, err := oneOf(r, k.rows.prefix+id, func(record []byte) (row.Payment, error) {
			return row.DecodePayment(id, record)
		})
		if err != nil || !take(id, payment) {
			return err
		}
	}
	return nil
}
