package events

import "net/url"

// AppendCloudEvent appends e as a CloudEvent 1.0 in its JSON format (CloudEvents
// v1.0.2, JSON Event Format). The place in the log and the metadata go along as
// extension attributes, whose names may have lower-case letters and digits only.
// position and revision are JSON numbers, which the specification bounds at 31
// bits; here they may be larger.
//
// Error: [ErrBadMetadata].
func AppendCloudEvent(dst []byte, e *Recorded) ([]byte, error) {
	m, err := ParseMetadata(e.Metadata)
	if err != nil {
		return dst, err
	}
	o := OpenObject(dst)
	o.String("specversion", "1.0")
	o.String("id", e.ID.String())
	o.String("source", "/v1/streams/"+url.PathEscape(string(e.Stream)))
	o.String("type", e.Type)
	o.String("subject", e.Stream.Entity())
	o.Time("time", m.At)
	o.String("datacontenttype", "application/json")
	o.String("stream", string(e.Stream))
	o.Int("revision", int64(e.Revision))
	o.Int("position", int64(e.Position))
	o.Time("recorded", e.Created)
	o.String("commandid", m.CommandID)
	o.String("correlationid", m.CorrelationID)
	o.String("causationid", m.CausationID)
	o.String("actor", m.Actor)
	o.String("hash", m.Hash)
	o.Raw("data", e.Data)
	return o.Close(), nil
}
