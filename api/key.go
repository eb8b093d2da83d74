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

// keyed calls do with the command id that is derived from the Idempotency-Key and the request, or with a new id if
// there is no key. If do refuses because the key was used for another request, keyed calls it again with the id
// that earlier versions derived, from the raw body and path: the key may have been used then, for the same request.
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

// keyedIn is keyed for a command whose stream depends on the body. A key that was used with a different body is in
// another stream, so keyedIn looks it up in the views. For scope see [projections.Projections.KeyUsed].
func (r *request) keyedIn(ctx context.Context, scope string, do func(id actors.CommandID) error) error {
	return r.keyedAfter(ctx, r.server.config.Views.CatchUp, scope, do)
}

// keyedIfUnreported is keyed for a request about a resource whose payment may have been reported with the same key.
// Such a report is in the payment's stream, so keyedIfUnreported looks the key up in the views. It does not detect a
// concurrent report to another server, because it would have to wait for the views of every request.
func (r *request) keyedIfUnreported(of events.PaymentSubject, do func(id actors.CommandID) error) error {
	if key, err := r.key(); err != nil || key == "" || r.server.config.Currency.Assumed {
		return r.keyed(do)
	}
	ctx, cancel := r.answerContext()
	defer cancel()
	return r.keyedAfter(ctx, r.server.awaitReports, of.Path(), do)
}

// keyedAfter is keyedIn, with catchUp to make the views recent enough.
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

// keyedReport is keyedIn for the report of a payment for a resource.
func (r *request) keyedReport(of events.PaymentSubject, do func(id actors.CommandID) error) error {
	ctx, cancel := r.answerContext()
	defer cancel()
	return r.keyedIn(ctx, of.Path(), func(id actors.CommandID) error {
		err := do(id)
		if noteErr := r.server.noteReports(ctx); err == nil {
			err = noteErr
		}
		return err
	})
}

// noteReports makes later calls of awaitReports wait for the views up to the log's current head. Error: the store's.
func (s *Server) noteReports(ctx context.Context) error {
	head, err := s.config.Store.Head(ctx)
	storeMax(&s.reported, head)
	return err
}

// awaitReports waits until the views include all payments that were reported to this server, and everything that was in
// the log when awaitReports was called first. Errors: projection_behind; the store's.
func (s *Server) awaitReports(ctx context.Context) error {
	if s.reported.Load() == 0 {
		if err := s.noteReports(ctx); err != nil {
			return err
		}
	}
	return s.awaitViews(events.Position(s.reported.Load()))
}

// sentBody returns the body to be hashed for the command id: that of the request, or its replacement.
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

// canonicalBody returns the canonical form of a body, so that a retry may order the members differently, or use
// other white space. An empty body counts as an empty object.
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

// source returns a request to the desk with the metadata of r. The caller of source sets the stream and the command.
func (r *request) source(id actors.CommandID) actors.Request {
	request := actors.Request{
		ID:            id,
		CorrelationID: r.id,
		CausationID:   r.id,
		Actor:         r.caller.name(),
		Bounded:       !r.caller.actsForOthers(),
	}
	r.setForwarded(&request)
	return request
}

// keyOwner returns the name within which the Idempotency-Key is unique: the caller's. In open mode, a request without a
// holder in its body has no named caller, and the key is unique within the path.
func (r *request) keyOwner() string {
	if r.caller.sub != "" {
		return string(r.caller.sub)
	}
	return r.path()
}

// key returns the Idempotency-Key of a POST, "" if it has none. An empty header is refused, because its sender expects
// to be able to retry.
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

// readKey parses the Idempotency-Key.
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
