package sockets

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/api/input"
	"admitone/events"
	"admitone/projections/live"
)

// The short dialect: init_products replaces the set of products that the connection watches, and
// is acknowledged. After that every change of a count arrives as reservation_created. Unlike
// subscribe, it has no snapshots and can't be resumed.

func (s *socket) initProducts(raw jsontext.Value) {
	var values []jsontext.Value
	if !s.decodeData(raw, &values, productsShape) {
		return
	}
	topics := make([]string, 0, len(values))
	ack := append([]byte(nil), `{"event":"Product list initialized","data":[`...)
	for i, value := range values {
		id, ok := shortID(value)
		if !ok {
			s.sendError(core.CodeInvalidField, "data is "+productsShape, "")
			return
		}
		topics = append(topics, "product:"+id)
		if i > 0 {
			ack = append(ack, ',')
		}
		ack = events.AppendJSONString(ack, "product_"+id)
	}
	if !s.waitForViews() {
		return
	}
	for _, key := range s.shortWatches() {
		s.unwatch(key)
	}
	// Subscribe before sending the acknowledgement, so that the client misses no later change. A change
	// may therefore arrive before the acknowledgement.
	failed := s.watch(topics, func(string) live.Resume { return live.Resume{} }, true)
	s.reply(append(ack, "]}"...))
	s.sendFailed(failed)
}

// shortID decodes an id that is a number or a string.
func shortID(value jsontext.Value) (string, bool) {
	if value.Kind() == '0' {
		id := events.CanonicalNumber(string(value))
		return id, input.ValidID(id) && !strings.Contains(id, "e")
	}
	var id string
	err := json.Unmarshal(value, &id)
	return id, err == nil && input.ValidID(id)
}

func (s *socket) shortWatches() []watchKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []watchKey
	for key := range s.watches {
		if key.shortDialect {
			keys = append(keys, key)
		}
	}
	return keys
}

// wireShort encodes a frame in the short dialect; nil if the count has not changed.
func wireShort(f *live.Frame) any {
	delta, ok := f.Delta.(*live.ProductDelta)
	if !ok || f.Kind != live.DeltaFrame || delta.Change == 0 {
		return nil
	}
	p := &delta.After
	o := events.OpenObject(append([]byte(nil), `{"event":"reservation_created","data":`...))
	if number, err := strconv.ParseInt(string(p.ID), 10, 53); err == nil &&
		events.ProductID(strconv.FormatInt(number, 10)) == p.ID {
		o.Int("id", number)
	} else {
		o.String("id", string(p.ID))
	}
	o.String("name", p.Name)
	o.Int("count", p.Remaining())
	o.Int("stock", p.Stock)
	o.Int("price", p.Price)
	o.Int("position", int64(f.Position))
	return textMessage(append(o.Close(), '}'))
}
