package api

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// keyed runs a command, in one step or several, under the id made of its Idempotency-Key and its
// request. do is called once more if the key is known with another request: earlier versions
// hashed the bytes of the body. A refusal for that has written nothing.
func (r *request) keyed(do func(id actors.CommandID) error) error {
	key, err := r.key()
	if err != nil {
		return err
	}
	if key == "" {
		return do(actors.NewCommandID())
	}
	method, path, body := r.method(), r.path(), r.sentBody()
	id := actors.KeyedCommandID(r.keyOwner(), key, []byte(method), []byte(path), sameBody(body))
	err = do(id)
	if refusal := (*core.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != core.CodeIdempotencyKeyReused {
		return err
	}
	if former := actors.KeyedCommandID(r.keyOwner(), key, []byte(method), []byte(r.sentPath()), body); former != id {
		return do(former)
	}
	return err
}

// sentBody returns the body, or its replacement if it may not be hashed.
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

// sameBody returns the same text for all bodies that mean the same: a retry with members in
// another order or with other spaces is the same request. No body is an empty object.
func sameBody(body []byte) []byte {
	if len(body) == 0 {
		return []byte("{}")
	}
	plain, err := events.CanonicalJSON(body)
	if err != nil {
		return body
	}
	return plain
}

// origin returns where the steps of a booking come from.
func (r *request) origin(id actors.CommandID) bookings.Origin {
	return bookings.Origin{ID: id, CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name()}
}

// source returns where a command comes from; the caller adds the rest.
func (r *request) source(id actors.CommandID) actors.Request {
	return actors.Request{
		ID:            id,
		CorrelationID: r.id,
		CausationID:   r.id,
		Actor:         r.caller.name(),
		Bounded:       !r.caller.serves(),
	}
}

// keyOwner returns the owner of an Idempotency-Key: the caller. Where no caller is known (open
// mode, and no holder in the body) each path has its own keys, so that two holders who confirm
// under the same key don't collide.
func (r *request) keyOwner() string {
	if r.caller.sub != "" {
		return string(r.caller.sub)
	}
	return r.path()
}

// key returns the Idempotency-Key of a POST, "" if it has none. An empty one is refused: its
// sender relies on a safe retry.
func (r *request) key() (string, error) {
	if r.method() != fiber.MethodPost {
		return "", nil
	}
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
			"the Idempotency-Key is empty; send 1 to 128 visible ASCII characters, or leave the header out")
	}
	if len(key) > 128 || !visibleASCII(key) {
		return "", refuse(codes.BadParameter, "an Idempotency-Key has 1 to 128 visible ASCII characters")
	}
	return key, nil
}
