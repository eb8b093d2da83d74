package api

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/api/input"
	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/row"
)

func (s *Server) historyRoutes() {
	s.handle(fiber.MethodGet, "/v1/history/:id", s.limitReads(s.listHistories))
	s.handle(fiber.MethodGet, "/v1/history/:kind/:id", s.limitReads(s.history))
	s.handle(fiber.MethodGet, "/v1/history/:kind/:id/:part", s.limitReads(s.history))
}

// listHistories answers with the kinds of entities of which one with the given id has a history.
func (s *Server) listHistories(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleAdmin); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	id, matching := r.segment("id"), []string(nil)
	for _, kind := range history.Entities() {
		if !input.ValidID(id) {
			break
		}
		_, _, _, err := history.Read(ctx, s.config.Store, kind, id, 0, 1)
		switch {
		case err == nil:
			matching = append(matching, kind)
		case !errors.Is(err, history.ErrEmpty):
			return err
		}
	}
	return r.list(len(matching), "", func(dst []byte, i int) ([]byte, error) {
		o := events.OpenObject(dst)
		o.String("kind", matching[i])
		o.String("id", id)
		return o.Close(), nil
	}, nil)
}

// history answers with a page of the history of an entity or a holder.
func (s *Server) history(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleAdmin); err != nil {
		return err
	}
	p, err := r.paging()
	if err != nil {
		return err
	}
	from, err := numberCursor[events.Position](p.after)
	if err != nil {
		return err
	}
	kind := r.segment("kind")
	id := r.segment("id")
	part, ofHolder := r.segment("part"), history.IDsOf(kind) == history.HolderName
	if part != "" {
		if ofHolder || !input.ValidID(id) { // only ids of parts of a performance have two segments
			return notFound(kind)
		}
		id += "/" + part
	}
	if ofHolder {
		if rule := storedHolderFault(id); rule != "" {
			return notHolder(kind, rule)
		}
	} else if id = history.EntityID(kind, id); !validEntity(kind, id) {
		return notFound(kind)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	page, next, hasMore, err := history.ReadRelated(ctx, s.config.Store, kind, id, from, p.limit)
	switch {
	case errors.Is(err, history.ErrNoKind):
		return notFound("kind")
	case errors.Is(err, history.ErrEmpty) && s.existsWithoutEvents(ctx, kind, id):
		page, hasMore = nil, false
	case errors.Is(err, history.ErrEmpty):
		return notFound(kind)
	case err != nil:
		return err
	}
	cursor := ""
	if hasMore {
		cursor = strconv.FormatUint(uint64(next), 10)
	}
	return r.list(len(page), cursor,
		func(dst []byte, i int) ([]byte, error) { return AppendLine(dst, &page[i]), nil }, nil)
}

// existsWithoutEvents reports whether an entity exists although its stream is empty. Only a seat can.
func (s *Server) existsWithoutEvents(ctx context.Context, kind, id string) bool {
	if kind != "seat" {
		return false
	}
	seat, err := row.SeatAt(ctx, s.config.Store, id, events.EndPosition)
	return err == nil && seat != nil
}

// validEntity reports whether id can identify an entity of a kind. For a kind whose entities are parts of another
// entity, such as seats, id consists of the other one's id and the name of the part.
func validEntity(kind, id string) bool {
	if history.IDsOf(kind) == history.Parts {
		owner, name, _ := strings.Cut(id, "~")
		return input.ValidID(owner) && validHolder(events.Holder(name))
	}
	return input.ValidID(id)
}

// AppendLine appends a line of a history as the HTTP resource.
var AppendLine = events.EncoderOf[history.Line]()
