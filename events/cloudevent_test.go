package events_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// sealed returns a fact as a log returns it.
func sealed(fact events.Fact, m events.Metadata) *events.Recorded {
	e := events.Event{ID: events.EventID(m.CommandID, 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, "product-p-1", 7, &e, &m)
	return &events.Recorded{Event: e, Stream: "product-p-1", Revision: 7, Position: 1 << 40,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
}

func TestCloudEvent(t *testing.T) {
	fact := &events.ProductReserved{ReservationID: "r", Holder: "A\"da\u2028é", Quantity: 2, Remaining: 3}
	m := events.Metadata{CommandID: "c", CorrelationID: "q\\\n", CausationID: "w", Actor: "Ada",
		At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	e := sealed(fact, m)
	text := events.AppendCloudEvent([]byte("before "), e)
	if string(text[:7]) != "before " {
		t.Fatalf("AppendCloudEvent = %s, want it to keep the bytes before", text)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(text[7:], &got); err != nil {
		t.Fatal(err)
	}
	parsed, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	quoted := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := map[string]string{
		"specversion": `"1.0"`, "id": quoted(e.ID.String()), "source": `"/v1/streams/product-p-1"`,
		"type":    `"product.reserved.v1"`,
		"subject": `"p-1"`, "time": `"2026-01-02T03:04:05Z"`, "datacontenttype": `"application/json"`,
		"stream":   `"product-p-1"`,
		"revision": "7", "position": "1099511627776", "recorded": `"2026-01-02T03:04:05.000000006Z"`,
		"commandid": `"c"`, "correlationid": `"q\\\n"`, "causationid": `"w"`, "actor": `"Ada"`,
		"hash": quoted(parsed.Hash), "data": string(e.Data),
	}
	name := regexp.MustCompile(`^[a-z0-9]{1,20}$`) // CloudEvents 1.0.2, naming of attributes
	for attribute, value := range got {
		if !name.MatchString(attribute) {
			t.Errorf("attribute name %q, want a match of %s", attribute, name)
		}
		if string(value) != want[attribute] {
			t.Errorf("%s is %s, want %s", attribute, value, want[attribute])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d attributes, want %d: %s", len(got), len(want), text)
	}
	fromData, err := events.Decode(e.Type, got["data"])
	if err != nil || !reflect.DeepEqual(fromData, events.Fact(fact)) {
		t.Errorf("data decodes to %+v, %v; want %+v", fromData, err, events.Fact(fact))
	}
}

// TestCloudEventSource: a source is a URI reference, whatever the stream's name.
func TestCloudEventSource(t *testing.T) {
	e := sealed(&events.ProductReserved{}, events.Metadata{})
	e.Stream = "wallet-Jürgen M"
	text := events.AppendCloudEvent(nil, e)
	var got struct{ Source, Stream string }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Source != "/v1/streams/wallet-J%C3%BCrgen%20M" || got.Stream != "wallet-Jürgen M" {
		t.Errorf("event = %+v, want Source /v1/streams/wallet-J%%C3%%BCrgen%%20M, Stream wallet-Jürgen M", got)
	}
}

// TestForeignCloudEvent: a foreign event is restored byte for byte from its only encoding.
func TestForeignCloudEvent(t *testing.T) {
	for name, change := range map[string]func(*events.Recorded){
		"no metadata":           func(e *events.Recorded) { e.Metadata = []byte{} },
		"metadata not JSON":     func(e *events.Recorded) { e.Metadata = []byte("{") },
		"metadata not sealed":   func(e *events.Recorded) { e.Metadata = []byte(`{"$correlationId":"x"}`) },
		"unknown metadata":      func(e *events.Recorded) { e.Metadata = append([]byte(`{"more":1,`), e.Metadata[1:]...) },
		"binary metadata":       func(e *events.Recorded) { e.Metadata = append([]byte{0, 'b'}, 0xff, 0xfe) },
		"binary data":           func(e *events.Recorded) { e.Data = []byte("\x00\xff\n") },
		"data with a newline":   func(e *events.Recorded) { e.Data = []byte("{\"a\":\n1}") },
		"data with a space":     func(e *events.Recorded) { e.Data = []byte(" {}") },
		"no data":               func(e *events.Recorded) { e.Data = []byte{} },
		"stream name not UTF-8": func(e *events.Recorded) { e.Stream = "product-\xff" },
		"type not UTF-8":        func(e *events.Recorded) { e.Type = "\xff" },
		"system names": func(e *events.Recorded) {
			e.Stream, e.Type, e.Metadata = "$$settings \"\n\u2028", "$metadata\x01", []byte("{}")
		},
		"the type of a head": func(e *events.Recorded) { e.Type, e.Metadata = "admitone.head.v1", []byte{} },
	} {
		e := sealed(&events.ProductReserved{ReservationID: "r", Holder: "Ada"}, events.Metadata{CommandID: "c"})
		change(e)
		text := events.AppendCloudEvent(nil, e)
		if got, err := events.ParseCloudEvent(text); err != nil || !reflect.DeepEqual(&got, e) {
			t.Errorf("%s: ParseCloudEvent(%s) = %+v, %v; want %+v", name, text, got, err, e)
		}
		if !json.Valid(text) || strings.Contains(string(text), "\n") || !strings.Contains(string(text), `"data_base64":`) {
			t.Errorf("%s: AppendCloudEvent = %q, want one line of JSON with data_base64", name, text)
		}
		for i := range text {
			changed := slices.Clone(text)
			changed[i] ^= 1
			if other, err := events.ParseCloudEvent(changed); err == nil && reflect.DeepEqual(&other, e) {
				t.Errorf("%s: ParseCloudEvent returned the same event after a change of byte %d: %s", name, i, changed)
			}
		}
	}
	// The raw form of an event with sealed metadata is refused.
	e := sealed(&events.ProductReserved{}, events.Metadata{})
	e.Metadata = []byte("{}")
	raw := string(events.AppendCloudEvent(nil, e))
	own := sealed(&events.ProductReserved{}, events.Metadata{})
	raw = strings.Replace(raw, base64.StdEncoding.EncodeToString(e.Metadata),
		base64.StdEncoding.EncodeToString(own.Metadata), 1)
	if _, err := events.ParseCloudEvent([]byte(raw)); !errors.Is(err, events.ErrBadCloudEvent) {
		t.Errorf("ParseCloudEvent(%s): %v, want %v", raw, err, events.ErrBadCloudEvent)
	}
}

// TestParseCloudEvent: an event is restored byte for byte, and a text that is not in canonical form
// is refused.
func TestParseCloudEvent(t *testing.T) {
	fact := &events.ProductReserved{ReservationID: "r", Holder: "A\"da\u2028é", Quantity: 2, Remaining: 3}
	e := sealed(fact, events.Metadata{CommandID: "c", CorrelationID: "q\\\n<", CausationID: "w", Actor: "Ada",
		At: time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)})
	text := events.AppendCloudEvent(nil, e)
	got, err := events.ParseCloudEvent(text)
	if err != nil || !reflect.DeepEqual(&got, e) {
		t.Errorf("ParseCloudEvent = %+v, %v; want %+v", got, err, e)
	}
	for i := range text {
		for bit := range 8 {
			changed := slices.Clone(text)
			changed[i] ^= 1 << bit
			if other, err := events.ParseCloudEvent(changed); err == nil && reflect.DeepEqual(&other, e) {
				t.Errorf("ParseCloudEvent returned the same event after a change of bit %d of byte %d: %s", bit, i, changed)
			} else if err != nil && !errors.Is(err, events.ErrBadCloudEvent) {
				t.Errorf("bit %d of byte %d changed: %v, want %v", bit, i, err, events.ErrBadCloudEvent)
			}
		}
	}
	for _, other := range []string{
		"", "null", "{}", string(text) + " ", string(text) + "{}", strings.Replace(string(text), `"1.0"`, `"1.1"`, 1),
		strings.Replace(string(text), `{"spec`, `{"more":1,"spec`, 1),
		strings.Replace(string(text), `"subject"`, `"Subject"`, 1),
		strings.Replace(string(text), `"id":"`, `"id":"x`, 1), strings.Replace(string(text), "<", "\\u003c", 1),
	} {
		if _, err := events.ParseCloudEvent([]byte(other)); !errors.Is(err, events.ErrBadCloudEvent) {
			t.Errorf("ParseCloudEvent(%s): %v, want %v", other, err, events.ErrBadCloudEvent)
		}
	}
}
