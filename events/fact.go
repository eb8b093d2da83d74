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

// Fact is something that happened to one entity. Implementations are pointers to
// structs in this package, one file per kind; they are never changed once made.
type Fact interface {
	// Name is the wire name with its version, frozen for ever.
	Name() string
	// AppendJSON appends the fact as one JSON object. What it writes, the decoder
	// registered under Name reads back to an equal fact.
	AppendJSON(dst []byte) []byte
}

// Deadlined is implemented by facts that open or close something with a
// deadline. The deadline index folds them, whatever the kind.
type Deadlined interface {
	Fact
	// Holds returns how many holds the fact opened and closed, and the earliest
	// deadline among those opened (zero if none).
	Holds() (opened, closed int, earliest time.Time)
}

// The errors of [Decode].
var (
	// ErrUnknownFact: no decoder is registered under that name. It is never
	// skipped: a fold that leaves out a fact it does not know is wrong.
	ErrUnknownFact = errors.New("events: unknown fact")
	// ErrBadFact: the bytes are not a fact of that name.
	ErrBadFact = errors.New("events: bad fact")
)

// decoders by wire name, filled by the init functions of the fact files only.
var decoders = map[string]func([]byte) (Fact, error){}

// register freezes the wire name of a fact type.
func register[F any, P interface {
	*F
	Fact
}]() {
	name, read := P(new(F)).Name(), readingOf(reflect.TypeFor[F]())
	registerDecoder(name, func(data []byte) (Fact, error) {
		fact := P(new(F))
		if read != nil {
			if p := (plain{text: data}); read(&p, reflect.ValueOf(fact).Elem()) && p.at == len(data) {
				return fact, nil
			}
			fact = P(new(F))
		}
		if err := decodeStrict(data, fact); err != nil {
			return nil, err
		}
		return fact, nil
	})
}

// registerUpcast lets an older name decode: its shape Old is read and turned
// into today's fact. The old name's golden file keeps it honest.
func registerUpcast[Old any](name string, upcast func(Old) Fact) {
	registerDecoder(name, func(data []byte) (Fact, error) {
		var old Old
		if err := decodeStrict(data, &old); err != nil {
			return nil, err
		}
		return upcast(old), nil
	})
}

func registerDecoder(name string, decode func([]byte) (Fact, error)) {
	if _, taken := decoders[name]; taken {
		panic("events: two facts are named " + name)
	}
	decoders[name] = decode
}

// decodeStrict refuses unknown members and trailing bytes: a shape that this
// program does not know must not be half understood.
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

// Decode reads the fact of the given wire name, upcasting an older version.
// Errors: [ErrUnknownFact], [ErrBadFact].
func Decode(name string, data []byte) (Fact, error) {
	decode, ok := decoders[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownFact, name)
	}
	fact, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrBadFact, name, err)
	}
	return fact, nil
}

// Names returns every wire name that decodes, sorted.
func Names() []string {
	names := make([]string, 0, len(decoders))
	for name := range decoders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
