package api

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/events"
)

// The members of order data, as fields of a body.
const (
	fieldReference = "reference"
	fieldMetadata  = "metadata"
)

// Limits of order data.
const (
	maxReference     = 128 // characters
	maxMetadataPairs = 16
	maxMetadataSize  = 1 << 10 // bytes of all names and values
)

// orderFields are the members of order data in a body. Metadata stays encoded, so that a body without metadata has the
// same hash as in versions that did not know it.
type orderFields struct {
	Reference *string        `json:"reference,omitzero"`
	Metadata  jsontext.Value `json:"metadata,omitzero"`
}

// order validates and returns the order data in the body of a new resource.
func (f *orderFields) order() (o events.OrderData, err error) {
	if f.Reference != nil {
		o.Reference = *f.Reference
		err = checkReference(o.Reference)
	}
	if err == nil && f.Metadata != nil {
		o.Metadata, err = metadataOf(f.Metadata)
	}
	return o, err
}

// orderEdit has the members of order data in an edit. An absent member is left unchanged; null removes it.
type orderEdit struct {
	Reference jsontext.Value `json:"reference"`
	Metadata  jsontext.Value `json:"metadata"`
}

// orderEdit decodes and validates the body of an edit.
func (r *request) orderEdit() (edit orderEdit, err error) {
	if err := r.decode(&edit, false, fieldReference, fieldMetadata); err != nil {
		return edit, err
	}
	_, err = edit.apply(events.OrderData{})
	return edit, err
}

// apply returns o with the edit applied.
func (f *orderEdit) apply(o events.OrderData) (events.OrderData, error) {
	switch {
	case f.Reference == nil:
	case f.Reference.Kind() == 'n':
		o.Reference = ""
	default:
		o.Reference = ""
		if err := json.Unmarshal(f.Reference, &o.Reference); err != nil {
			return o, invalidField(fieldReference, "a string, or null for none")
		}
		if err := checkReference(o.Reference); err != nil {
			return o, err
		}
	}
	var err error
	switch {
	case f.Metadata == nil:
	case f.Metadata.Kind() == 'n':
		o.Metadata = nil
	default:
		o.Metadata, err = metadataOf(f.Metadata)
	}
	return o, err
}

// isEmpty reports whether the edit changes nothing.
func (f *orderEdit) isEmpty() bool { return f.Reference == nil && f.Metadata == nil }

// printable reports whether s has at most limit characters, is not blank, and has only printable characters, which
// neither reverse nor hide the surrounding text.
func printable(s string, limit int) bool {
	return utf8.ValidString(s) && strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= limit &&
		!strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

func checkReference(reference string) error {
	if !printable(reference, maxReference) {
		return invalidField(fieldReference, "1 to 128 printable characters")
	}
	return nil
}

// metadataOf decodes and validates metadata, an object of strings. It returns the pairs sorted by name, nil if there
// are none.
func metadataOf(given jsontext.Value) ([]events.MetadataPair, error) {
	var pairs map[string]string
	if err := json.Unmarshal(given, &pairs); err != nil || given.Kind() != '{' {
		return nil, invalidField(fieldMetadata, "an object whose values are strings")
	}
	if len(pairs) > maxMetadataPairs {
		return nil, invalidField(fieldMetadata, "up to 16 names")
	}
	size := 0
	var all []events.MetadataPair
	for name, value := range pairs {
		if name == "" || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) {
			return nil, invalidField(fieldMetadata, "names have at least one character, all of them printable")
		}
		size += len(name) + len(value)
		all = append(all, events.MetadataPair{Name: name, Value: value})
	}
	if size > maxMetadataSize {
		return nil, invalidField(fieldMetadata, "names and values have up to 1024 bytes together")
	}
	slices.SortFunc(all, func(a, b events.MetadataPair) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// withOrderData appends order data to an encoded object.
func withOrderData(object []byte, order *events.OrderData) []byte {
	o := events.ContinueObject(object)
	order.Append(&o)
	return o.Close()
}
