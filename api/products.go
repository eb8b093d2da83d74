package api

import (
	"context"
	"encoding/base64"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections"
)

// Bounds of a product's fields.
const (
	maxName  = 200
	maxPrice = 1_000_000_000_000
	// maxHold is thirty days.
	maxHold = 30 * 24 * 60 * 60
)

func (s *Server) productRoutes() {
	s.handle(fiber.MethodPost, "/v1/products", s.createProduct)
	s.handle(fiber.MethodGet, "/v1/products", s.past(s.listProducts))
	s.handle(fiber.MethodGet, "/v1/products/:id", s.past(s.getProduct))
	s.handle(fiber.MethodPatch, "/v1/products/:id", s.editProduct)
}

func (s *Server) createProduct(r *request) error {
	if err := r.caller.must(RoleAdmin); err != nil {
		return err
	}
	command, err := r.newProduct()
	if err != nil {
		return err
	}
	answer, err := r.ask(product.Stream(command.ID), command, nil)
	if err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/products/"+command.ID)
	if len(answer.Facts) == 0 { // it was there already, just like this
		return s.answerNow(r, command.ID)
	}
	fact, ok := answer.Facts[0].(*events.ProductCreated)
	if !ok {
		return unexpected(answer.Facts)
	}
	r.tag(answer.Revision)
	return r.json(fiber.StatusCreated, AppendProduct(nil, &projections.Product{
		ID: fact.ProductID, Name: fact.DisplayName, Stock: fact.Stock, Price: fact.Price,
		LimitPerHolder: fact.LimitPerHolder, HoldSeconds: fact.HoldSeconds,
		Revision: answer.Revision, Position: answer.Position,
	}, nil))
}

// newProduct reads what a client wants to put on sale.
func (r *request) newProduct() (*product.Create, error) {
	var body struct {
		ID             *string `json:"id"`
		Name           string  `json:"name"`
		Stock          *int64  `json:"stock"`
		Price          *int64  `json:"price"`
		LimitPerHolder *int64  `json:"limit_per_holder"`
		HoldSeconds    *int64  `json:"hold_seconds"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, err
	}
	if body.Stock == nil {
		return nil, invalidField("stock", "say how many units there are")
	}
	id, err := r.newID(body.ID)
	if err != nil {
		return nil, err
	}
	command := &product.Create{ID: id, Name: body.Name}
	if !validText(command.Name, maxName) {
		return nil, invalidField("name", "1 to 200 characters, none of them a control character")
	}
	if command.Stock, err = whole("stock", body.Stock, 0, 0, product.MaxStock); err != nil {
		return nil, err
	}
	if command.Price, err = whole("price", body.Price, 0, 0, maxPrice); err != nil {
		return nil, err
	}
	if command.LimitPerHolder, err = whole("limit_per_holder", body.LimitPerHolder, 0, 0, product.MaxStock); err != nil {
		return nil, err
	}
	command.HoldSeconds, err = whole("hold_seconds", body.HoldSeconds, 300, 1, maxHold)
	return command, err
}

// newID is the client's choice, or else made: from the idempotency key, so that a
// retry means the same thing, or fresh.
func (r *request) newID(chosen *string) (string, error) {
	if chosen != nil {
		if !validID(*chosen) {
			return "", invalidField("id", "1 to 64 of A-Z a-z 0-9 _ and -")
		}
		return *chosen, nil
	}
	key, err := r.key()
	if err != nil || key == "" {
		return actors.NewID().String(), err
	}
	return events.EventID("id "+r.keyOwner()+" "+key, 0).String(), nil
}

func (s *Server) listProducts(r *request) error {
	limit, err := r.limit()
	if err != nil {
		return err
	}
	after, err := r.cursor()
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil {
		return err
	}
	page, next, err := s.config.Views.Products(after, limit)
	if err != nil {
		return err
	}
	at, past, err := r.at()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	o := events.OpenObject(make([]byte, 0, 4096))
	o.Key("items")
	o.Buf = append(o.Buf, '[')
	for i := range page {
		p := &page[i]
		if past {
			if p, err = s.productAt(ctx, p.ID, at); err != nil {
				return err
			}
		}
		if p == nil {
			continue // did not exist yet
		}
		if o.Buf[len(o.Buf)-1] != '[' {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = AppendProduct(o.Buf, p, nil)
	}
	o.Buf = append(o.Buf, ']')
	o.Key("next")
	o.Buf = appendCursor(o.Buf, next)
	if past {
		o.Raw("as_of", appendAsOf(nil, at))
	}
	return r.json(fiber.StatusOK, o.Close())
}

func (s *Server) getProduct(r *request) error {
	id, err := r.param("id", "product")
	if err != nil {
		return err
	}
	at, past, err := r.at()
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil {
		return err
	}
	if !past {
		return s.answerProduct(r, id)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	p, err := s.productAt(ctx, id, at)
	if err != nil {
		return err
	}
	if p == nil {
		return notFound("product")
	}
	if r.tag(p.Revision) {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, AppendProduct(nil, p, &at))
}

func (s *Server) editProduct(r *request) error {
	if err := r.caller.must(RoleAdmin); err != nil {
		return err
	}
	id, err := r.param("id", "product")
	if err != nil {
		return err
	}
	revision, err := r.ifMatch()
	if err != nil {
		return err
	}
	command, err := r.newEdit()
	if err != nil {
		return err
	}
	if _, err := r.ask(product.Stream(id), command, revision); err != nil {
		return err
	}
	return s.answerNow(r, id)
}

// newEdit reads what a client wants to change.
func (r *request) newEdit() (*product.Edit, error) {
	var body struct {
		Name           *string `json:"name"`
		Stock          *int64  `json:"stock"`
		Price          *int64  `json:"price"`
		LimitPerHolder *int64  `json:"limit_per_holder"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, err
	}
	if body.Name != nil && !validText(*body.Name, maxName) {
		return nil, invalidField("name", "1 to 200 characters, none of them a control character")
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

// answerNow answers a command with the product as its actor has it: what has been
// done must not be told as a failure because the views are behind.
func (s *Server) answerNow(r *request, id string) error {
	p := projections.Product{ID: id}
	answer, err := s.config.Desk.View(context.Background(), product.Stream(id), func(c core.Core) {
		created, held, sold := c.(*product.Product).Figures()
		p.Name, p.Stock, p.Price, p.LimitPerHolder, p.HoldSeconds = created.Name, created.Stock, created.Price, created.LimitPerHolder, created.HoldSeconds
		p.Held, p.Sold = held, sold
	})
	if err != nil {
		return err
	}
	p.Revision, p.Position = answer.Revision, answer.Position
	r.tag(p.Revision)
	return r.json(fiber.StatusOK, AppendProduct(nil, &p, nil))
}

// answerProduct answers with the product as the views have it.
func (s *Server) answerProduct(r *request, id string) error {
	p, ok, err := s.config.Views.Product(id)
	if err != nil {
		return err
	}
	if !ok {
		return notFound("product")
	}
	if r.tag(p.Revision) && r.reads() {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, AppendProduct(nil, &p, nil))
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
	o.Int("revision", int64(p.Revision))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

func appendCursor(dst []byte, after string) []byte {
	if after == "" {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = base64.RawURLEncoding.AppendEncode(dst, []byte(after))
	return append(dst, '"')
}
