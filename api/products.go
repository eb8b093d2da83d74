package api

import (
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections"
)

// Bounds of a product's fields.
const (
	maxPrice = 1_000_000_000_000
	// maxHold is thirty days.
	maxHold = 30 * 24 * 60 * 60
)

func (s *Server) productRoutes() {
	products := &resource[projections.Product]{
		name: "product", path: "/v1/products", server: s, stream: product.Stream,
		list: s.config.Views.Products, get: s.config.Views.Product, at: s.config.Views.ProductAt,
		apply: (*projections.Product).Apply, now: productNow,
		head: func(p *projections.Product) (string, *events.Revision, *events.Position) {
			return p.ID, &p.Revision, &p.Position
		},
		write: AppendProduct,
	}
	s.handle(fiber.MethodPost, "/v1/products", products.create(newProduct, RoleAdmin))
	s.handle(fiber.MethodGet, "/v1/products", s.past(products.listed))
	s.handle(fiber.MethodGet, "/v1/products/:id", s.past(products.one))
	s.handle(fiber.MethodPatch, "/v1/products/:id", products.edit(newProductEdit))
}

// newProduct reads what a client wants to put on sale.
func newProduct(r *request) (core.Command, string, error) {
	var body struct {
		ID             *string `json:"id"`
		Name           string  `json:"name"`
		Stock          *int64  `json:"stock"`
		Price          *int64  `json:"price"`
		LimitPerHolder *int64  `json:"limit_per_holder"`
		HoldSeconds    *int64  `json:"hold_seconds"`
		WaitingRoom    *string `json:"waiting_room"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, "", err
	}
	if body.Stock == nil {
		return nil, "", invalidField("stock", "say how many units there are")
	}
	id, err := r.newID(body.ID)
	if err != nil {
		return nil, "", err
	}
	if err := checkName(&body.Name); err != nil {
		return nil, "", err
	}
	command := &product.Create{ID: id, Name: body.Name}
	if command.WaitingRoom, err = guardedBy(body.WaitingRoom); err != nil {
		return nil, "", err
	}
	if command.Stock, err = whole("stock", body.Stock, 0, 0, product.MaxStock); err != nil {
		return nil, "", err
	}
	if command.Price, err = whole("price", body.Price, 0, 0, maxPrice); err != nil {
		return nil, "", err
	}
	if command.LimitPerHolder, err = whole("limit_per_holder", body.LimitPerHolder, 0, 0, product.MaxStock); err != nil {
		return nil, "", err
	}
	command.HoldSeconds, err = whole("hold_seconds", body.HoldSeconds, 300, 1, maxHold)
	return command, id, err
}

// newProductEdit reads what a client wants to change.
func newProductEdit(r *request) (core.Command, error) {
	var body struct {
		Name           *string `json:"name"`
		Stock          *int64  `json:"stock"`
		Price          *int64  `json:"price"`
		LimitPerHolder *int64  `json:"limit_per_holder"`
		WaitingRoom    *string `json:"waiting_room"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, err
	}
	if err := checkName(body.Name); err != nil {
		return nil, err
	}
	if _, err := guardedBy(body.WaitingRoom); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name  string
		value *int64
		most  int64
	}{{"stock", body.Stock, product.MaxStock}, {"price", body.Price, maxPrice}, {"limit_per_holder", body.LimitPerHolder, product.MaxStock}} {
		if _, err := whole(f.name, f.value, 0, 0, f.most); err != nil {
			return nil, err
		}
	}
	command := product.Edit(body)
	return &command, nil
}

// productNow is the row of a product as its entity has it.
func productNow(c core.Core) projections.Product {
	created, held, sold := c.(*product.Product).Figures()
	return projections.Product{
		ID: created.ID, Name: created.Name, Stock: created.Stock, Price: created.Price,
		LimitPerHolder: created.LimitPerHolder, HoldSeconds: created.HoldSeconds, WaitingRoom: created.WaitingRoom, Held: held, Sold: sold,
	}
}

// AppendProduct appends a product as the HTTP resource, with as_of if it is one of
// the past.
func AppendProduct(dst []byte, p *projections.Product, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", p.ID)
	o.String("name", p.Name)
	o.Int("stock", p.Stock)
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("price", p.Price)
	o.Int("limit_per_holder", p.LimitPerHolder)
	o.Int("hold_seconds", p.HoldSeconds)
	if p.WaitingRoom != "" {
		o.String("waiting_room", p.WaitingRoom)
	}
	o.Int("revision", int64(p.Revision))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
