package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/events"
	"admitone/projections"
)

// resource is a kind of things that are made, listed, read (as they are or as they
// were) and edited under one path. R is the row that the views keep of one.
type resource[R any] struct {
	// name as in not_found, path of the list.
	name, path string
	server     *Server
	stream     func(id string) events.StreamID
	// list, get and at are the views' and the log's.
	list func(after string, limit int) ([]R, string, error)
	get  func(id string) (R, bool, error)
	at   func(ctx context.Context, id string, position events.Position) (*R, error)
	// apply folds an event into a row, now returns the row as the entity has it.
	apply func(*R, *events.Recorded) error
	now   func(core.Core) R
	// head is where a row's id, revision and position are.
	head func(*R) (id string, revision *events.Revision, position *events.Position)
	// write appends a row as JSON, with as_of if it is one of the past.
	write func(dst []byte, row *R, at *projections.Moment) []byte
	// age makes of a row what it is at a time, where time alone changes it, and says
	// whether it did; nil if it never does.
	age func(row *R, now time.Time) bool
}

// inLog lets a reader of the past read the server's log.
func inLog[R any](s *Server, at func(context.Context, events.Store, string, events.Position) (*R, error)) func(context.Context, string, events.Position) (*R, error) {
	return func(ctx context.Context, id string, position events.Position) (*R, error) {
		return at(ctx, s.config.Store, id, position)
	}
}

// create makes one: 201 with it, or 200 with the one that was there already, just
// like it. read returns the command and the id it is about.
func (k *resource[R]) create(read func(*request) (core.Command, string, error), roles ...Role) handler {
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
		r.ctx.Set(fiber.HeaderLocation, k.path+"/"+id)
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
func (k *resource[R]) listed(r *request) error {
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
func (k *resource[R]) one(r *request) error {
	id, err := r.param("id", k.name)
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
	if r.tag(*revision) && !aged { // what it was at that revision may be all the client has
		return r.notModified()
	}
	return r.json(fiber.StatusOK, k.write(nil, row, at))
}

// edit changes one, if nobody was faster; if somebody was, it says what changed.
func (k *resource[R]) edit(read func(*request) (core.Command, error)) handler {
	return func(r *request) error {
		if err := r.caller.must(RoleAdmin); err != nil {
			return err
		}
		id, err := r.param("id", k.name)
		if err != nil {
			return err
		}
		revision, err := r.ifMatch()
		if err != nil {
			return err
		}
		command, err := read(r)
		if err != nil {
			return err
		}
		answer, err := r.ask(k.stream(id), command, revision)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == "stale_revision" {
			return r.stale(refusal, k.stream(id), *revision, answer.Revision)
		}
		if err != nil {
			return err
		}
		return k.answerNow(r, id)
	}
}

// answerNow answers a command with the row as the entity has it: what has been done
// must not be told as a failure because the views are behind.
func (k *resource[R]) answerNow(r *request, id string) error {
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

// aged is age, for every kind.
func (k *resource[R]) aged(row *R, now time.Time) bool { return k.age != nil && k.age(row, now) }
