package events

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// ownMetadata returns the parsed metadata of an event. ok is false if the event must be written in base64:
// its names are not valid UTF-8, its data are not JSON on one line without surrounding space, or its
// metadata are not in sealed form.
func ownMetadata(e *Recorded) (m Metadata, ok bool) {
	m, err := ParseMetadata(e.Metadata)
	if err != nil || !bytes.Equal(AppendMetadata(nil, &m), e.Metadata) {
		return m, false
	}
	if _, err := RecordedHash(e.Metadata); err != nil {
		return m, false
	}
	return m, utf8.ValidString(string(e.Stream)) && utf8.ValidString(e.Type) && utf8.Valid(e.Data) &&
		json.Valid(e.Data) && bytes.IndexByte(e.Data, '\n') < 0 && len(bytes.TrimSpace(e.Data)) == len(e.Data)
}

// appendRawEvent appends an event that ownMetadata refuses, with data and metadata in base64.
func appendRawEvent(dst []byte, e *Recorded) []byte {
	o := OpenObject(dst)
	o.String("specversion", "1.0")
	o.String("id", e.ID.String())
	o.String("source", "/v1/streams/"+url.PathEscape(string(e.Stream)))
	o.String("type", strings.ToValidUTF8(e.Type, "\ufffd"))
	o.String("datacontenttype", "application/octet-stream")
	o.String("stream", strings.ToValidUTF8(string(e.Stream), "\ufffd"))
	o.Int("revision", int64(e.Revision))
	o.Int("position", int64(e.Position))
	o.Time("recorded", e.Created)
	if !utf8.ValidString(string(e.Stream)) {
		o.String("streambase64", base64.StdEncoding.EncodeToString([]byte(e.Stream)))
	}
	if !utf8.ValidString(e.Type) {
		o.String("typebase64", base64.StdEncoding.EncodeToString([]byte(e.Type)))
	}
	o.String("metadatabase64", base64.StdEncoding.EncodeToString(e.Metadata))
	o.String("data_base64", base64.StdEncoding.EncodeToString(e.Data))
	return o.Close()
}

// rawEvent returns the event that appendRawEvent wrote.
func (c *CloudEvent) rawEvent(id ID) Recorded {
	e := Recorded{
		Event:  Event{ID: id, Type: c.Type, Data: c.RawData, Metadata: c.RawMetadata},
		Stream: c.Stream, Revision: c.Revision, Position: c.Position, Created: c.Recorded.UTC(),
	}
	if c.RawStream != nil {
		e.Stream = StreamID(c.RawStream)
	}
	if c.RawType != nil {
		e.Type = string(c.RawType)
	}
	return e
}
