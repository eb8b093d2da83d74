package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAppendJSON checks every fact type with random values: what AppendJSON
// writes is JSON, says the same as encoding/json would, and decodes to the fact.
func TestAppendJSON(t *testing.T) {
	for name, typ := range factTypes() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				fact := drawFact(t, typ)
				data := fact.AppendJSON(nil)
				reference, err := json.Marshal(fact)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := anyOf(t, data), anyOf(t, reference); !reflect.DeepEqual(got, want) {
					t.Fatalf("AppendJSON says\n%s\nencoding/json says\n%s", data, reference)
				}
				decoded, err := Decode(name, data)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(decoded, fact) {
					t.Fatalf("%s\ndecodes to\n%#v\nwant\n%#v", data, decoded, fact)
				}
			})
		})
	}
}

// anyOf decodes JSON without a type, numbers digit by digit.
func anyOf(t *rapid.T, data []byte) any {
	var v any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	if dec.More() {
		t.Fatalf("%s: more than one value", data)
	}
	return v
}

// TestInvalidUTF8: bytes that are not UTF-8 are written as U+FFFD, one for each,
// so that what the log holds always decodes.
func TestInvalidUTF8(t *testing.T) {
	fact := &ProductReserved{ReservationID: "r", Holder: "a\xff\xfe\xc3b\xe2\x82", Quantity: 1, Remaining: 1}
	decoded, err := Decode(fact.Name(), fact.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := "a\ufffd\ufffd\ufffdb\ufffd\ufffd"
	if got := decoded.(*ProductReserved).Holder; got != want {
		t.Errorf("holder %q, want %q", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const name = "product.reserved.v1"
	good := string(golden[name].AppendJSON(nil))
	for _, test := range []struct {
		about, name, data string
		want              error
	}{
		{"unknown name", "product.vanished.v1", good, ErrUnknownFact},
		{"another version", "product.reserved.v2", good, ErrUnknownFact},
		{"empty name", "", good, ErrUnknownFact},
		{"unknown member", name, strings.Replace(good, `"holder"`, `"colour":"red","holder"`, 1), ErrBadFact},
		{"another fact's member", name, string(golden["product.held.v1"].AppendJSON(nil)), ErrBadFact},
		{"a second object behind", name, good + "{}", ErrBadFact},
		{"a bracket behind", name, good + "}", ErrBadFact},
		{"a letter behind", name, good + " x", ErrBadFact},
		{"a zero byte behind", name, good + "\x00", ErrBadFact},
		{"cut short", name, good[:len(good)-1], ErrBadFact},
		{"nothing", name, "", ErrBadFact},
		{"no object", name, "[]", ErrBadFact},
		{"a fraction", name, strings.Replace(good, `"quantity":2`, `"quantity":2.5`, 1), ErrBadFact},
		{"beyond 64 bits", name, strings.Replace(good, `"quantity":2`, `"quantity":9223372036854775808`, 1), ErrBadFact},
	} {
		t.Run(test.about, func(t *testing.T) {
			fact, err := Decode(test.name, []byte(test.data))
			if !errors.Is(err, test.want) {
				t.Errorf("Decode: %v, want %v", err, test.want)
			}
			if fact != nil {
				t.Errorf("a refused fact came out: %#v", fact)
			}
		})
	}
}

// lampLit is a fact of these tests alone. Its first version counted watts as a
// string; its second counts milliwatts.
type lampLit struct {
	Lamp       string `json:"lamp"`
	Milliwatts int64  `json:"milliwatts"`
}

func (*lampLit) Name() string { return "lamp.lit.v2" }

func (f *lampLit) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("lamp", f.Lamp)
	o.Int("milliwatts", f.Milliwatts)
	return o.Close()
}

type lampLitV1 struct {
	Lamp  string `json:"lamp"`
	Watts int64  `json:"watts"`
}

// registerLamp adds the test's fact and takes it away when the test ends.
func registerLamp(t *testing.T) {
	register[lampLit]()
	registerUpcast("lamp.lit.v1", func(old lampLitV1) Fact {
		return &lampLit{Lamp: old.Lamp, Milliwatts: old.Watts * 1000}
	})
	t.Cleanup(func() {
		delete(decoders, "lamp.lit.v1")
		delete(decoders, "lamp.lit.v2")
	})
}

func TestUpcast(t *testing.T) {
	registerLamp(t)
	want := &lampLit{Lamp: "hall", Milliwatts: 40_000}
	for name, data := range map[string]string{
		"lamp.lit.v1": `{"lamp":"hall","watts":40}`,
		"lamp.lit.v2": `{"lamp":"hall","milliwatts":40000}`,
	} {
		fact, err := Decode(name, []byte(data))
		if err != nil || !reflect.DeepEqual(fact, Fact(want)) {
			t.Errorf("%s: %#v, %v, want %#v", name, fact, err, want)
		}
	}
	for name, data := range map[string]string{
		"lamp.lit.v1": `{"lamp":"hall","milliwatts":40000}`,
		"lamp.lit.v2": `{"lamp":"hall","watts":40}`,
	} {
		if fact, err := Decode(name, []byte(data)); !errors.Is(err, ErrBadFact) {
			t.Errorf("%s took the shape of the other version: %#v, %v", name, fact, err)
		}
	}
}

func TestNameIsRegisteredOnce(t *testing.T) {
	registerLamp(t)
	defer func() {
		if recover() == nil {
			t.Error("a second fact took a name that was taken")
		}
	}()
	register[lampLit]()
}

// TestEventDecode: a fact that came along is used as it is, else it is decoded.
func TestEventDecode(t *testing.T) {
	fact := golden["product.held.v1"]
	data := fact.AppendJSON(nil)
	along := &Event{Type: fact.Name(), Data: data, Fact: fact}
	if got, err := along.Decode(); err != nil || got != fact {
		t.Errorf("with its fact: %v, %v", got, err)
	}
	bare := &Event{Type: fact.Name(), Data: data}
	if got, err := bare.Decode(); err != nil || got == fact || !reflect.DeepEqual(got, fact) {
		t.Errorf("from its bytes: %#v, %v, want another %#v", got, err, fact)
	}
	if _, err := (&Event{Type: "product.vanished.v1", Data: data}).Decode(); !errors.Is(err, ErrUnknownFact) {
		t.Errorf("unknown: %v, want %v", err, ErrUnknownFact)
	}
}

// TestHolds: what each product fact opens and closes, for the deadline index.
func TestHolds(t *testing.T) {
	later := moment.Add(time.Hour)
	for _, test := range []struct {
		about          string
		fact           Deadlined
		opened, closed int
		earliest       time.Time
	}{
		{"held", &ProductHeld{ExpiresAt: later}, 1, 0, later},
		{"confirmed", &ProductConfirmed{}, 0, 1, time.Time{}},
		{"a hold released", &ProductReleased{Was: ReservationHeld}, 0, 1, time.Time{}},
		{"a sale released", &ProductReleased{Was: ReservationConfirmed}, 0, 0, time.Time{}},
		{"two expired", &ProductExpired{Expired: make([]ExpiredHold, 2)}, 0, 2, time.Time{}},
	} {
		opened, closed, earliest := test.fact.Holds()
		if opened != test.opened || closed != test.closed || !earliest.Equal(test.earliest) {
			t.Errorf("%s: opened %d, closed %d, earliest %v; want %d, %d, %v",
				test.about, opened, closed, earliest, test.opened, test.closed, test.earliest)
		}
	}
}
