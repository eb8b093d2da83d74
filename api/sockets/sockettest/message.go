package sockettest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"admitone/api/web"
)

// Message is a message of asyncapi.yaml.
type Message struct {
	// Name is its key among the components.
	Name string
	// FromServer means that the server sends it over a socket, FromClient that the server receives it.
	FromServer, FromClient bool
	// Examples are the payloads of its examples, in JSON.
	Examples [][]byte

	event   string // const of its event, "" for none
	payload *jsonschema.Schema
	headers *jsonschema.Schema // nil if none are described
}

// Validate returns an error if a payload does not match the message's schema.
func (m *Message) Validate(payload []byte) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(payload)))
	if err != nil {
		return err
	}
	return m.payload.Validate(value)
}

// ValidateHeaders returns an error if the headers of a request do not match the message's schema.
func (m *Message) ValidateHeaders(sent http.Header) error {
	if m.headers == nil {
		return nil
	}
	values := object{}
	for name := range sent {
		values[strings.ToLower(name)] = sent.Get(name)
	}
	return m.headers.Validate(values)
}

// Messages returns the messages of asyncapi.yaml, by name. Schemas of openapi.yaml that do not allow
// additional properties explicitly forbid them, so that undescribed members are found.
//
// Errors: faults of the files.
var Messages = sync.OnceValues(readMessages)

// Describe returns the one message that matches a frame of the server. An error means that none matches,
// or more than one.
func Describe(frame []byte) (*Message, error) {
	messages, err := Messages()
	if err != nil {
		return nil, err
	}
	var outer struct{ Event string }
	if err := json.Unmarshal(frame, &outer); err != nil {
		return nil, err
	}
	var matching []*Message
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(messages)) {
		m := messages[name]
		if !m.FromServer || m.event != outer.Event {
			continue
		}
		if err := m.Validate(frame); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
			continue
		}
		matching = append(matching, m)
	}
	if len(matching) != 1 {
		return nil, fmt.Errorf("%d messages of asyncapi.yaml match the frame %s, want 1: %w", len(matching), frame,
			errors.Join(faults...))
	}
	return matching[0], nil
}

const (
	socketFile = "asyncapi.yaml"
	schemaFile = "openapi.yaml"
	baseURL    = "mem:///" // of both files, for the compiler
)

type object = map[string]any

// readMessages reads the messages of asyncapi.yaml and compiles their schemas.
func readMessages() (map[string]*Message, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	roots := map[string]object{}
	for _, asset := range web.Assets() {
		name := strings.TrimPrefix(asset.Path, "/")
		if name != socketFile && name != schemaFile {
			continue
		}
		root, err := readYAML(asset.Body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		roots[name] = root
		if err := compiler.AddResource(baseURL+name, any(root)); err != nil {
			return nil, err
		}
	}
	for _, schema := range objectAt(roots[schemaFile], "components", "schemas") {
		if s, ok := schema.(object); ok && s["properties"] != nil && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
	}
	messages := map[string]*Message{}
	for name, described := range objectAt(roots[socketFile], "components", "messages") {
		m, err := readMessage(compiler, name, described.(object))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		messages[name] = m
	}
	for _, operation := range objectAt(roots[socketFile], "operations") {
		o := operation.(object)
		if o["channel"].(object)["$ref"] == "#/channels/webhook" {
			continue
		}
		for _, message := range o["messages"].([]any) {
			ref := message.(object)["$ref"].(string)
			m := messages[ref[strings.LastIndexByte(ref, '/')+1:]]
			if m == nil {
				return nil, fmt.Errorf("unresolved reference %s", ref)
			}
			m.FromServer = m.FromServer || o["action"] == "send"
			m.FromClient = m.FromClient || o["action"] == "receive"
		}
	}
	return messages, nil
}

func readMessage(compiler *jsonschema.Compiler, name string, described object) (*Message, error) {
	m := &Message{Name: name}
	location := baseURL + socketFile + "#/components/messages/" + name + "/payload"
	var err error
	if m.payload, err = compiler.Compile(location); err != nil {
		return nil, err
	}
	if described["headers"] != nil {
		if m.headers, err = compiler.Compile(strings.TrimSuffix(location, "payload") + "headers"); err != nil {
			return nil, err
		}
	}
	schema := m.payload
	for schema.Ref != nil {
		schema = schema.Ref
	}
	if event := schema.Properties["event"]; event != nil && event.Const != nil {
		m.event, _ = (*event.Const).(string)
	}
	examples, _ := described["examples"].([]any)
	for _, example := range examples {
		text, err := json.Marshal(example.(object)["payload"])
		if err != nil {
			return nil, err
		}
		m.Examples = append(m.Examples, text)
	}
	return m, nil
}

// readYAML parses YAML into the values that the schema library expects for JSON.
func readYAML(text []byte) (object, error) {
	var root object
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		return nil, err
	}
	return value.(object), nil
}

// objectAt returns the object at the end of a path of names, nil for none.
func objectAt(root object, names ...string) object {
	for _, name := range names {
		root, _ = root[name].(object)
	}
	return root
}
