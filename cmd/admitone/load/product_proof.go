package load

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"admitone/actors/product"
	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections/row"
	"admitone/projections/verify"
)

// ProductProof compares the product's stream with the answers.
type ProductProof struct {
	Events uint64 `json:"events"`
	// Acknowledged reservations, those in the log, and those in the log without an answer, of which
	// there may be at most Unknown.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unheard      int64 `json:"unheard"`
	Unknown      int64 `json:"unknown"`
	Stock        int64 `json:"stock"`
	Sold         int64 `json:"sold"`
	Held         int64 `json:"held"`
	Remaining    int64 `json:"remaining"`
	violations
}

// prove implements [Scenario] with the product's stream. Errors: the server's.
func (c *productScenario) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &ProductProof{violations: noViolations()}
	sale := &recordedSale{statuses: map[events.ID]events.ReservationStatus{}}
	verifier := verify.New(false)
	for e, err := range events.Stream(ctx, server, product.Stream(events.ProductID(c.product)), 0) {
		if err != nil {
			return p, err
		}
		err := verifier.Check(&e)
		if err == nil {
			err = sale.apply(&e)
		}
		if err != nil {
			p.add("%v", err)
			return p, nil
		}
	}
	row := &sale.row
	p.Events, p.InLog = verifier.Events(), int64(len(sale.statuses))
	p.Stock, p.Sold, p.Held, p.Remaining = row.Stock, row.Sold, row.Held, row.Remaining()
	p.compare(c, sale.statuses)
	if p.Remaining != c.stock-p.Sold-p.Held || p.Sold+p.Held > c.stock {
		p.add("of %d, %d are sold, %d held and %d remain", c.stock, p.Sold, p.Held, p.Remaining)
	}
	return p, p.checkResource(ctx, server, row)
}

// compare checks the log against the answers.
func (p *ProductProof) compare(c *productScenario, statuses map[events.ID]events.ReservationStatus) {
	acknowledged := make(map[events.ID]struct{}, len(statuses))
	for _, b := range c.buyers {
		p.Unknown += b.unknown
		if b.unreadable > 0 {
			p.add("%d acknowledgements name no reservation", b.unreadable)
		}
		for _, t := range b.reservations {
			p.Acknowledged++
			if _, twice := acknowledged[t.id]; twice {
				p.add("%s was acknowledged twice", t.id)
			}
			acknowledged[t.id] = struct{}{}
			switch status, ok := statuses[t.id]; {
			case !ok:
				p.add("%s was acknowledged but is not in the log", t.id)
			case t.status != "" && t.status != status:
				p.add("%s is %s according to its answers, and %s in the log", t.id, t.status, status)
			}
		}
	}
	for id := range statuses {
		if _, seen := acknowledged[id]; !seen {
			p.Unheard++
		}
	}
	if p.Unheard > p.Unknown {
		p.add("%d reservations in the log were not acknowledged, and only %d outcomes are unknown", p.Unheard, p.Unknown)
	}
}

// checkResource checks the server's resource against the log.
func (p *ProductProof) checkResource(ctx context.Context, server *remote.Log, product *row.Product) error {
	var shown struct{ Stock, Remaining, Held, Sold int64 }
	path := "/v1/products/" + string(product.ID) + "?min_position=" + strconv.FormatUint(uint64(product.Position), 10)
	if err := readRetrying(ctx, server, path, &shown); err != nil {
		return err
	}
	if shown.Stock != product.Stock || shown.Remaining != product.Remaining() || shown.Held != product.Held ||
		shown.Sold != product.Sold {
		p.add("the server shows stock %d, remaining %d, held %d, sold %d; the log has %d, %d, %d, %d",
			shown.Stock, shown.Remaining, shown.Held, shown.Sold, product.Stock, product.Remaining(), product.Held, product.Sold)
	}
	return nil
}

// recordedSale is the state of a product and its reservations, folded from the stream.
type recordedSale struct {
	row      row.Product
	statuses map[events.ID]events.ReservationStatus
}

func (s *recordedSale) apply(e *events.Recorded) error {
	if err := s.row.Apply(e); err != nil {
		return err
	}
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	name, status := events.ReservationID(""), events.ReservationConfirmed
	switch f := fact.(type) {
	case *events.ProductReserved:
		name = f.ReservationID
	case *events.ProductConfirmed:
		name = f.ReservationID
	case *events.ProductHeld:
		name, status = f.ReservationID, events.ReservationHeld
	case *events.ProductReleased:
		name, status = f.ReservationID, events.ReservationReleased
	case *events.ProductExpired:
		return fmt.Errorf("position %d: a hold of an hour has expired", e.Position)
	default:
		return nil
	}
	id, err := events.ParseID(string(name))
	s.statuses[id] = status
	return err
}

func (p *ProductProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d reservations; acknowledged: %d; unknown outcomes: %d, of which %d are "+
		"in the log\n",
		p.Events, p.InLog, p.Acknowledged, p.Unknown, p.Unheard)
	fmt.Fprintf(out, "  stock %d = %d remaining + %d held + %d sold\n", p.Stock, p.Remaining, p.Held, p.Sold)
	return p.verdict(out, "every acknowledged reservation is in the log once, and nothing was oversold")
}
