package sockets

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/input"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/live"
)

// message is a message of a client.
type message struct {
	Event string         `json:"event"`
	Data  jsontext.Value `json:"data"`
}

// handle handles one message.
func (s *socket) handle(text []byte) {
	var m message
	if err := input.Decode(text, &m, input.Part{Name: "a message", Shape: "a JSON object"}); err != nil {
		s.sendRefusal(err)
		return
	}
	switch m.Event {
	case "subscribe":
		s.subscribe(m.Data)
	case "unsubscribe":
		s.unsubscribe(m.Data)
	case "wait":
		s.startWaiting(m.Data)
	case "ping":
		s.reply([]byte(`{"event":"pong","data":{}}`))
	case "init_products":
		s.initProducts(m.Data)
	default:
		s.sendError(core.CodeInvalidField, "event must be one of subscribe, unsubscribe, wait, ping, init_products", "")
	}
}

// decodeData decodes the data of a message. If that fails, it sends an error message, in which shape
// describes the expected data, and returns false.
func (s *socket) decodeData(raw jsontext.Value, into any, shape string) bool {
	if len(raw) == 0 {
		s.sendError(core.CodeInvalidField, "this message needs data: "+shape, "")
		return false
	}
	if err := input.Decode(raw, into, input.Part{Name: "data", Shape: shape}); err != nil {
		s.sendRefusal(err)
		return false
	}
	return true
}

// Descriptions of the data of messages, for refusals.
const (
	topicsShape   = `an object with topics, such as {"topics":["product:tee"]}`
	productsShape = `a list of product ids, such as [1,2]`
	visitorShape  = `an object with room and visitor`
)

func (s *socket) subscribe(raw jsontext.Value) {
	var request struct {
		Topics []string                   `json:"topics"`
		Since  map[string]events.Position `json:"since"`
		Epoch  string                     `json:"epoch"`
	}
	if !s.decodeData(raw, &request, topicsShape) {
		return
	}
	if len(request.Topics) == 0 {
		s.sendError(core.CodeInvalidField, "name at least one topic: topics", "")
		return
	}
	if !s.waitForViews() {
		return
	}
	s.sendFailed(s.watch(request.Topics, func(topic string) live.Resume {
		return live.Resume{Since: request.Since[topic], Epoch: request.Epoch}
	}, false))
}

// waitForViews waits until the views include everything that this server has answered. If that takes
// too long, it sends an error message and returns false.
func (s *socket) waitForViews() bool {
	if err := s.hub.config.WaitForViews(); err != nil {
		s.sendError(codes.ProjectionBehind, "the read side is catching up; subscribe again in a moment", "")
		return false
	}
	return true
}

// failedWatch is a failed subscription to a topic, with the reason.
type failedWatch struct {
	topic  string
	code   core.Code
	detail string
}

// sendFailed sends an error message for each topic.
func (s *socket) sendFailed(all []failedWatch) {
	for _, f := range all {
		s.sendError(f.code, f.detail, f.topic)
	}
}

// watch subscribes to topics, replacing existing subscriptions, and returns those that failed.
func (s *socket) watch(topics []string, resume func(topic string) live.Resume,
	shortDialect bool) (failed []failedWatch) {
	for _, topic := range topics {
		if code, detail := s.watchOne(topic, resume(topic), shortDialect); code != "" {
			failed = append(failed, failedWatch{topic, code, detail})
		}
	}
	return failed
}

// watchOne subscribes to one topic. It returns the code and detail of a failure, "" for none.
func (s *socket) watchOne(topic string, resume live.Resume, shortDialect bool) (code core.Code, detail string) {
	key := watchKey{topic, shortDialect}
	if !s.unwatch(key) && s.watchCount() >= maxTopics {
		return core.CodeOverloaded, "one socket may watch at most 1000 topics"
	}
	if s.hub.config.Views.Stats().Subscribers >= s.hub.config.MaxWatches {
		return core.CodeOverloaded, "too many topics are watched; try again in a moment"
	}
	w := &watch{socket: s, watchKey: key}
	s.mu.Lock()
	s.watches[key] = w
	s.mu.Unlock()
	sub, err := s.hub.config.Views.Subscribe(topic, resume, w)
	if err == nil {
		w.sub = sub
		return "", ""
	}
	s.unwatch(key)
	switch {
	case errors.Is(err, live.ErrNotFound):
		return core.CodeNotFound, "there is no such topic"
	case errors.Is(err, live.ErrBadTopic):
		return codes.BadParameter, "there is no such kind of topic"
	case errors.Is(err, projections.ErrNotReady):
		return codes.ProjectionBehind, "the read side is catching up; subscribe again in a moment"
	}
	s.hub.config.Logger.Error("a subscription failed", "request_id", s.id, "topic", topic, "error", err)
	return codes.LogUnavailable, "subscribe again in a moment"
}

// watchCount returns the number of subscriptions.
func (s *socket) watchCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watches)
}

// unwatch ends a subscription, and reports whether there was one.
func (s *socket) unwatch(key watchKey) bool {
	s.mu.Lock()
	w, ok := s.watches[key]
	if ok {
		w.removed = true
		w.pending = live.Pending{}
		delete(s.watches, key)
	}
	s.mu.Unlock()
	if ok {
		w.close()
	}
	return ok
}

func (s *socket) unsubscribe(raw jsontext.Value) {
	var request struct {
		Topics []string `json:"topics"`
	}
	if !s.decodeData(raw, &request, topicsShape) {
		return
	}
	for _, topic := range request.Topics {
		s.unwatch(watchKey{topic, false})
		s.unwatch(watchKey{topic, true})
	}
	o := events.OpenObject(append([]byte(nil), `{"event":"unsubscribed","data":`...))
	o.Key("topics")
	topics, err := json.Marshal(request.Topics)
	if err != nil {
		s.sendError(codes.MalformedJSON, "topics must be valid UTF-8", "")
		return
	}
	o.Buf = append(o.Buf, topics...)
	s.reply(append(o.Close(), '}'))
}
