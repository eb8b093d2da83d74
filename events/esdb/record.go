package esdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// The keys of what the node itself keeps of an event, and the content types.
const (
	typeKey    = "type"
	contentKey = "content-type"
	createdKey = "created"

	jsonContent  = "application/json"
	bytesContent = "application/octet-stream"
)

// ownPrefix begins the names of streams that this package keeps for itself;
// systemPrefix those of the node's, and its types of events.
const (
	ownPrefix    = "~"
	systemPrefix = "$"
)

// ours says whether an event belongs to the log as admitone sees it. The filter on
// streams has left out most of what doesn't; a tombstone lies in the stream itself.
func ours(e *events.Recorded) bool {
	return !strings.HasPrefix(e.Type, systemPrefix) && !reserved(e.Stream)
}

// reserved says whether a stream is none of the log's.
func reserved(stream events.StreamID) bool {
	return strings.HasPrefix(string(stream), systemPrefix) || strings.HasPrefix(string(stream), ownPrefix)
}

func identifier(stream events.StreamID) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

func structured(id events.ID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

// idOf reads both forms of a UUID. Error: events.ErrBadID.
func idOf(u *shared.UUID) (events.ID, error) {
	if s := u.GetStructured(); s != nil {
		var id events.ID
		binary.BigEndian.PutUint64(id[:8], uint64(s.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(s.GetLeastSignificantBits()))
		return id, nil
	}
	return events.ParseID(u.GetString_())
}

// sizeOf is what the node counts of an event against the size of an append.
func sizeOf(e *events.Event) int {
	units := 0
	for _, r := range e.Type {
		units += utf16.RuneLen(r)
	}
	return len(e.Data) + len(e.Metadata) + 2*units
}

// checkAppend returns the batch's size as the node counts it. Error: ErrRefused for
// what no EventStoreDB could keep, or what is not meant for it.
func checkAppend(stream events.StreamID, expected events.Revision, batch []events.Event) (size int, err error) {
	switch {
	case len(batch) == 0:
		return 0, fmt.Errorf("%w: the batch is empty", ErrRefused)
	case stream == "" || reserved(stream) || !utf8.ValidString(string(stream)):
		return 0, fmt.Errorf("%w: stream id %.40q", ErrRefused, stream)
	case expected < events.NoStream:
		return 0, fmt.Errorf("%w: expected revision %d", ErrRefused, expected)
	}
	for i := range batch {
		e := &batch[i]
		if e.Type == "" || strings.HasPrefix(e.Type, systemPrefix) || !utf8.ValidString(e.Type) || e.ID == (events.ID{}) {
			return 0, fmt.Errorf("%w: event type %.40q with id %s", ErrRefused, e.Type, e.ID)
		}
		size += sizeOf(e)
	}
	return size, nil
}

// tick is the resolution of created.
const tick = 100 * time.Nanosecond

// records makes events of what comes over the wire. Types and streams repeat, so
// their names are kept; it is not for several goroutines at once.
type records struct {
	names map[string]string
}

// maxNames bounds the names kept; then they are forgotten.
const maxNames = 4096

func (r *records) name(b []byte) string {
	if name, ok := r.names[string(b)]; ok {
		return name
	}
	if r.names == nil || len(r.names) >= maxNames {
		r.names = make(map[string]string)
	}
	name := string(b)
	r.names[name] = name
	return name
}

// record reads an event. Error: ErrDamaged for what no node should send.
func (r *records) record(e *streams.ReadResp_ReadEvent) (events.Recorded, error) {
	raw := e.GetEvent()
	if raw == nil {
		return events.Recorded{}, fmt.Errorf("%w: a link whose event is gone: %v", events.ErrDamaged, e.GetLink())
	}
	id, err := idOf(raw.GetId())
	if err != nil {
		return events.Recorded{}, fmt.Errorf("%w: %v", events.ErrDamaged, err)
	}
	created, err := strconv.ParseInt(raw.GetMetadata()[createdKey], 10, 64)
	if err != nil {
		return events.Recorded{}, fmt.Errorf("%w: event %s has no time", events.ErrDamaged, id)
	}
	if raw.GetCommitPosition() > math.MaxInt64 {
		return events.Recorded{}, fmt.Errorf("%w: event %s has no position", events.ErrDamaged, id)
	}
	const perSecond = int64(time.Second / tick)
	return events.Recorded{
		Event: events.Event{
			ID: id, Type: raw.GetMetadata()[typeKey], Data: raw.GetData(), Metadata: raw.GetCustomMetadata(),
		},
		Stream:   events.StreamID(r.name(raw.GetStreamIdentifier().GetStreamName())),
		Revision: events.Revision(min(raw.GetStreamRevision(), math.MaxInt64)),
		Position: events.Position(raw.GetCommitPosition()),
		Created:  time.Unix(created/perSecond, created%perSecond*int64(tick)).UTC(),
	}, nil
}
