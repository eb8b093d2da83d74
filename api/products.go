package api

import (
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections/row"
)

// maxHold is the longest time for a hold, thirty days in seconds.
const maxHold = 30 * 24 * 60 * 60

func init() {
	register(kind{collection: "products", rules: product.Kind, routes: (*Server).productRoutes})
}

func (s *Server) productRoutes() {
	products := &resource[row.Product, events.ProductID]{
		name: "product", path: "/v1/products", server: s, stream: product.Stream,
		list: s.config.Views.Products, get: s.config.Views.Product, at: s.config.Views.ProductAt,
		apply: (*row.Product).Apply, now: productNow,
		head: func(p *row.Product) (events.ProductID, *events.Revision, *events.Position) {
			return p.ID, &p.Revision, &p.Position
		},
		write: AppendProduct,
	}
	s.handle(fiber.MethodPost, "/v1/products", products.create(newProduct, RoleAdmin))
	s.handle(fiber.MethodGet, "/v1/products", s.limitPastReads(products.listPage))
	s.handle(fiber.MethodGet, "/v1/products/:id", s.limitPastReads(products.answerOne))
	s.handle(fiber.MethodPatch, "/v1/products/:id", products.edit(newProductEdit))
	s.reservationRoutes()
}

// newProduct decodes and validates the body of a new product.
func newProduct(r *request) (core.Command, events.ProductID, error) {
	var body struct {
		ID             *events.ProductID `json:"id"`
		Name           string            `json:"name"`
		Stock          *int64            `json:"stock"`
		Price          *int64            `json:"price"`
		LimitPerHolder *int64            `json:"limit_per_holder"`
		HoldSeconds    *int64            `json:"hold_seconds"`
		WaitingRoom    *events.RoomID    `json:"waiting_room"`
		OpensAt        *string           `json:"opens_at"`
		ClosesAt       *string           `json:"closes_at"`
		Cancellation   jsontext.Value    `json:"cancellation"`
	}
	if err := r.decode(&body, false, fieldCancellation); err != nil {
		return nil, "", err
	}
	if body.Stock == nil {
		return nil, "", invalidField("stock", "the number of units is missing")
	}
	id, err := newID(r, body.ID)
	if err != nil {
		return nil, "", err
	}
	if err := checkName(&body.Name); err != nil {
		return nil, "", err
	}
	command := &product.Create{ID: id, Name: body.Name}
	if command.WaitingRoom, err = waitingRoomOf(body.WaitingRoom); err != nil {
		return nil, "", err
	}
	if command.Cancellation, err = newCancellation(body.Cancellation); err != nil {
		return nil, "", err
	}
	if command.SaleTimes, err = saleTimes(body.OpensAt, body.ClosesAt); err != nil {
		return nil, "", err
	}
	if command.Stock, err = wholeNumber("stock", body.Stock, 0, 0, product.MaxStock); err != nil {
		return nil, "", err
	}
	if command.Price, err = wholeNumber("price", body.Price, 0, 0, events.MaxPrice); err != nil {
		return nil, "", err
	}
	command.LimitPerHolder, err = wholeNumber("limit_per_holder", body.LimitPerHolder, 0, 0, product.MaxStock)
	if err != nil {
		return nil, "", err
	}
	command.HoldSeconds, err = wholeNumber("hold_seconds", body.HoldSeconds, 300, 1, maxHold)
	return command, id, err
}

// newProductEdit decodes and validates the body of an edit of a product.
func newProductEdit(r *request) (core.Command, error) {
	var body struct {
		Name           *string        `json:"name"`
		Stock          *int64         `json:"stock"`
		Price          *int64         `json:"price"`
		LimitPerHolder *int64         `json:"limit_per_holder"`
		WaitingRoom    *events.RoomID `json:"waiting_room"`
		OpensAt        jsontext.Value `json:"opens_at"`
		ClosesAt       jsontext.Value `json:"closes_at"`
		Cancellation   jsontext.Value `json:"cancellation"`
	}
	if err := r.decode(&body, false, fieldOpensAt, fieldClosesAt, fieldCancellation); err != nil {
		return nil, err
	}
	if err := checkName(body.Name); err != nil {
		return nil, err
	}
	if _, err := waitingRoomOf(body.WaitingRoom); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name  string
		value *int64
		max   int64
	}{
		{"stock", body.Stock, product.MaxStock}, {"price", body.Price, events.MaxPrice},
		{"limit_per_holder", body.LimitPerHolder, product.MaxStock},
	} {
		if _, err := wholeNumber(f.name, f.value, 0, 0, f.max); err != nil {
			return nil, err
		}
	}
	command := &product.Edit{Name: body.Name, Stock: body.Stock, Price: body.Price, LimitPerHolder: body.LimitPerHolder,
		WaitingRoom: body.WaitingRoom}
	var err error
	if command.OpensAt, err = editedTime(fieldOpensAt, body.OpensAt); err != nil {
		return nil, err
	}
	if command.ClosesAt, err = editedTime(fieldClosesAt, body.ClosesAt); err != nil || body.Cancellation == nil {
		return command, err
	}
	rule, err := newCancellation(body.Cancellation)
	command.Cancellation = &rule
	return command, err
}

// productNow converts the state of a product's entity to a row.
func productNow(c core.Core) row.Product {
	p := c.(*product.Product)
	created, held, sold := p.Figures()
	return row.Product{
		ID: created.ID, Name: created.Name, Stock: created.Stock, Price: created.Price,
		LimitPerHolder: created.LimitPerHolder, HoldSeconds: created.HoldSeconds, WaitingRoom: created.WaitingRoom,
		SaleTimes: created.SaleTimes, Cancellation: created.Cancellation, Edited: p.EditRevision(), Held: held, Sold: sold,
	}
}

// AppendProduct appends a product as the HTTP resource, with as_of unless at is nil.
func AppendProduct(dst []byte, p *row.Product, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(p.ID))
	o.String("name", p.Name)
	o.Int("stock", p.Stock)
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("price", p.Price)
	o.Int("limit_per_holder", p.LimitPerHolder)
	o.Int("hold_seconds", p.HoldSeconds)
	if p.WaitingRoom != "" {
		o.String("waiting_room", string(p.WaitingRoom))
	}
	p.AppendSaleTimes(&o)
	appendCancelled(&o, &p.Cancelled)
	appendCancellation(&o, p.Cancellation)
	o.String("edit_tag", editTag(p.Edited))
	o.Int("revision", int64(p.Revision))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
