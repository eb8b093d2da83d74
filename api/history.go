package api

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/events"
	"admitone/projections"
)

func (s *Server) historyRoutes() {
	s.handle(fiber.MethodGet, "/v1/history/:kind/:id", s.costly(s.history))
	s.handle(fiber.MethodGet, "/v1/history/:kind/:id/:part", s.costly(s.history))
}

// history answers with a page of what happened to an entity or a holder.
func (s *Server) history(r *request) error {
	if err := r.caller.must(RoleAuditor, RoleAdmin); err != nil {
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
	kind := r.ctx.Params("kind")
	id, err := url.PathUnescape(r.ctx.Params("id"))
	part, unescaped := url.PathUnescape(r.ctx.Params("part"))
	if part != "" {
		id += "/" + part
	}
	if kind == "seat" || kind == "allowance" { // as people write it: gala/A-1-1
		id = strings.Replace(id, "/", "~", 1)
	}
	if err != nil || unescaped != nil || !validEntity(kind, id) {
		return notFound(kind)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	page, next, more, err := projections.Story(ctx, s.config.Store, kind, id, from, p.limit)
	switch {
	case errors.Is(err, projections.ErrNoKind):
		return notFound("kind")
	case errors.Is(err, projections.ErrNoHistory) && s.untouched(ctx, kind, id):
		page, more = nil, false
	case errors.Is(err, projections.ErrNoHistory):
		return notFound(kind)
	case err != nil:
		return err
	}
	behind := ""
	if more {
		behind = strconv.FormatUint(uint64(next), 10)
	}
	return r.list(len(page), behind, func(dst []byte, i int) ([]byte, error) { return AppendLine(dst, &page[i]), nil }, nil)
}

// untouched says that something exists to which nothing has happened: a seat.
func (s *Server) untouched(ctx context.Context, kind, id string) bool {
	if kind != "seat" {
		return false
	}
	seat, err := projections.SeatAt(ctx, s.config.Store, id, events.EndPosition)
	return err == nil && seat != nil
}

// validEntity: a holder's name where the kind is about people, two parts where it is
// about something in a performance, else an id.
func validEntity(kind, id string) bool {
	switch kind {
	case "holder", "wallet":
		return validHolder(id)
	case "seat", "allowance":
		performance, rest := events.CutPerformance(id)
		return validID(performance) && validHolder(rest)
	case "ticket":
		room, number, _ := strings.Cut(id, "~")
		return validID(room) && validID(number)
	}
	return validID(id)
}

// AppendLine appends a line of a history as JSON, as the route has it.
func AppendLine(dst []byte, l *projections.Line) []byte {
	o := events.OpenObject(dst)
	o.Int("position", int64(l.Position))
	o.Time("time", l.Time)
	o.String("stream", string(l.Stream))
	o.Int("revision", int64(l.Revision))
	o.String("actor", l.Actor)
	o.String("request_id", l.RequestID)
	o.String("causation_id", l.CausationID)
	o.String("command_id", l.CommandID)
	if l.Because > 0 {
		o.Int("because", int64(l.Because))
	}
	o.String("text", l.Text)
	o.Key("leads_to")
	o.Buf = append(o.Buf, '[')
	for i, lead := range l.LeadsTo {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = events.AppendJSONString(o.Buf, lead)
	}
	o.Buf = append(o.Buf, ']')
	return o.Close()
}
