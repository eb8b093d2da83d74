package verify

import (
	"admitone/events"
)

// RuleOrder is the rule for order data, as it is printed.
const RuleOrder Rule = "order data belongs to an existing resource, and a reference to it names its latest fact"

// checkOrderData checks the order data of a product's fact.
func (c *productCheck) checkOrderData(e *events.Recorded, fact events.Fact) *fault {
	switch f := fact.(type) {
	case *events.ProductReserved:
		return c.checkOrderRevision(e, f.ReservationID, 0, !f.OrderData.IsZero())
	case *events.ProductHeld:
		return c.checkOrderRevision(e, f.ReservationID, 0, !f.OrderData.IsZero())
	case *events.ProductConfirmed:
		return c.checkOrderRevision(e, f.ReservationID, f.OrderRevision, false)
	case *events.ProductRetaken:
		return c.checkOrderRevision(e, f.ReservationID, f.OrderRevision, false)
	case *events.ProductPaid:
		return c.checkOrderRevision(e, f.ReservationID, f.OrderRevision, false)
	case *events.ProductPaymentFailed:
		return c.checkOrderRevision(e, f.ReservationID, f.OrderRevision, false)
	case *events.ProductReleased:
		return c.checkOrderRevision(e, f.ReservationID, f.OrderRevision, false)
	case *events.ProductReservationAnnotated:
		return c.checkOrderRevision(e, f.ReservationID, f.OrderRevision, true)
	}
	return nil
}

// checkOrderRevision checks the revision that a fact names for a reservation's order data. If the fact records
// new order data, its own revision is recorded.
func (c *productCheck) checkOrderRevision(e *events.Recorded, name events.ReservationID, before events.Revision,
	isNew bool) *fault {
	if before == 0 && !isNew && len(c.orders) == 0 {
		return nil
	}
	id, err := events.ParseID(string(name))
	if err != nil {
		return faultf(RuleFigures, "a reservation %q", name)
	}
	hashed := c.reservationSet.id(id)
	if known := c.orders[hashed]; known != before {
		return faultf(RuleOrder, "it records that the order data of %s are those of revision %d; they are those of %d", name,
			before, known)
	}
	if isNew {
		if c.orders == nil {
			c.orders = map[key]events.Revision{}
		}
		c.orders[hashed] = e.Revision
	}
	return nil
}

// annotated checks an annotation against the reservation, which may have ended.
func (c *productCheck) annotated(f *events.ProductReservationAnnotated) *fault {
	id, err := events.ParseID(string(f.ReservationID))
	if err != nil {
		return faultf(RuleFigures, "a reservation %q", f.ReservationID)
	}
	if _, ended := c.reservationSet.ended[c.reservationSet.id(id)]; ended {
		called := c.row.fence && f.Status == events.ReservationCancelled
		if f.Status != events.ReservationReleased && f.Status != events.ReservationExpired && !called {
			return faultf(RuleFigures, "it records that %s is %q; it has ended", f.ReservationID, f.Status)
		}
		return nil
	}
	known, fault := c.find(f.ReservationID, f.Holder, f.Quantity)
	if fault != nil {
		return fault
	}
	status := events.ReservationConfirmed
	deadline, held := c.reservationSet.deadline(known)
	if held {
		status = events.ReservationHeld
	}
	if f.Status != status || held != !f.ExpiresAt.IsZero() || held && !f.ExpiresAt.Equal(deadline) {
		return faultf(RuleFigures, "it records that %s is %q until %s; it is %q", f.ReservationID, f.Status,
			events.FormatTime(f.ExpiresAt), status)
	}
	return nil
}
