package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// keyed calls do with the id derived from the Idempotency-Key and the request, or a random one without
// a key. If the key was used with a different request, do is called once more with the id that earlier
// versions derived, which hashed the raw body; the refusal has recorded nothing.
func (r *request) keyed(do func(id actors.CommandID) error) error {
	key, err := r.key()
	if err != nil {
		return err
	}
	if key == "" {
		return do(r.newCommandID())
	}
	method, path, body := r.method(), r.path(), r.sentBody()
	id := actors.KeyedCommandID(r.keyOwner(), key, []byte(method), []byte(path), canonicalBody(body))
	if err = do(id); err == nil {
		return nil
	}
	if refusal := (*core.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != core.CodeIdempotencyKeyReused {
		return err
	}
	if legacy := actors.KeyedCommandID(r.keyOwner(), key, []byte(method), []byte(r.sentPath()), body); legacy != id {
		return do(legacy)
	}
	return err
}

// keyedIn is keyed for a command whose stream depends on its body: the stream of a different body does not
// know that the key was used, so the views are checked too. scope is as in
// [projections.Projections.KeyUsed].
func (r *request) keyedIn(ctx context.Context, scope string, do func(id actors.CommandID) error) error {
	return r.keyedAfter(ctx, r.server.config.Views.CatchUp, scope, do)
}

// keyedIfUnreported is keyed for a request about a resource whose payment may have been reported under the same key.
// The report was decided in the payment's stream, so the resource's own stream does not know the key. A concurrent
// report to another server is not detected, so that requests need not wait for the views.
func (r *request) keyedIfUnreported(of events.PaymentSubject, do func(id actors.CommandID) error) error {
	if key, err := r.key(); err != nil || key == "" || r.server.config.Currency.Assumed {
		return r.keyed(do)
	}
	ctx, end := r.answerContext()
	defer end()
	return r.keyedAfter(ctx, r.server.awaitReports, of.Path(), do)
}

// keyedAfter is keyedIn with catchUp to wait for the views.
func (r *request) keyedAfter(ctx context.Context, catchUp func(context.Context) error, scope string,
	do func(id actors.CommandID) error) error {
	if key, err := r.key(); err != nil || key == "" {
		return r.keyed(do)
	}
	return r.keyed(func(id actors.CommandID) error {
		key, _ := id.Key()
		unlock, ok := r.server.keys.Lock(key)
		if !ok {
			return actors.ErrOverloaded
		}
		defer unlock()
		if err := catchUp(ctx); err != nil {
			return err
		}
		used, err := r.server.config.Views.KeyUsed(scope, key, time.Now().Add(-actors.KeyAge))
		switch {
		case err != nil:
			return err
		case used != "" && used != string(id):
			return actors.ErrKeyReused
		}
		return do(id)
	})
}

// keyedReport is keyedIn for the report of a payment.
func (r *request) keyedReport(of events.PaymentSubject, do func(id actors.CommandID) error) error {
	ctx, end := r.answerContext()
	defer end()
	return r.keyedIn(ctx, of.Path(), func(id actors.CommandID) error {
		err := do(id)
		if noteErr := r.server.noteReports(ctx); err == nil {
			err = noteErr
		}
		return err
	})
}

// noteReports makes awaitReports wait for everything up to the log's current head. Error: the store's.
func (s *Server) noteReports(ctx context.Context) error {
	head, err := s.config.Store.Head(ctx)
	raise(&s.reported, head)
	return err
}

// awaitReports waits until the views include all payments that were reported to this server, and all that were in the
// log when it is first called. Errors: projection_behind; the store's.
func (s *Server) awaitReports(ctx context.Context) error {
	if s.reported.Load() == 0 {
		if err := s.noteReports(ctx); err != nil {
			return err
		}
	}
	return s.awaitViews(events.Position(s.reported.Load()))
}

// sentBody returns the body, or its replacement if the body must not be hashed.
func (r *request) sentBody() []byte {
	if r.hashed != nil {
		return r.hashed
	}
	return r.body()
}

// sentPath returns the path as the client sent it.
func (r *request) sentPath() string {
	if r.command != nil {
		return r.path()
	}
	path := string(r.ctx.Request().Header.RequestURI())
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		return path[:end]
	}
	return path
}

// canonicalBody returns the canonical form of a body: a retry with members in a different order or with other
// white space is the same request. An empty body counts as an empty object.
func canonicalBody(body []byte) []byte {
	if len(body) == 0 {
		return []byte("{}")
	}
	plain, err := events.CanonicalJSON(body)
	if err != nil {
		return body
	}
	return plain
}

// origin returns the origin of the steps of a booking.
func (r *request) origin(id actors.CommandID) bookings.Origin {
	from := r.source(id)
	return bookings.Origin{ID: id, CorrelationID: from.CorrelationID, CausationID: from.CausationID, Actor: from.Actor,
		At: from.At, Until: from.Until}
}

// source returns a request to the desk with its metadata; the caller adds stream and command.
func (r *request) source(id actors.CommandID) actors.Request {
	request := actors.Request{
		ID:            id,
		CorrelationID: r.id,
		CausationID:   r.id,
		Actor:         r.caller.name(),
		Bounded:       !r.caller.serves(),
	}
	r.setForwarded(&request)
	return request
}

// keyOwner returns the owner of an Idempotency-Key: the caller. In open mode with no holder in the body it
// is the path, so that two holders who confirm with the same key don't collide.
func (r *request) keyOwner() string {
	if r.caller.sub != "" {
		return string(r.caller.sub)
	}
	return r.path()
}

// key returns the Idempotency-Key of a POST, "" if it has none. An empty header is refused, because its
// sender relies on a safe retry.
func (r *request) key() (key string, err error) {
	if r.keyRead {
		return r.sentKey, nil
	}
	if r.method() == fiber.MethodPost {
		key, err = r.readKey()
	}
	r.sentKey, r.keyRead = key, err == nil
	return key, err
}

func (r *request) readKey() (string, error) {
	key := ""
	if r.command != nil {
		if !r.command.item.IdempotencyKey.given {
			return "", nil
		}
		key = r.command.item.IdempotencyKey.text
	} else {
		given := r.ctx.Request().Header.PeekAll(headerIdempotencyKey)
		if len(given) == 0 {
			return "", nil
		}
		if len(given) > 1 {
			return "", refuse(codes.BadParameter,
				"Idempotency-Key is given more than once; send one, of 1 to 128 visible ASCII characters")
		}
		key = string(given[0])
	}
	key = strings.Trim(key, " \t")
	if key == "" {
		return "", refuse(codes.BadParameter,
			"the Idempotency-Key is empty; send 1 to 128 visible ASCII characters, or omit the header")
	}
	if len(key) > 128 || !visibleASCII(key) {
		return "", refuse(codes.BadParameter, "an Idempotency-Key has 1 to 128 visible ASCII characters")
	}
	return key, nil
}
