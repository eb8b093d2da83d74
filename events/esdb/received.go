package esdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"admitone/events"
)

// received is a decoded ReadResp: an event, a checkpoint, or something that is ignored. It is
// reused for each message.
type received struct {
	event      events.Recorded // if isEvent
	isEvent    bool
	damage     error       // why event is invalid, nil if it is valid
	caughtUpTo logPosition // if isCaughtUp
	isCaughtUp bool

	created    int64 // of event, in ticks since 1970
	hasID      bool
	hasCreated bool
	types      names
	stream     events.StreamID // of the last event
	arena      []byte          // backing memory of event data
	lasting    bool            // the message is not reused, so the event can refer to it
}

// arenaSize is the approximate size of one allocation for several events.
const arenaSize = 32 << 10

// own returns bytes of the message that the event may retain: a copy, if gRPC will reuse them.
func (r *received) own(b []byte) []byte {
	switch {
	case len(b) == 0:
		return nil
	case r.lasting:
		return b[:len(b):len(b)]
	}
	if len(b) > cap(r.arena)-len(r.arena) {
		r.arena = make([]byte, 0, max(arenaSize, len(b)))
	}
	n := len(r.arena)
	r.arena = append(r.arena, b...)
	return r.arena[n:len(r.arena):len(r.arena)]
}

// tick is the resolution of an event's time.
const tick = 100 * time.Nanosecond

// decode decodes a message. lasting means that b does not change any more. An error means an invalid
// encoding.
func (r *received) decode(b []byte, lasting bool) error {
	r.lasting = lasting
	r.event, r.isEvent, r.damage, r.caughtUpTo, r.isCaughtUp = events.Recorded{}, false, nil, logPosition{}, false
	return fields(b, func(field protowire.Number, text []byte, _ uint64) error {
		switch field {
		case respEvent:
			return r.decodeEvent(text)
		case respCheckpoint:
			r.isCaughtUp = true
			return fields(text, func(field protowire.Number, _ []byte, number uint64) error {
				switch field {
				case checkpointCommit:
					r.caughtUpTo.commit = number
				case checkpointPrepare:
					r.caughtUpTo.prepare = number
				}
				return nil
			})
		}
		return nil
	})
}

// decodeEvent decodes a ReadEvent. The requests do not ask nodes to resolve links, so the event is always
// present.
func (r *received) decodeEvent(b []byte) error {
	r.isEvent, r.hasID, r.hasCreated = true, false, false
	found := false
	err := fields(b, func(field protowire.Number, text []byte, _ uint64) error {
		if field != readEvent {
			return nil
		}
		found = true
		return fields(text, r.recorded)
	})
	if err != nil {
		return err
	}
	switch {
	case !found:
		r.damage = fmt.Errorf("%w: a link without its event", events.ErrDamaged)
	case !r.hasID:
		r.damage = fmt.Errorf("%w: an event of %s without an id", events.ErrDamaged, r.event.Stream)
	case !r.hasCreated:
		r.damage = fmt.Errorf("%w: event %s has no time", events.ErrDamaged, r.event.ID)
	case r.event.Position > math.MaxInt64:
		r.damage = fmt.Errorf("%w: event %s has no position", events.ErrDamaged, r.event.ID)
	}
	const perSecond = int64(time.Second / tick)
	r.event.Created = time.Unix(r.created/perSecond, r.created%perSecond*int64(tick)).UTC()
	return nil
}

// recorded decodes one field of a RecordedEvent.
func (r *received) recorded(field protowire.Number, text []byte, number uint64) error {
	switch field {
	case recordedID:
		return fields(text, r.id)
	case recordedStream:
		return fields(text, func(field protowire.Number, text []byte, _ uint64) error {
			if field == streamName {
				if string(r.stream) != string(text) {
					r.stream = events.StreamID(text)
				}
				r.event.Stream = r.stream
			}
			return nil
		})
	case recordedRevision:
		r.event.Revision = events.Revision(min(number, math.MaxInt64))
	case recordedCommit:
		r.event.Position = events.Position(number)
	case recordedMetadata:
		return r.entry(text)
	case recordedCustom:
		r.event.Metadata = r.own(text)
	case recordedData:
		r.event.Data = r.own(text)
	}
	return nil
}

// id decodes one field of a UUID, in either form.
func (r *received) id(field protowire.Number, text []byte, _ uint64) (err error) {
	switch field {
	case idStructured:
		r.hasID = true
		return fields(text, func(field protowire.Number, _ []byte, number uint64) error {
			switch field {
			case idMost:
				binary.BigEndian.PutUint64(r.event.ID[:8], number)
			case idLeast:
				binary.BigEndian.PutUint64(r.event.ID[8:], number)
			}
			return nil
		})
	case idString:
		r.event.ID, err = events.ParseID(string(text))
		r.hasID = err == nil
	}
	return nil
}

// entry decodes an entry of the node's own metadata.
func (r *received) entry(b []byte) error {
	var key, value []byte
	err := fields(b, func(field protowire.Number, text []byte, _ uint64) error {
		switch field {
		case mapKey:
			key = text
		case mapValue:
			value = text
		}
		return nil
	})
	switch string(key) {
	case typeKey:
		r.event.Type = r.types.intern(value)
	case createdKey:
		var failed error
		r.created, failed = strconv.ParseInt(string(value), 10, 64)
		r.hasCreated = failed == nil
	}
	return err
}

var errWire = errors.New("malformed message from the log's server")

// fields calls visit with each field of a message that has bytes or a number. Fields of other types are
// skipped.
func fields(b []byte, visit func(field protowire.Number, text []byte, number uint64) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		var text []byte
		var number uint64
		switch kind {
		case protowire.BytesType:
			text, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		default:
			if n = protowire.ConsumeFieldValue(field, kind, b); n >= 0 {
				b = b[n:]
				continue
			}
		}
		if n < 0 {
			return errWire
		}
		if err := visit(field, text, number); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// names interns the names of types.
type names map[string]string

// maxNames bounds their number. When it is reached, all are dropped.
const maxNames = 4096

func (n *names) intern(b []byte) string {
	if name, ok := (*n)[string(b)]; ok {
		return name
	}
	if *n == nil || len(*n) >= maxNames {
		*n = make(names)
	}
	name := string(b)
	(*n)[name] = name
	return name
}
