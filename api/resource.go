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

// resource is a kind of entities that are created, listed, read (as they are or as they were) and
// edited under one path. R is the row that the views keep of one, ID
// the type of its id.
type resource[R any, ID ~string] struct {
	// name as in not_found, path of the list.
	name, path string
	server     *Server
	stream     func(id ID) events.StreamID
	// list and get read the views, at reads the log.
	list func(after string, limit int) ([]R, string, error)
	get  func(id ID) (R, bool, error)
	at   func(ctx context.Context, id ID, position events.Position) (*R, error)
	// apply folds an event into a row, now returns the row as the entity has it.
	apply func(*R, *events.Recorded) error
	now   func(core.Core) R
	// head returns a row's id, revision and position.
	head func(*R) (id ID, revision *events.Revision, position *events.Position)
	// write appends a row as JSON, with as_of if at is given.
	write func(dst []byte, row *R, at *row.Moment) []byte
	// age updates a row to a time, where time alone changes it, and reports whether it did; nil
	// if it never does.
	age func(row *R, now time.Time) bool
}

// inLog binds a reader of the past to the server's log.
func inLog[R any, ID ~string](
	s *Server,
	at func(context.Context, events.Store, ID, events.Position) (*R, error),
) func(context.Context, ID, events.Position) (*R, error) {
	return func(ctx context.Context, id ID, position events.Position) (*R, error) {
		return at(ctx, s.config.Store, id, position)
	}
}

// create creates one: 201 with it, or 200 with an existing one that is just like it. read returns
// the command and its id.
func (k *resource[R, ID]) create(read func(*request) (core.Command, ID, error), roles ...Role) handler {
	return func(r *request) error {
		if err := r.caller.must(roles...); err != nil {
			return err
		}
		command, id, err := read(r)
		if err != nil {
			return err
		}
		answer, err := r.ask(k.stream(id), command, nil)
		if err != nil {
			return err
		}
		r.ctx.Set(fiber.HeaderLocation, k.path+"/"+string(id))
		if len(answer.Facts) == 0 {
			return k.answerNow(r, id)
		}
		var made R
		for i, fact := range answer.Facts {
			behind := len(answer.Facts) - 1 - i
			if err := k.apply(&made, &events.Recorded{
				Event: events.Event{Type: fact.Name(), Fact: fact}, Stream: k.stream(id),
				Revision: answer.Revision - events.Revision(behind), Position: answer.Position,
			}); err != nil {
				return err
			}
		}
		k.aged(&made, time.Now())
		r.tag(answer.Revision)
		return r.json(fiber.StatusCreated, k.write(nil, &made, nil))
	}
}

// listed answers with a page of them.
func (k *resource[R, ID]) listed(r *request) error {
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
			k.aged(&rows[i], now)
			return k.write(dst, &rows[i], nil), nil
		}, nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
		id, _, _ := k.head(&rows[i])
		row, err := k.at(ctx, id, at.Position)
		if err != nil || row == nil { // it did not exist yet
			return dst, err
		}
		k.aged(row, at.Time)
		return k.write(dst, row, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}

// one answers with one of them.
func (k *resource[R, ID]) one(r *request) error {
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
		ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
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
	aged := k.aged(row, now)
	if r.tag(*revision) && !aged { // time has changed it since that revision
		return r.notModified()
	}
	return r.json(fiber.StatusOK, k.write(nil, row, at))
}

// edit changes one, unless it has changed since; then the answer lists the changes.
func (k *resource[R, ID]) edit(read func(*request) (core.Command, error)) handler {
	return func(r *request) error {
		if err := r.caller.must(RoleAdmin); err != nil {
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
		answer, err := r.ask(k.stream(id), command, base)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision {
			return r.checkPrecondition(refusal, k.stream(id), base.revision, answer.Revision)
		}
		if err != nil {
			return err
		}
		return k.answerNow(r, id)
	}
}

// answerNow answers a command with the row as the entity has it: a command that succeeded must
// not be answered with an error because the views are behind.
func (k *resource[R, ID]) answerNow(r *request, id ID) error {
	var row R
	answer, err := k.server.config.Desk.View(context.Background(), k.stream(id), func(c core.Core) { row = k.now(c) })
	if err != nil {
		return err
	}
	_, revision, position := k.head(&row)
	*revision, *position = answer.Revision, answer.Position
	k.aged(&row, time.Now())
	r.tag(answer.Revision)
	return r.json(fiber.StatusOK, k.write(nil, &row, nil))
}

// aged is age, for kinds without one too.
func (k *resource[R, ID]) aged(row *R, now time.Time) bool { return k.age != nil && k.age(row, now) }
