package kinds

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/api"
	"admitone/cmd/admitone/load"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// productKind is a product with counted stock.
var productKind = register(&Kind{
	Name:           "product",
	Rules:          product.Kind,
	Show:           showingMoney(row.ProductAt, productText, api.AppendProduct),
	Command:        productCommand,
	RefusedCommand: productRefusedCommand,
	WaitingRoom: func(c core.Core) events.RoomID {
		created, _, _ := c.(*product.Product).Figures()
		return created.WaitingRoom
	},
	Settings: &Settings{
		Bounds: map[string][2]int64{"hold_seconds": {1, 86_400}, "limit_per_holder": {0, product.MaxStock},
			"stock": {0, product.MaxStock}},
		Before: productBefore,
		Intent: productIntent,
		Edit: func(c core.Core, p Policy) core.Command {
			edit := &product.Edit{Stock: p.Value("stock"), LimitPerHolder: p.Value("limit_per_holder")}
			if !c.(*product.Product).Exists() || *edit == (product.Edit{}) {
				return nil
			}
			return edit
		},
	},
	Requests:        productRequests,
	RefusedRequests: productRefusedRequests,
	Figures:         productFigures,
	Scenario:        "hot-product",
	NewScenario:     load.HotProduct,
})

func productText(out io.Writer, p *row.Product, c events.Currency) error {
	limit := "none"
	if p.LimitPerHolder > 0 {
		limit = fmt.Sprint(p.LimitPerHolder)
	}
	_, err := fmt.Fprintf(out, `product/%s  %s%s
  stock      %d = %d remaining + %d held + %d sold
  price      %s
  limit      %s per holder
  holds      %d s%s
  revision   %d, position %d
  created    %s
  changed    %s
`, p.ID, p.Name, cancelledText(&p.Cancelled), p.Stock, p.Remaining(), p.Held, p.Sold, c.Text(p.Price), limit, p.HoldSeconds, saleText(p.SaleTimes),
		p.Revision, p.Position, events.FormatTime(p.Created), events.FormatTime(p.Updated))
	return err
}

// saleText returns a line with the sale times, or "" if there are none.
func saleText(times events.SaleTimes) string {
	var bounds []string
	if !times.OpensAt.IsZero() {
		bounds = append(bounds, "from "+events.FormatTime(times.OpensAt))
	}
	if !times.ClosesAt.IsZero() {
		bounds = append(bounds, "closed from "+events.FormatTime(times.ClosesAt))
	}
	if len(bounds) == 0 {
		return ""
	}
	return "\n  sale       " + strings.Join(bounds, ", ")
}

func productCommand(request *demand.Request, room events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.ProductCreated:
		return &product.Create{ID: f.ProductID, Name: f.DisplayName, Stock: f.Stock, Price: f.Price,
			LimitPerHolder: f.LimitPerHolder, HoldSeconds: f.HoldSeconds, WaitingRoom: f.WaitingRoom,
			SaleTimes: f.SaleTimes, Cancellation: f.Cancellation}, nil
	case *events.ProductCancelled:
		return &product.Cancel{Reason: f.Reason}, nil
	case *events.ProductEdited:
		return &product.Edit{Name: &f.DisplayName, Stock: &f.Stock, Price: &f.Price,
			LimitPerHolder: &f.LimitPerHolder, WaitingRoom: &f.WaitingRoom,
			OpensAt: &f.OpensAt, ClosesAt: &f.ClosesAt, Cancellation: &f.Cancellation}, nil
	case *events.ProductReserved:
		return reservation(f.ReservationID, func(id events.ID) core.Command {
			return &product.Reserve{ReservationID: id, Holder: f.Holder, Quantity: f.Quantity, Room: room,
				Order: f.OrderData}
		})
	case *events.ProductHeld:
		return reservation(f.ReservationID, func(id events.ID) core.Command {
			return &product.Reserve{ReservationID: id, Holder: f.Holder, Quantity: f.Quantity, Hold: true, Room: room,
				Order: f.OrderData}
		})
	case *events.ProductConfirmed:
		return reservation(f.ReservationID, func(id events.ID) core.Command { return &product.Confirm{ReservationID: id} })
	case *events.ProductReleased:
		return reservation(f.ReservationID, func(id events.ID) core.Command {
			return &product.Release{ReservationID: id, Reason: f.Reason}
		})
	}
	return nil, nil
}

// reservation returns the command for the reservation with a recorded id.
func reservation(id events.ReservationID, command func(events.ID) core.Command) (core.Command, error) {
	parsed, err := events.ParseID(string(id))
	if err != nil {
		return nil, fmt.Errorf("%w: the reservation %q: %w", events.ErrDamaged, id, err)
	}
	return command(parsed), nil
}

func productRefusedCommand(f *events.RefusalRecorded, path []string, room events.RoomID) core.Command {
	if len(path) < 2 || path[1] != "reservations" {
		return nil
	}
	post := f.Method == http.MethodPost
	if len(path) == 2 {
		if !post {
			return nil
		}
		return &product.Reserve{ReservationID: actors.NewID(), Holder: f.Holder, Quantity: max(1, f.Quantity),
			Hold: f.Hold, Room: room}
	}
	id, err := events.ParseID(path[2])
	switch {
	case err != nil:
		return nil
	case post:
		return &product.Confirm{ReservationID: id}
	}
	return &product.Release{ReservationID: id}
}

func productBefore(fact events.Fact, p Policy) events.Fact {
	f, ok := fact.(*events.ProductCreated)
	if !ok {
		return fact
	}
	changed := *f
	p.Apply("hold_seconds", &changed.HoldSeconds)
	return &changed
}

func productIntent(fact events.Fact, p Policy) events.Fact {
	switch f := productBefore(fact, p).(type) {
	case *events.ProductCreated:
		p.Apply("stock", &f.Stock)
		p.Apply("limit_per_holder", &f.LimitPerHolder)
		return f
	case *events.ProductEdited:
		changed := *f
		p.Apply("stock", &changed.Stock)
		p.Apply("limit_per_holder", &changed.LimitPerHolder)
		return &changed
	}
	return fact
}

func productRequests(request *demand.Request) (all []*Request) {
	path := "/v1/products/" + request.Stream.Entity()
	reserve := func(id events.ReservationID, holder events.Holder, quantity int64, hold bool,
		order *events.OrderData) *Request {
		body := WithOrderData(members{"holder": holder, "quantity": quantity, "hold": hold}, order)
		r := Post(path+"/reservations", body, On(request.Stream, Acquire), OnReservation(id))
		r.Creates = string(id)
		return r
	}
	release := func(id events.ReservationID, query string) *Request {
		return Delete(path+"/reservations/<"+string(id)+">"+query, On(request.Stream, Release), OnReservation(id))
	}
	switch f := request.Fact.(type) {
	case *events.ProductCreated:
		return setup(Post("/v1/products", members{"id": request.Stream.Entity(), "name": f.DisplayName, "stock": f.Stock,
			"price": f.Price, "limit_per_holder": f.LimitPerHolder, "hold_seconds": LongHold,
			"cancellation": cancellationOf(f.Cancellation)}, On(request.Stream, Exclusive)))
	case *events.ProductCancelled:
		return cancelRequest(request, "products", f.Reason)
	case *events.ProductEdited:
		return setup(&Request{Method: http.MethodPatch, Path: path, Edit: true, Needs: []Need{On(request.Stream, Exclusive)},
			Body: members{"name": f.DisplayName, "stock": f.Stock, "price": f.Price, "limit_per_holder": f.LimitPerHolder,
				"cancellation": cancellationOf(f.Cancellation)}})
	case *events.ProductReserved:
		all = append(all, reserve(f.ReservationID, f.Holder, f.Quantity, false, &f.OrderData))
	case *events.ProductHeld:
		all = append(all, reserve(f.ReservationID, f.Holder, f.Quantity, true, &f.OrderData))
	case *events.ProductConfirmed:
		all = append(all, Post(path+"/reservations/<"+string(f.ReservationID)+">/confirm", nil,
			On(request.Stream, Shared), OnReservation(f.ReservationID)))
	case *events.ProductReleased:
		all = append(all, release(f.ReservationID, InTime))
	case *events.ProductExpired:
		for i := range f.Expired {
			r := release(f.Expired[i].ReservationID, "")
			r.System = true
			all = append(all, r)
		}
	}
	return all
}

// OnReservation returns the exclusive need for a reservation.
func OnReservation(id events.ReservationID) Need { return Need{"reservation-" + string(id), Exclusive} }

func productRefusedRequests(f *events.RefusalRecorded, path []string) (all []*Request) {
	stock := On(events.StreamID(f.Stream), Exclusive)
	switch {
	case len(path) < 2 || path[1] != "reservations":
		return nil
	case len(path) == 2:
		return []*Request{{Method: f.Method, Path: f.Path, Needs: []Need{stock},
			Body: members{"holder": f.Holder, "quantity": max(1, f.Quantity), "hold": f.Hold}}}
	}
	reservation := "/v1/products/" + path[0] + "/reservations/<" + path[2] + ">"
	needs := []Need{stock, OnReservation(events.ReservationID(path[2]))}
	if core.Code(f.Code) == core.CodeHoldExpired {
		expire := Delete(reservation, needs...)
		expire.System = true
		all = append(all, expire)
	}
	return append(all, &Request{Method: f.Method, Path: strings.Join(append([]string{reservation}, path[3:]...), "/"),
		Needs: needs})
}

func productFigures(ctx context.Context, store events.Store, id string, at events.Position) (map[string]int64, error) {
	row, err := row.ProductAt(ctx, store, events.ProductID(id), at)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"held": row.Held, "sold": row.Sold}, nil
}
