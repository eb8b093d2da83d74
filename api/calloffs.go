package api

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/calloff"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "calloffs", rules: calloff.Kind, routes: (*Server).callOffRoutes})
}

// callOffKind describes a kind of resource that can be cancelled.
type callOffKind struct {
	collection string // in paths
	category   string // of its streams
	// find reports whether the resource exists, and returns its cancellation.
	find func(s *Server, from *projections.Reading, id string) (cancelled row.Cancelled, ok bool, err error)
	// each calls visit, in the order of the keys, for every booking, reservation or entry that the
	// cancellation has ended, will end or, without a cancellation yet, would end. It stops at the first
	// error of visit.
	each func(s *Server, from *projections.Reading, id string, cancelled *row.Cancelled, now time.Time,
		visit func(key string, a *affected) error) error
}

// affected is a booking, reservation or entry (a sale) that a cancellation affects.
type affected struct {
	id, holder, status string
	quantity           int64
	remaining          bool // the cancellation has not ended it yet
	paid               bool // it has been paid, so it is refunded
	refund             int64
	method             string // of the payment
	provider           events.Provider
}

// callOffs are the kinds of resources that can be cancelled.
var callOffs = []callOffKind{
	{"performances", events.PerformanceCategory, (*Server).performanceCancellation, (*Server).affectedBookings},
	{"products", events.ProductCategory, (*Server).productCancellation, (*Server).affectedReservations},
	{"tournaments", events.TournamentCategory, (*Server).tournamentCancellation, (*Server).affectedEntries},
}

func (s *Server) callOffRoutes() {
	for _, of := range callOffs {
		path := "/v1/" + of.collection + "/:id/cancellation"
		s.handle(fiber.MethodPost, path, s.callOff(of))
		s.handle(fiber.MethodGet, path, s.limitReads(s.getCallOff(of)))
	}
}

// dryRun returns the query parameter dry_run. It refuses unknown parameters, because a misspelt one would make
// a dry run a cancellation, which can't be undone.
func (r *request) dryRun() (bool, error) {
	if err := r.checkParameters("dry_run", "limit", "cursor", "min_position"); err != nil {
		return false, err
	}
	return r.flag("dry_run")
}

// callOff cancels a resource. It answers 202 with the progress or, for a dry run, 200 with the
// affected sales.
func (s *Server) callOff(of callOffKind) handler {
	return func(r *request) error {
		if err := r.caller.requireRole(RoleAdmin); err != nil {
			return err
		}
		id, err := param[string](r, "id", of.category)
		if err != nil {
			return err
		}
		dry, err := r.dryRun()
		if err != nil {
			return err
		}
		var body struct {
			Reason *string `json:"reason"`
		}
		if err := r.decode(&body, dry); err != nil {
			return err
		}
		if body.Reason == nil && !dry || body.Reason != nil && !printable(*body.Reason, maxReason) {
			return invalidField("reason", "give a reason of 1 to 200 printable characters")
		}
		if dry {
			return s.limitReads(func(r *request) error { return s.answerCallOff(r, of, id, fiber.StatusOK) })(r)
		}
		if s.config.Sweeps == nil {
			return notFound("cancellation")
		}
		if _, err := r.paging(); err != nil { // check the parameters of the answer before cancelling
			return err
		}
		err = r.keyed(func(command actors.CommandID) error {
			answer, err := s.config.Sweeps.CallOff(context.Background(), r.source(command), of.category, id, *body.Reason)
			s.notePosition(answer.Position)
			if answer.Replayed {
				r.set(headerReplay, "true")
			}
			return err
		})
		r.noteHead()
		if err != nil {
			return err
		}
		return s.answerCallOff(r, of, id, fiber.StatusAccepted)
	}
}

// getCallOff answers with the progress of a cancellation.
func (s *Server) getCallOff(of callOffKind) handler {
	return func(r *request) error {
		if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
			return err
		}
		id, err := param[string](r, "id", of.category)
		if err != nil {
			return err
		}
		return s.answerCallOff(r, of, id, fiber.StatusOK)
	}
}

// callOffReport collects the sales that a cancellation ends, or would end.
type callOffReport struct {
	of        callOffKind
	id        string
	cancelled row.Cancelled
	row       row.CallOff
	// position is the log position of the views.
	position events.Position

	holders                                     map[uint64]struct{} // hashes of their names
	affected, unpaid, paid, remaining, quantity int64
	refunds                                     []callOffRefund

	// items are the page: up to limit items with keys greater than after. next is the key of the last one,
	// "" if it is the last of all.
	after, next string
	limit       int
	items       []affected
	keys        []string
}

// callOffRefund counts the refunds of one payment method and provider.
type callOffRefund struct {
	method   string
	provider events.Provider
	count    int64
	amount   int64
}

// answerCallOff answers with the state of a cancellation in the views. With status 202, the cancellation has
// just been accepted: the answer then succeeds even if the views lag.
func (s *Server) answerCallOff(r *request, of callOffKind, id string, status int) error {
	p, err := r.paging()
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil && status != fiber.StatusAccepted {
		return err
	}
	from, err := s.config.Views.Read()
	if err != nil {
		return err
	}
	defer from.Close()
	c := &callOffReport{of: of, id: id, position: from.Position(), holders: map[uint64]struct{}{}, after: p.after,
		limit: p.limit}
	var found bool
	if c.cancelled, found, err = of.find(s, from, id); err != nil {
		return err
	}
	if !found && status != fiber.StatusAccepted {
		return notFound(of.category)
	}
	if r.method() == fiber.MethodGet && c.cancelled.Fence == 0 {
		return notFound("cancellation")
	}
	if c.row, _, err = from.CallOff(events.NewCallOffID(of.category, id)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	err = of.each(s, from, id, &c.cancelled, time.Now(), func(key string, a *affected) error {
		c.add(key, a)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return r.json(status, c.append(nil, s.config.Currency.Code, status == fiber.StatusAccepted))
}

// holderSeed is the seed of the hashes in callOffReport.holders.
var holderSeed = maphash.MakeSeed()

// add counts a, and adds it to items if it is on the page.
func (c *callOffReport) add(key string, a *affected) {
	c.affected++
	c.quantity += a.quantity
	if a.holder != "" {
		c.holders[maphash.String(holderSeed, a.holder)] = struct{}{}
	}
	if a.remaining {
		c.remaining++
	}
	if a.paid {
		c.paid++
		i := slices.IndexFunc(c.refunds,
			func(f callOffRefund) bool { return f.method == a.method && f.provider == a.provider })
		if i < 0 {
			i, c.refunds = len(c.refunds), append(c.refunds, callOffRefund{method: a.method, provider: a.provider})
		}
		c.refunds[i].count++
		c.refunds[i].amount += a.refund
	} else {
		c.unpaid++
	}
	if key <= c.after {
		return
	}
	if len(c.items) == c.limit {
		c.next = c.keys[c.limit-1]
		return
	}
	c.items, c.keys = append(c.items, *a), append(c.keys, key)
}

func (c *callOffReport) append(dst []byte, currency string, accepted bool) []byte {
	o := events.OpenObject(dst)
	o.String("of", c.of.category)
	o.String("id", c.id)
	switch {
	case c.row.Swept:
		o.String("status", "done")
	case accepted || c.cancelled.Fence != 0:
		o.String("status", "running")
	default:
		o.String("status", "planned")
	}
	c.cancelled.Append(&o)
	if c.row.Failures > 0 {
		o.String("failing", c.row.Error)
	}
	for _, n := range []struct {
		name string
		n    int64
	}{{"holders", int64(len(c.holders))}, {"count", c.affected}, {"quantity", c.quantity}, {"unpaid", c.unpaid},
		{"paid", c.paid}, {"left", c.remaining}} {
		o.Int(n.name, n.n)
	}
	o.Key("refunds")
	o.Buf = append(o.Buf, '[')
	slices.SortFunc(c.refunds, func(a, b callOffRefund) int {
		if a.method != b.method {
			return strings.Compare(b.method, a.method) // the wallet first
		}
		return cmp.Compare(a.provider, b.provider)
	})
	for i := range c.refunds {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		f := events.OpenObject(o.Buf)
		appendMethod(&f, c.refunds[i].method, c.refunds[i].provider)
		f.Int("count", c.refunds[i].count)
		f.Int("amount", c.refunds[i].amount)
		f.String("currency", currency)
		o.Buf = f.Close()
	}
	o.Buf = append(o.Buf, ']')
	o.Key("affected")
	o.Buf = append(o.Buf, '[')
	for i := range c.items {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = c.items[i].append(o.Buf)
	}
	o.Buf = append(o.Buf, ']')
	o.Key("next")
	o.Buf = appendCursor(o.Buf, c.next)
	o.Int("position", int64(c.position))
	return o.Close()
}

func appendMethod(o *events.Object, method string, provider events.Provider) {
	o.String("method", method)
	if provider != "" {
		o.String("provider", string(provider))
	}
}

func (a *affected) append(dst []byte) []byte {
	o := events.OpenObject(dst)
	o.String("id", a.id)
	if a.holder != "" {
		o.String("holder", a.holder)
	}
	o.String("status", a.status)
	o.Int("quantity", a.quantity)
	o.Int("refund", a.refund)
	if a.paid {
		appendMethod(&o, a.method, a.provider)
	}
	return o.Close()
}

// walletMethod is the payment method of a payment from a wallet.
const walletMethod = "wallet"
