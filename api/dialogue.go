package api

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/events"
	"admitone/projections"
)

// message is what a client says.
type message struct {
	Event string         `json:"event"`
	Data  jsontext.Value `json:"data"`
}

// handle answers one message.
func (s *socket) handle(text []byte) {
	var m message
	if err := decodeStrict(text, &m); err != nil {
		s.complainOf(err)
		return
	}
	switch m.Event {
	case "subscribe":
		s.subscribe(m.Data)
	case "unsubscribe":
		s.unsubscribe(m.Data)
	case "wait":
		s.wait(m.Data)
	case "ping":
		s.reply([]byte(`{"event":"pong","data":{}}`))
	case "init_products":
		s.initProducts(m.Data)
	default:
		s.complain("invalid_field", "event is one of subscribe, unsubscribe, wait, ping, init_products", "")
	}
}

// data decodes what goes with a message.
func (s *socket) data(raw jsontext.Value, into any) bool {
	if len(raw) == 0 {
		s.complain("invalid_field", "this message needs data", "")
		return false
	}
	if err := decodeStrict(raw, into); err != nil {
		s.complainOf(err)
		return false
	}
	return true
}

func (s *socket) subscribe(raw jsontext.Value) {
	var wish struct {
		Topics []string                   `json:"topics"`
		Since  map[string]events.Position `json:"since"`
		Epoch  string                     `json:"epoch"`
	}
	if !s.data(raw, &wish) {
		return
	}
	if len(wish.Topics) == 0 {
		s.complain("invalid_field", "name at least one topic: topics", "")
		return
	}
	if !s.caughtUp() {
		return
	}
	for _, topic := range wish.Topics {
		s.watch(topic, projections.Resume{Since: wish.Since[topic], Epoch: wish.Epoch}, false)
	}
}

// caughtUp waits until the views have what this server has answered, or complains.
func (s *socket) caughtUp() bool {
	r := &request{server: s.server, id: s.id}
	if err := r.seen(s.server.answered()); err != nil {
		s.complain("projection_behind", "the read side is catching up; subscribe again in a moment", "")
		return false
	}
	return true
}

// watch subscribes to a topic, anew if it is watched already.
func (s *socket) watch(topic string, resume projections.Resume, seed bool) {
	key := watchKey{topic, seed}
	if !s.unwatch(key) && s.watched() >= maxTopics {
		s.complain("overloaded", "one socket may watch 1000 topics", topic)
		return
	}
	if s.server.config.Views.Stats().Subscribers >= s.server.config.MaxWatches {
		s.complain("overloaded", "too many topics are watched; try again in a moment", topic)
		return
	}
	w := &watch{socket: s, watchKey: key}
	s.mu.Lock()
	s.watches[key] = w
	s.mu.Unlock()
	sub, err := s.server.config.Views.Subscribe(topic, resume, w)
	if err == nil {
		w.sub = sub
		return
	}
	s.unwatch(key)
	switch {
	case errors.Is(err, projections.ErrNotFound):
		s.complain("not_found", "there is no such thing to watch", topic)
	case errors.Is(err, projections.ErrBadTopic):
		s.complain("bad_parameter", "there is no such kind of topic", topic)
	case errors.Is(err, projections.ErrNotReady):
		s.complain("projection_behind", "the read side is catching up; subscribe again in a moment", topic)
	default:
		s.server.config.Logger.Error("a subscription failed", "request_id", s.id, "topic", topic, "error", err)
		s.complain("log_unavailable", "subscribe again in a moment", topic)
	}
}

func (s *socket) watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watches)
}

// unwatch ends a subscription; it returns false if there was none.
func (s *socket) unwatch(key watchKey) bool {
	s.mu.Lock()
	w, ok := s.watches[key]
	if ok {
		w.gone = true
		w.pending = projections.Pending{}
		delete(s.watches, key)
	}
	s.mu.Unlock()
	if ok {
		w.close()
	}
	return ok
}

func (s *socket) unsubscribe(raw jsontext.Value) {
	var wish struct {
		Topics []string `json:"topics"`
	}
	if !s.data(raw, &wish) {
		return
	}
	for _, topic := range wish.Topics {
		s.unwatch(watchKey{topic, false})
		s.unwatch(watchKey{topic, true})
	}
	o := events.OpenObject(append([]byte(nil), `{"event":"unsubscribed","data":`...))
	o.Key("topics")
	topics, err := json.Marshal(wish.Topics)
	if err != nil {
		s.complain("malformed_json", "topics are texts", "")
		return
	}
	o.Buf = append(o.Buf, topics...)
	s.reply(append(o.Close(), '}'))
}

// The first seed's dialect: init_products replaces the set of products that the
// connection watches and is acknowledged; then every change of a count arrives as
// reservation_created. It has no snapshot and no resume; "subscribe" has.

func (s *socket) initProducts(raw jsontext.Value) {
	var wish []jsontext.Value
	if !s.data(raw, &wish) {
		return
	}
	ids := make([]string, 0, len(wish))
	ack := append([]byte(nil), `{"event":"Product list initialized","data":[`...)
	for i, value := range wish {
		id, ok := seedID(value)
		if !ok {
			s.complain("invalid_field", "data is a list of product ids", "")
			return
		}
		ids = append(ids, id)
		if i > 0 {
			ack = append(ack, ',')
		}
		ack = events.AppendJSONString(ack, "product_"+id)
	}
	if !s.caughtUp() {
		return
	}
	for _, key := range s.seedWatches() {
		s.unwatch(key)
	}
	s.reply(append(ack, "]}"...))
	for _, id := range ids {
		s.watch("product:"+id, projections.Resume{}, true)
	}
}

// seedID is a number or a text.
func seedID(value jsontext.Value) (string, bool) {
	if value.Kind() == '0' {
		id := string(value)
		return id, validID(id)
	}
	var id string
	err := json.Unmarshal(value, &id)
	return id, err == nil && validID(id)
}

func (s *socket) seedWatches() []watchKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []watchKey
	for key := range s.watches {
		if key.seed {
			keys = append(keys, key)
		}
	}
	return keys
}

// prepareSeed makes the dialect's message of a frame, or nil if the count has not
// changed.
func prepareSeed(f *projections.Frame) any {
	delta, ok := f.Delta.(*projections.ProductDelta)
	if !ok || f.Kind != projections.DeltaFrame || delta.Change == 0 {
		return nil
	}
	p := &delta.Product
	o := events.OpenObject(append([]byte(nil), `{"event":"reservation_created","data":`...))
	if number, err := strconv.ParseInt(p.ID, 10, 53); err == nil && strconv.FormatInt(number, 10) == p.ID {
		o.Int("id", number)
	} else {
		o.String("id", p.ID)
	}
	o.String("name", p.Name)
	o.Int("count", p.Remaining())
	o.Int("stock", p.Stock)
	o.Int("price", p.Price)
	o.Int("position", int64(f.Position))
	return newPrepared(append(o.Close(), '}'))
}
