package api

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
	// askLimit bounds one look at a room; only the first one reads anything.
	askLimit = 10 * time.Second
	// askAgain is when to look again at a room that can't be read.
	askAgain = 5 * time.Second
)

// waiter is the wait of a socket's visitor in a waiting room: what a client would ask
// over HTTP, asked here at the same pace while the socket is open, which is the sign of
// life. It costs a timer, and room for the one answer that has not gone out yet: a newer
// one takes its place. A frame of the topic, the same for everybody, could not say the
// place of a visitor, for that takes to know who ahead has left.
type waiter struct {
	socket        *socket
	room, visitor string
	timer         *time.Timer // set before it first runs
	said          []byte      // the last answer; guarded by socket.mu
}

// wait begins to tell the client how its visitor's wait goes; of one that it told
// before it tells no more.
func (s *socket) wait(raw jsontext.Value) {
	var wish struct {
		Room    string `json:"room"`
		Visitor string `json:"visitor"`
	}
	if !s.data(raw, &wish) {
		return
	}
	if s.server.config.Rooms == nil {
		s.complain("not_found", "nobody waits here: this server shows the past", "")
		return
	}
	w := &waiter{socket: s, room: wish.Room, visitor: wish.Visitor}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting()
	if s.over {
		return
	}
	s.waiter = w
	w.timer = time.AfterFunc(0, w.ask)
}

// stopWaiting needs mu.
func (s *socket) stopWaiting() {
	if s.waiter != nil {
		s.waiter.timer.Stop()
		s.waiter = nil
	}
}

// ask runs on the timer's goroutine. It never waits for the client.
func (w *waiter) ask() {
	s := w.socket
	defer func() {
		if cause := recover(); cause != nil { // nothing else would catch it
			s.panicked(cause)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	visit, err := s.server.config.Rooms.Poll(ctx, w.room, w.visitor)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiter != w || s.over {
		return
	}
	refusal := (*core.Refusal)(nil)
	switch {
	case errors.As(err, &refusal):
		w.say(errorMessage(refusal.Code, refusal.Detail, ""))
		s.waiter = nil
		return
	case err != nil:
		w.timer.Reset(askAgain)
		return
	}
	// Also if it is too soon, which is only no sign of life yet: who has just joined over
	// HTTP hears at once where that was.
	o := events.OpenObject([]byte(`{"event":"visit","data":`))
	o.String("room", w.room)
	appendVisitMembers(&o, &visit)
	w.say(append(o.Close(), '}'))
	if visit.Status == events.VisitorWaiting {
		w.timer.Reset(visit.PollAfter)
		return
	}
	s.waiter = nil
}

// say puts an answer in the place of one that has not gone out yet. It needs mu.
func (w *waiter) say(message []byte) {
	if bytes.Equal(message, w.said) {
		return
	}
	w.said, w.socket.visit = message, message
	w.socket.wake()
}
