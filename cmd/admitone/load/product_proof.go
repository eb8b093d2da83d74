package load

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"admitone/actors/product"
	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections"
)

// SaleProof compares the product's stream with what the crowd was told.
type SaleProof struct {
	Events uint64 `json:"events"`
	// Acknowledged reservations, those in the log, and those that are there though
	// their buyer never heard: at most Unknown.
	Acknowledged int64 `json:"acknowledged"`
	InLog        int64 `json:"in_log"`
	Unheard      int64 `json:"unheard"`
	Unknown      int64 `json:"unknown"`
	Stock        int64 `json:"stock"`
	Sold         int64 `json:"sold"`
	Held         int64 `json:"held"`
	Remaining    int64 `json:"remaining"`
	wrongs
}

// prove reads the whole stream back. Errors: the server's; what is wrong with the
// sale is in the proof.
func (c *rush) prove(ctx context.Context, server *remote.Log) (Proof, error) {
	p := &SaleProof{wrongs: noWrongs()}
	sale := &recordedSale{standing: map[events.ID]events.ReservationStatus{}}
	verifier := projections.NewVerifier(false)
	for e, err := range events.Stream(ctx, server, product.Stream(c.product), 0) {
		if err != nil {
			return p, err
		}
		err := verifier.Take(&e)
		if err == nil {
			err = sale.take(&e)
		}
		if err != nil {
			p.wrong("%v", err)
			return p, nil
		}
	}
	row := &sale.row
	p.Events, p.InLog = verifier.Events(), int64(len(sale.standing))
	p.Stock, p.Sold, p.Held, p.Remaining = row.Stock, row.Sold, row.Held, row.Remaining()
	p.compare(c, sale.standing)
	if p.Remaining != c.stock-p.Sold-p.Held || p.Sold+p.Held > c.stock {
		p.wrong("of %d, %d are sold, %d held and %d remain", c.stock, p.Sold, p.Held, p.Remaining)
	}
	return p, p.askProduct(ctx, server, row)
}

// compare holds the log to what the crowd was told.
func (p *SaleProof) compare(c *rush, standing map[events.ID]events.ReservationStatus) {
	acknowledged := make(map[events.ID]struct{}, len(standing))
	for _, b := range c.buyers {
		p.Unknown += b.unknown
		if b.unreadable > 0 {
			p.wrong("%d acknowledgements name no reservation", b.unreadable)
		}
		for _, t := range b.tickets {
			p.Acknowledged++
			if _, twice := acknowledged[t.id]; twice {
				p.wrong("%s was acknowledged twice", t.id)
			}
			acknowledged[t.id] = struct{}{}
			switch status, ok := standing[t.id]; {
			case !ok:
				p.wrong("%s was acknowledged and is not in the log", t.id)
			case t.status != "" && t.status != status:
				p.wrong("%s is %s according to its answers, and %s in the log", t.id, t.status, status)
			}
		}
	}
	for id := range standing {
		if _, heard := acknowledged[id]; !heard {
			p.Unheard++
		}
	}
	if p.Unheard > p.Unknown {
		p.wrong("%d reservations in the log were not acknowledged, and only %d outcomes are unknown", p.Unheard, p.Unknown)
	}
}

// askProduct holds the resource to the log.
func (p *SaleProof) askProduct(ctx context.Context, server *remote.Log, row *projections.Product) error {
	var product struct{ Stock, Remaining, Held, Sold int64 }
	path := "/v1/products/" + row.ID + "?min_position=" + strconv.FormatUint(uint64(row.Position), 10)
	if err := ask(ctx, server, path, &product); err != nil {
		return err
	}
	if product.Stock != row.Stock || product.Remaining != row.Remaining() || product.Held != row.Held || product.Sold != row.Sold {
		p.wrong("the server shows stock %d, remaining %d, held %d, sold %d; the log has %d, %d, %d, %d",
			product.Stock, product.Remaining, product.Held, product.Sold, row.Stock, row.Remaining(), row.Held, row.Sold)
	}
	return nil
}

// recordedSale is what a product's stream says of each reservation.
type recordedSale struct {
	row      projections.Product
	standing map[events.ID]events.ReservationStatus
}

func (s *recordedSale) take(e *events.Recorded) error {
	if err := s.row.Apply(e); err != nil {
		return err
	}
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	name, status := "", events.ReservationConfirmed
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
	id, err := events.ParseID(name)
	s.standing[id] = status
	return err
}

func (p *SaleProof) print(out io.Writer) error {
	fmt.Fprintf(out, "  in the log: %d events, %d reservations; acknowledged: %d; unknown outcomes: %d, of which %d are in the log\n",
		p.Events, p.InLog, p.Acknowledged, p.Unknown, p.Unheard)
	fmt.Fprintf(out, "  stock %d = %d remaining + %d held + %d sold\n", p.Stock, p.Remaining, p.Held, p.Sold)
	return p.verdict(out, "every acknowledged reservation is in the log once, and nothing was sold that was not there")
}
