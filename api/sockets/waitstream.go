package sockets

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/events"
)

const (
	// pollTimeout bounds one poll. Only the first poll of a room reads the log.
	pollTimeout = 10 * time.Second
	// pollRetry is the pause after a failed poll.
	pollRetry = 5 * time.Second
)

// waitStream polls for a visitor in a waiting room while the socket is open. As over HTTP, each poll is
// the visitor's heartbeat. It costs a timer and at most one buffered message, which a newer one replaces.
type waitStream struct {
	socket  *socket
	room    events.RoomID
	visitor string
	timer   *time.Timer // set before it first runs
	last    []byte      // the last message; guarded by socket.mu
}

// startWaiting starts the wait stream of a visitor, which replaces the previous one.
func (s *socket) startWaiting(raw jsontext.Value) {
	var request struct {
		Room    events.RoomID `json:"room"`
		Visitor string        `json:"visitor"`
	}
	if !s.decodeData(raw, &request, visitorShape) {
		return
	}
	if s.hub.config.Poll == nil {
		s.sendError(core.CodeNotFound, "this server shows the past and has no visitors", "")
		return
	}
	w := &waitStream{socket: s, room: request.Room, visitor: request.Visitor}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting()
	if s.finished {
		return
	}
	s.waitStream = w
	w.timer = time.AfterFunc(0, w.poll)
}

// stopWaiting ends the wait stream, if there is one. The caller holds mu.
func (s *socket) stopWaiting() {
	if s.waitStream != nil {
		s.waitStream.timer.Stop()
		s.waitStream = nil
	}
}

// poll runs on the timer's goroutine. It never waits for the client.
func (w *waitStream) poll() {
	s := w.socket
	defer func() {
		if cause := recover(); cause != nil { // nothing else recovers on this goroutine
			s.logPanic(cause)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), pollTimeout)
	defer cancel()
	visit, err := s.hub.config.Poll(ctx, w.room, w.visitor)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waitStream != w || s.finished {
		return
	}
	refusal := (*core.Refusal)(nil)
	switch {
	case errors.As(err, &refusal):
		w.enqueue(errorMessage(refusal.Code, refusal.Detail, ""))
		s.waitStream = nil
		return
	case err != nil:
		w.timer.Reset(pollRetry)
		return
	}
	w.enqueue(visitMessage(visit.Data))
	if visit.Waiting {
		w.timer.Reset(visit.PollAfter)
		return
	}
	s.waitStream = nil
}

func visitMessage(data []byte) []byte {
	message := append([]byte(nil), `{"event":"visit","data":`...)
	return append(append(message, data...), '}')
}

// enqueue queues a message, unless it equals the last one, and replaces one that has not been sent
// yet. The caller holds mu.
func (w *waitStream) enqueue(message []byte) {
	if bytes.Equal(message, w.last) {
		return
	}
	w.last, w.socket.visit = message, message
	w.socket.wake()
}
