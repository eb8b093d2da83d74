package esdb

import (
	"encoding/binary"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"admitone/events"
)

// most and least return the most and the least significant bits of an id, as in the protocol.
func most(id events.ID) uint64  { return binary.BigEndian.Uint64(id[:8]) }
func least(id events.ID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

// batched encodes an append as the only message of a batch. The correlation id consists of the call's
// run and the append's number.
func (c *encoder) batched(run uint64, b *batched) *encoded {
	p := b.proposal
	whole := c.whole[:0]
	whole = appendID(whole, batchID, run, b.number)
	options := protowire.AppendTag(c.scratch[:0], batchStream, protowire.BytesType)
	options = protowire.AppendVarint(options,
		uint64(protowire.SizeTag(streamName)+protowire.SizeBytes(len(p.stream))))
	options = protowire.AppendString(protowire.AppendTag(options, streamName, protowire.BytesType), string(p.stream))
	if p.expected == events.NoStream {
		options = appendBytes(options, batchNoStream, nil)
	} else {
		options = appendNumber(options, batchRevision, uint64(p.expected))
	}
	c.scratch, whole = options, appendBytes(whole, batchOptions, options)
	for i := range p.batch {
		c.scratch = appendEvent(c.scratch[:0], &p.batch[i], p.content)
		whole = appendBytes(whole, batchProposed, c.scratch)
	}
	whole = appendNumber(whole, batchFinal, 1)
	if c.whole = whole; cap(whole) > arenaSize {
		c.whole = nil
	}
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(len(whole))
	copy(*buffer, whole)
	return &encoded{mem.NewBuffer(buffer, pool)}
}

// appendID appends an id in the structured form.
func appendID(b []byte, field protowire.Number, most, least uint64) []byte {
	var halves [2 * 11]byte
	id := halves[:0]
	if most != 0 {
		id = appendNumber(id, idMost, most)
	}
	if least != 0 {
		id = appendNumber(id, idLeast, least)
	}
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(idStructured)+protowire.SizeBytes(len(id))))
	return appendBytes(b, idStructured, id)
}

// batchAnswer is a decoded BatchAppendResp.
type batchAnswer struct {
	run, number uint64 // the correlation id
	revision    uint64 // if hasRevision
	hasRevision bool
	commit      uint64      // 0 if the node omits the position
	failed      *rpc.Status // nil for a success
}

// decode decodes a message, and retains nothing of it. Its error means an invalid encoding.
func (a *batchAnswer) decode(b []byte, _ bool) error {
	*a = batchAnswer{}
	refused := false
	err := fields(b, func(field protowire.Number, text []byte, _ uint64) error {
		switch field {
		case answerID:
			var r received
			err := fields(text, r.id)
			a.run, a.number = most(r.event.ID), least(r.event.ID)
			return err
		case answerError:
			refused = true
		case answerSuccess:
			return fields(text, a.success)
		}
		return nil
	})
	if err != nil || !refused {
		return err
	}
	var whole streams.BatchAppendResp
	if err := proto.Unmarshal(b, &whole); err != nil {
		return err
	}
	a.failed = whole.GetError()
	return nil
}

// success decodes one field of a Success.
func (a *batchAnswer) success(field protowire.Number, text []byte, number uint64) error {
	switch field {
	case successRevision:
		a.revision, a.hasRevision = number, true
	case successPosition:
		return fields(text, func(field protowire.Number, _ []byte, number uint64) error {
			if field == positionCommit {
				a.commit = number
			}
			return nil
		})
	}
	return nil
}
