package api

import (
	"context"
	"strconv"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/events"
)

// readTimeout bounds the time to read a page of the log.
const readTimeout = AnswerLimit

func (s *Server) logRoutes() {
	s.handle(fiber.MethodGet, "/v1/events", s.listEvents)
	s.handle(fiber.MethodGet, "/v1/streams/:stream/events", s.listStream)
}

// listEvents answers with a page of the log, after a position.
func (s *Server) listEvents(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleAdmin); err != nil {
		return err
	}
	after, given, err := r.position("after")
	if err != nil {
		return err
	}
	limit, err := r.limit()
	if err != nil {
		return err
	}
	if !given {
		cursor, err := r.cursor()
		if err != nil {
			return err
		}
		if after, err = numberCursor[events.Position](cursor); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	var page []events.Recorded
	for next := ""; ; {
		batch, err := s.config.Store.ReadAll(ctx, after, events.Forward, limit-len(page))
		if err != nil {
			return err
		}
		full := len(batch) == limit-len(page)
		if len(batch) > 0 {
			after = batch[len(batch)-1].Position
		}
		for i := range batch {
			if !batch[i].Stream.Internal() {
				page = append(page, batch[i])
			}
		}
		if full && len(page) < limit {
			continue
		}
		if full {
			next = strconv.FormatUint(uint64(after), 10)
		}
		return r.answerEvents(page, next)
	}
}

// listStream answers with a page of one stream, from a revision on.
func (s *Server) listStream(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleAdmin); err != nil {
		return err
	}
	from, given, err := r.position("from")
	if err != nil {
		return err
	}
	limit, err := r.limit()
	if err != nil {
		return err
	}
	revision := events.Revision(from)
	if !given {
		cursor, err := r.cursor()
		if err != nil {
			return err
		}
		if revision, err = numberCursor[events.Revision](cursor); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	name := r.segment("stream")
	stream := events.StreamID(name)
	if !utf8.ValidString(name) || stream.Internal() {
		return notFound("stream")
	}
	page, err := s.config.Store.Read(ctx, stream, revision, events.Forward, limit)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		first, err := s.config.Store.Read(ctx, stream, 0, events.Forward, 1)
		if err != nil {
			return err
		}
		if len(first) == 0 {
			return notFound("stream")
		}
	}
	next := ""
	if len(page) == limit {
		next = strconv.FormatInt(int64(page[len(page)-1].Revision)+1, 10)
	}
	return r.answerEvents(page, next)
}

// numberCursor parses a decoded cursor that is a number. "" counts as 0.
func numberCursor[N events.Position | events.Revision](cursor string) (N, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(codes.BadCursor, "send the next of the previous page unchanged")
	}
	return N(n), nil
}

// answerEvents answers with a page of events as CloudEvents.
func (r *request) answerEvents(page []events.Recorded, next string) error {
	return r.list(len(page), next,
		func(dst []byte, i int) ([]byte, error) { return events.AppendCloudEvent(dst, &page[i]), nil }, nil)
}
