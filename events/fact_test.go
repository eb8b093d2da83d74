package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// TestAppendFact checks every fact type with random values: the output of AppendFact is equivalent to that of
// encoding/json and decodes to the fact.
func TestAppendFact(t *testing.T) {
	for name, typ := range factTypes() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				fact := drawFact(t, typ)
				data := AppendFact(nil, fact)
				reference, err := json.Marshal(fact)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := untyped(t, data), untyped(t, reference); !reflect.DeepEqual(got, want) {
					t.Fatalf("AppendFact =\n%s\nwant the same values as encoding/json:\n%s", data, reference)
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

// TestAppendFactAllocatesNothing: AppendFact allocates nothing if dst has enough capacity.
func TestAppendFactAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 1<<16)
	for name, fact := range golden {
		if n := testing.AllocsPerRun(10, func() { AppendFact(dst, fact) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// impostor has the wire name of a different type, unregistered a name that is not registered.
type (
	impostor     struct{ SeatBlocked }
	unregistered struct{ lampLit }
)

// TestAppendFactPanics: AppendFact panics on a fact whose name is not registered, or registered for a different
// type.
func TestAppendFactPanics(t *testing.T) {
	for _, fact := range []Fact{&impostor{}, &unregistered{}} {
		if panicOf(func() { AppendFact(nil, fact) }) == nil {
			t.Errorf("AppendFact of the unregistered %T did not panic", fact)
		}
	}
}

// panicOf returns the value that f panics with, nil if f returns.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// TestRegisterPanics: a struct that does not survive encoding and decoding cannot be registered.
func TestRegisterPanics(t *testing.T) {
	for name, typ := range map[string]reflect.Type{
		"unsupported type": reflect.TypeFor[struct {
			A float64 `json:"a"`
		}](),
		"slice of an unsupported type": reflect.TypeFor[struct {
			A []*int64 `json:"a"`
		}](),
		"no tag": reflect.TypeFor[struct{ A string }](),
		"ignored field": reflect.TypeFor[struct {
			A string `json:"-"`
		}](),
		"option string": reflect.TypeFor[struct {
			A int64 `json:"a,string"`
		}](),
		"omitempty on a slice": reflect.TypeFor[struct {
			A string   `json:"a"`
			B []string `json:"b,omitempty"`
		}](),
		"omitempty on a time, ignored by encoding/json": reflect.TypeFor[struct {
			A string    `json:"a"`
			B time.Time `json:"b,omitempty"`
		}](),
	} {
		if panicOf(func() { registerFormat("lamp.lit.v3", typ, nil) }) == nil {
			t.Errorf("%s: registerFormat did not panic", name)
			delete(formats, "lamp.lit.v3")
		}
	}
}

// TestOptionalMembers: an optional member is omitted if it is zero; a time, if IsZero reports true, in any zone.
func TestOptionalMembers(t *testing.T) {
	type shape struct {
		A string        `json:"a"`
		B WaitlistRule  `json:"b,omitempty"`
		C int64         `json:"c,omitzero"`
		D time.Time     `json:"d,omitzero"`
		E []string      `json:"e,omitzero"`
		F bool          `json:"f,omitempty"`
		G []TicketRange `json:"g"`
	}
	encode, day := encoderOf(reflect.TypeFor[shape]()), time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		value shape
		want  string
	}{
		{shape{}, `{"a":"","g":[]}`},
		{shape{D: time.Time{}.In(time.FixedZone("", 3600))}, `{"a":"","g":[]}`},
		{shape{B: "fill", F: true, E: []string{}}, `{"a":"","b":"fill","e":[],"f":true,"g":[]}`},
		{shape{C: -1, D: day.In(time.FixedZone("", -3600)), G: []TicketRange{{1, 2}, {4, 4}}},
			`{"a":"","c":-1,"d":"2031-05-01T00:00:00Z","g":[{"from":1,"to":2},{"from":4,"to":4}]}`},
	} {
		got := string(encode([]byte("before"), unsafe.Pointer(&test.value)))
		if got != "before"+test.want {
			t.Errorf("%+v is encoded as %s, want %s", test.value, got, "before"+test.want)
		}
	}
}

// untyped decodes JSON into an untyped value with exact numbers.
func untyped(t *rapid.T, data []byte) any {
	var v any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	if dec.More() {
		t.Fatalf("%s has more than one JSON value, want one", data)
	}
	return v
}

// TestInvalidUTF8: each byte that is not valid UTF-8 is encoded as U+FFFD.
func TestInvalidUTF8(t *testing.T) {
	fact := &ProductReserved{ReservationID: "r", Holder: "a\xff\xfe\xc3b\xe2\x82", Quantity: 1, Remaining: 1}
	decoded, err := Decode(fact.Name(), AppendFact(nil, fact))
	if err != nil {
		t.Fatal(err)
	}
	want := Holder("a\ufffd\ufffd\ufffdb\ufffd\ufffd")
	if got := decoded.(*ProductReserved).Holder; got != want {
		t.Errorf("holder %q, want %q", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const name = "product.reserved.v1"
	good := string(AppendFact(nil, golden[name]))
	for _, test := range []struct {
		about, name, data string
		want              error
	}{
		{"unknown name", "product.vanished.v1", good, ErrUnknownFact},
		{"unknown version", "product.reserved.v2", good, ErrUnknownFact},
		{"empty name", "", good, ErrUnknownFact},
		{"unknown member", name, strings.Replace(good, `"holder"`, `"colour":"red","holder"`, 1), ErrBadFact},
		{"member of a different fact", name, string(AppendFact(nil, golden["product.held.v1"])), ErrBadFact},
		{"trailing object", name, good + "{}", ErrBadFact},
		{"trailing brace", name, good + "}", ErrBadFact},
		{"trailing letter", name, good + " x", ErrBadFact},
		{"trailing zero byte", name, good + "\x00", ErrBadFact},
		{"truncated", name, good[:len(good)-1], ErrBadFact},
		{"empty", name, "", ErrBadFact},
		{"array", name, "[]", ErrBadFact},
		{"fraction", name, strings.Replace(good, `"quantity":2`, `"quantity":2.5`, 1), ErrBadFact},
		{"integer of 65 bits", name, strings.Replace(good, `"quantity":2`, `"quantity":9223372036854775808`, 1), ErrBadFact},
	} {
		t.Run(test.about, func(t *testing.T) {
			fact, err := Decode(test.name, []byte(test.data))
			if !errors.Is(err, test.want) {
				t.Errorf("Decode: %v, want %v", err, test.want)
			}
			if fact != nil {
				t.Errorf("Decode returned %#v with its error, want nil", fact)
			}
		})
	}
}

// lampLit is a fact for these tests. Its first version has watts, its second milliwatts.
type lampLit struct {
	Lamp       string `json:"lamp"`
	Milliwatts int64  `json:"milliwatts"`
}

func (*lampLit) Name() string { return "lamp.lit.v2" }

type lampLitV1 struct {
	Lamp  string `json:"lamp"`
	Watts int64  `json:"watts"`
}

// registerLamp registers the test's fact until the test ends.
func registerLamp(t *testing.T) {
	register[lampLit]()
	registerUpcast("lamp.lit.v1", func(old lampLitV1) Fact {
		return &lampLit{Lamp: old.Lamp, Milliwatts: old.Watts * 1000}
	})
	t.Cleanup(func() {
		delete(formats, "lamp.lit.v1")
		delete(formats, "lamp.lit.v2")
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
			t.Errorf("Decode(%s) = %#v, %v; want %#v", name, fact, err, want)
		}
	}
	for name, data := range map[string]string{
		"lamp.lit.v1": `{"lamp":"hall","milliwatts":40000}`,
		"lamp.lit.v2": `{"lamp":"hall","watts":40}`,
	} {
		if fact, err := Decode(name, []byte(data)); !errors.Is(err, ErrBadFact) {
			t.Errorf("Decode(%s) of the other version's shape = %#v, %v; want %v", name, fact, err, ErrBadFact)
		}
	}
}

func TestRegisterPanicsOnDuplicateName(t *testing.T) {
	registerLamp(t)
	defer func() {
		if recover() == nil {
			t.Error("registering a name again did not panic")
		}
	}()
	register[lampLit]()
}

// TestEventDecode: an event's Fact is used if it is set; otherwise the data are decoded.
func TestEventDecode(t *testing.T) {
	fact := golden["product.held.v1"]
	data := AppendFact(nil, fact)
	withFact := &Event{Type: fact.Name(), Data: data, Fact: fact}
	if got, err := withFact.Decode(); err != nil || got != fact {
		t.Errorf("Decode with Fact set = %v, %v; want %v", got, err, fact)
	}
	encoded := &Event{Type: fact.Name(), Data: data}
	if got, err := encoded.Decode(); err != nil || got == fact || !reflect.DeepEqual(got, fact) {
		t.Errorf("Decode without Fact = %#v, %v; want a copy of %#v", got, err, fact)
	}
	if _, err := (&Event{Type: "product.vanished.v1", Data: data}).Decode(); !errors.Is(err, ErrUnknownFact) {
		t.Errorf("Decode of an unknown type: %v, want %v", err, ErrUnknownFact)
	}
}

// TestHolds checks the holds that each product fact opens and closes.
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
		{"released hold", &ProductReleased{Was: ReservationHeld}, 0, 1, time.Time{}},
		{"released sale", &ProductReleased{Was: ReservationConfirmed}, 0, 0, time.Time{}},
		{"two expired holds", &ProductExpired{Expired: make([]ExpiredHold, 2)}, 0, 2, time.Time{}},
	} {
		opened, closed, earliest := test.fact.Holds()
		if opened != test.opened || closed != test.closed || !earliest.Equal(test.earliest) {
			t.Errorf("%s: Holds = %d, %d, %v; want %d, %d, %v",
				test.about, opened, closed, earliest, test.opened, test.closed, test.earliest)
		}
	}
}
