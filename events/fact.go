package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"
)

// Fact is something that happened to one entity. Implementations are pointers to structs in this
// package, one file per kind; they are immutable. [AppendFact] writes a fact as JSON according to
// the tags of its fields, and [Decode] reads it.
type Fact interface {
	// Name is the wire name with its version, frozen forever.
	Name() string
}

// Deadlined is implemented by facts that open or close something with a deadline. The deadline
// index folds them for every kind of entity.
type Deadlined interface {
	Fact
	// Holds returns the numbers of holds that the fact opened and closed, and the earliest deadline
	// among those opened (zero if none).
	Holds() (opened, closed int, earliest time.Time)
}

// The errors of [Decode].
var (
	// ErrUnknownFact: no decoder is registered under that name. It is never skipped: a fold that
	// leaves out an unknown fact is wrong.
	ErrUnknownFact = errors.New("unknown fact")
	// ErrBadFact: the bytes are not a fact of that name.
	ErrBadFact = errors.New("bad fact")
)

// format encodes and decodes the facts of one wire name.
type format struct {
	shape   reflect.Type // the struct that has the members
	subject subject
	encode  encoder
	decode  decoder
	// fact converts a pointer to a shape to the fact.
	fact func(shape any) Fact
}

// formats has the format of each wire name. Only init functions write to it.
var formats = map[string]*format{}

// register registers a fact type under its wire name.
func register[F any, P interface {
	*F
	Fact
}]() {
	registerFormat(P(new(F)).Name(), reflect.TypeFor[F](), func(shape any) Fact { return P(shape.(*F)) })
}

// registerUpcast registers an older wire name: its shape Old is decoded and converted to the
// current fact. The old name's golden file tests that.
func registerUpcast[Old any](name string, upcast func(Old) Fact) {
	registerFormat(name, reflect.TypeFor[Old](), func(shape any) Fact { return upcast(*shape.(*Old)) })
}

func registerFormat(name string, shape reflect.Type, fact func(any) Fact) {
	if formats[name] != nil {
		panic("events: two facts are named " + name)
	}
	noteCategory(name)
	formats[name] = &format{shape: shape, subject: subjectOf(shape), encode: encoderOf(shape),
		decode: decoderOf(shape), fact: fact}
}

// AppendFact appends a fact as one JSON object, which [Decode] decodes to an equal fact. It panics
// if the fact is of a type that is not registered under its name.
func AppendFact(dst []byte, fact Fact) []byte {
	f, v := formats[fact.Name()], reflect.ValueOf(fact)
	if f == nil || f.shape != v.Type().Elem() {
		panic(fmt.Sprintf("events: %T is not registered as %s", fact, fact.Name()))
	}
	return f.encode(dst, v.UnsafePointer())
}

// Rewrite restores the original bytes of a fact whose JSON may have been parsed and encoded again
// by a foreign program. Errors: [ErrUnknownFact], [ErrBadFact].
func Rewrite(name string, data []byte) ([]byte, error) {
	f := formats[name]
	if f == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownFact, name)
	}
	shape := reflect.New(f.shape)
	canonical, err := CanonicalJSON(data)
	if err == nil {
		err = decodeStrict(canonical, shape.Interface())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrBadFact, name, err)
	}
	return f.encode(nil, shape.UnsafePointer()), nil
}

// decodeStrict refuses unknown members and trailing bytes: a shape unknown to this program must not
// be decoded in part.
func decodeStrict(data []byte, into any) error {
	if len(data) == 0 || data[0] != '{' { // encoding/json takes null for an empty object
		return errors.New("not an object")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("trailing bytes")
	}
	return nil
}

// Decode decodes the fact of the given wire name. An older version is converted to the current type.
// Errors: [ErrUnknownFact], [ErrBadFact].
func Decode(name string, data []byte) (Fact, error) {
	f := formats[name]
	if f == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownFact, name)
	}
	shape, r := reflect.New(f.shape), fastReader{text: data}
	if !f.decode(&r, shape.Elem()) || r.at != len(data) {
		shape = reflect.New(f.shape)
		if err := decodeStrict(data, shape.Interface()); err != nil {
			return nil, fmt.Errorf("%w: %s: %v", ErrBadFact, name, err)
		}
	}
	return f.fact(shape.Interface()), nil
}

// Names returns every wire name that decodes, sorted.
func Names() []string {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
