package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/events"
	"admitone/projections/row"
)

// resource describes a kind of entity whose instances are created, listed, read and edited under one path. R is the
// type of the row in the views, ID that of the id.
type resource[R any, ID ~string] struct {
	// name is the name of the resource in not_found, path is the path of the list.
	name, path string
	server     *Server
	stream     func(id ID) events.StreamID
	// list and get read the views. at reads a past state from the log.
	list func(after string, limit int) ([]R, string, error)
	get  func(id ID) (R, bool, error)
	at   func(ctx context.Context, id ID, position events.Position) (*R, error)
	// apply applies an event to a row. now converts the state of an entity to a row.
	apply func(*R, *events.Recorded) error
	now   func(core.Core) R
	// head returns the id of a row, and pointers to its revision and position.
	head func(*R) (id ID, revision *events.Revision, position *events.Position)
	// write appends a row as JSON, with as_of unless at is nil.
	write func(dst []byte, row *R, at *row.Moment) []byte
	// age applies changes without an event, such as a deadline, to a row. It reports whether the row may
	// have changed since its revision. It is nil if there are no such changes.
	age func(row *R, now time.Time) bool
}

// inLog returns at bound to the server's store, for resource.at.
func inLog[R any, ID ~string](
	s *Server,
	at func(context.Context, events.Store, ID, events.Position) (*R, error),
) func(context.Context, ID, events.Position) (*R, error) {
	return func(ctx context.Context, id ID, position events.Position) (*R, error) {
		return at(ctx, s.config.Store, id, position)
	}
}

// create returns the handler that creates an entity: 201, or 200 if an identical one exists. read decodes the body, and
// returns the command and the id of the entity.
func (k *resource[R, ID]) create(read func(*request) (core.Command, ID, error), roles ...Role) handler {
	return func(r *request) error {
		if err := r.caller.requireRole(roles...); err != nil {
			return err
		}
		command, id, err := read(r)
		if err != nil {
			return err
		}
		answer, err := r.dispatchNew(k.stream(id), command)
		if err != nil {
			return err
		}
		r.ctx.Set(fiber.HeaderLocation, k.path+"/"+string(id))
		if len(answer.Facts) == 0 {
			return k.answerNow(r, id)
		}
		var created R
		for i, fact := range answer.Facts {
			following := len(answer.Facts) - 1 - i
			if err := k.apply(&created, &events.Recorded{
				Event: events.Event{Type: fact.Name(), Fact: fact}, Stream: k.stream(id),
				Revision: answer.Revision - events.Revision(following), Position: answer.Position,
			}); err != nil {
				return err
			}
		}
		k.applyAge(&created, time.Now())
		r.setETag(answer.Revision)
		return r.json(fiber.StatusCreated, k.write(nil, &created, nil))
	}
}

// listPage answers with a page of the list.
func (k *resource[R, ID]) listPage(r *request) error {
	p, err := r.paging()
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	rows, next, err := k.list(p.after, p.limit)
	if err != nil {
		return err
	}
	if at == nil {
		now := time.Now()
		return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
			k.applyAge(&rows[i], now)
			return k.write(dst, &rows[i], nil), nil
		}, nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
		id, _, _ := k.head(&rows[i])
		row, err := k.at(ctx, id, at.Position)
		if err != nil || row == nil { // it did not exist yet
			return dst, err
		}
		k.applyAge(row, at.Time)
		return k.write(dst, row, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}

// answerOne answers with the present or a past state of an entity.
func (k *resource[R, ID]) answerOne(r *request) error {
	id, err := param[ID](r, "id", k.name)
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	var row *R
	now := time.Now()
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
		defer cancel()
		now = at.Time
		row, err = k.at(ctx, id, at.Position)
	} else if found, ok, missed := k.get(id); ok {
		row = &found
	} else {
		err = missed
	}
	if err != nil {
		return err
	}
	if row == nil {
		return notFound(k.name)
	}
	_, revision, _ := k.head(row)
	aged := k.applyAge(row, now)
	if r.setETag(*revision) && !aged {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, k.write(nil, row, at))
}

// edit returns the handler that edits an entity. The refusal of a stale edit lists the changes since its base.
func (k *resource[R, ID]) edit(read func(*request) (core.Command, error)) handler {
	return func(r *request) error {
		if err := r.caller.requireRole(RoleAdmin); err != nil {
			return err
		}
		id, err := param[ID](r, "id", k.name)
		if err != nil {
			return err
		}
		base, err := r.ifMatchEdit()
		if err != nil {
			return err
		}
		command, err := read(r)
		if err != nil {
			return err
		}
		answer, err := r.dispatch(k.stream(id), command, base)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision {
			return r.stalePrecondition(refusal, k.stream(id), base.revision, answer.Revision)
		}
		if err != nil {
			return err
		}
		return k.answerNow(r, id)
	}
}

// answerNow answers a command with the current state of the entity, not with that of the views: a successful command
// must not fail because the views are behind.
func (k *resource[R, ID]) answerNow(r *request, id ID) error {
	var row R
	answer, err := k.server.config.Desk.View(context.Background(), k.stream(id), func(c core.Core) { row = k.now(c) })
	if err != nil {
		return err
	}
	_, revision, position := k.head(&row)
	*revision, *position = answer.Revision, answer.Position
	k.applyAge(&row, time.Now())
	r.setETag(answer.Revision)
	return r.json(fiber.StatusOK, k.write(nil, &row, nil))
}

// applyAge calls age, unless it is nil.
func (k *resource[R, ID]) applyAge(row *R, now time.Time) bool {
	return k.age != nil && k.age(row, now)
}
