package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/api/codes"
	"admitone/api/contacts"
	"admitone/events"
)

// forgetTimeout bounds the wait for other nodes.
const forgetTimeout = 2 * time.Second

// forget destroys the keys of a holder's contacts, on all servers of the log. It is idempotent, except that the
// member forgotten of the answer may differ.
func (s *Server) forget(r *request) error {
	holder, err := r.holderParam("contact")
	if err != nil {
		return err
	}
	known := s.config.Contacts.HasDataOf(holder)
	if !known && !s.config.Shared {
		// HasDataOf reads the memory. Only Forget reads the files, which may be lost or damaged.
		if known, err = s.config.Contacts.Forget(holder); err != nil {
			return r.contactFailed(err)
		}
		return r.json(fiber.StatusOK, AppendForgotten(nil, holder, known, nil))
	}
	ctx, cancel := r.answerContext()
	defer cancel()
	position, err := s.config.Contacts.Record(ctx, s.config.Store, holder, forgetMetadata(r))
	if repeat := (*contacts.RepeatError)(nil); errors.As(err, &repeat) {
		return &problem{code: codes.RateLimited, after: repeat.Wait,
			detail: "the holder was forgotten a moment ago, and has no contacts on this server since; try again later"}
	}
	if err != nil {
		return r.contactFailed(err)
	}
	s.notePosition(position)
	return r.json(fiber.StatusOK, AppendForgotten(nil, holder, true, s.awaitForgotten(ctx, position)))
}

func forgetMetadata(r *request) events.Metadata {
	source := r.source(actors.NewCommandID())
	return events.Metadata{CommandID: string(source.ID), CorrelationID: source.CorrelationID,
		CausationID: source.CausationID, Actor: source.Actor}
}

// awaitForgotten waits until all nodes that are not suspected have read the log up to a position, for at most
// forgetTimeout or until ctx ends. It returns the names of all nodes that have not.
func (s *Server) awaitForgotten(ctx context.Context, position events.Position) (lagging []string) {
	if s.config.Peers == nil {
		return nil
	}
	for end := time.Now().Add(forgetTimeout); ; time.Sleep(peerPause) {
		lagging = lagging[:0]
		waiting := false
		for _, m := range s.config.Peers.Members() {
			if !m.Self && m.Position < position {
				lagging = append(lagging, string(m.Name))
				waiting = waiting || !m.Suspected
			}
		}
		if !waiting || time.Now().After(end) || ctx.Err() != nil {
			slices.Sort(lagging)
			return lagging
		}
	}
}

// peerPause is the interval between checks of other nodes' progress.
const peerPause = 20 * time.Millisecond

// AppendForgotten appends the answer to a request to forget a holder. known is true if the holder may have had
// contacts. pending has the names of the nodes that have not destroyed their keys yet.
func AppendForgotten(dst []byte, holder events.Holder, known bool, pending []string) []byte {
	o := events.OpenObject(dst)
	o.String("holder", string(holder))
	o.Bool("forgotten", known)
	if len(pending) > 0 {
		names, _ := json.Marshal(pending)
		o.Raw("pending", names)
	}
	return o.Close()
}
