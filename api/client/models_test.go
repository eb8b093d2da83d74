package client

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The models of both clients are generated from openapi.yaml with
//
//	go test ./api/client -run TestModels -write-models

var writeModels = flag.Bool("write-models", false, "write models.go and js/models.d.ts anew")

// TestModels: the models match openapi.yaml.
func TestModels(t *testing.T) {
	schemas := readSchemas(t)
	goText, err := format.Source([]byte(goModels(schemas)))
	if err != nil {
		t.Fatalf("got %v\n%s; want no error", err, goModels(schemas))
	}
	for name, text := range map[string][]byte{"models.go": goText, "js/models.d.ts": []byte(jsModels(schemas))} {
		if *writeModels {
			if err := os.WriteFile(name, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := os.ReadFile(name); err != nil || !bytes.Equal(has, text) {
			t.Errorf("%s differs from openapi.yaml; run the test with -write-models: %v", name, err)
		}
	}
}

// schema is a schema of openapi.yaml, or that of a member.
type schema struct {
	name       string
	node       *yaml.Node
	properties []schema
	required   []string
	request    bool // a body that clients send
}

// enums are the schemas that are lists of values; the zero value of their types is not one of them.
var enums = map[string]bool{}

func readSchemas(t *testing.T) []schema {
	t.Helper()
	text, err := os.ReadFile("../web/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var all []schema
	for _, s := range members(member(member(root.Content[0], "components"), "schemas")) {
		enums[s.name] = member(s.node, "enum") != nil
		all = append(all, readSchema(s.name, s.node))
	}
	return all
}

func readSchema(name string, node *yaml.Node) schema {
	s := schema{name: typeName(name), node: node, request: scalar(node, "additionalProperties") == "false"}
	for _, p := range members(member(node, "properties")) {
		s.properties = append(s.properties, schema{name: p.name, node: p.node})
	}
	for _, r := range contents(member(node, "required")) {
		s.required = append(s.required, r.Value)
	}
	return s
}

// isList reports whether a schema is a page of a list.
func (s *schema) isList() bool {
	return slices.Contains(s.required, "items") && slices.Contains(s.required, "next")
}

type named struct {
	name string
	node *yaml.Node
}

// members returns the members of a mapping, in order.
func members(node *yaml.Node) (all []named) {
	for i := 0; i+1 < len(contents(node)); i += 2 {
		all = append(all, named{node.Content[i].Value, node.Content[i+1]})
	}
	return all
}

func contents(node *yaml.Node) []*yaml.Node {
	if node == nil {
		return nil
	}
	return node.Content
}

func member(node *yaml.Node, name string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for _, m := range members(node) {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

func scalar(node *yaml.Node, name string) string {
	if m := member(node, name); m != nil {
		return m.Value
	}
	return ""
}

// kind returns a schema's type, and whether it may be null.
func kind(node *yaml.Node) (name string, nullable bool) {
	types := member(node, "type")
	if types == nil || types.Kind != yaml.SequenceNode {
		return scalar(node, "type"), false
	}
	for _, one := range types.Content {
		if one.Value == "null" {
			nullable = true
		} else {
			name = one.Value
		}
	}
	return name, nullable
}

// typeName returns the name of a schema in the clients.
func typeName(name string) string {
	if name == "Snapshot" || name == "Delta" {
		return "Product" + name
	}
	return name
}

func referred(node *yaml.Node) string {
	ref := scalar(node, "$ref")
	return typeName(ref[strings.LastIndexByte(ref, '/')+1:])
}

// camel returns the Go name of a member.
func camel(snake string) string {
	var out strings.Builder
	for part := range strings.FieldsFuncSeq(snake, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }) {
		if part == "id" || part == "url" || part == "ids" || part == "ip" {
			out.WriteString(strings.Replace(strings.ToUpper(part), "IDS", "IDs", 1))
			continue
		}
		out.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return out.String()
}

// described writes a description as a Go comment.
func described(out *strings.Builder, indent, name string, node *yaml.Node, otherwise string) {
	text := scalar(node, "description")
	if text == "" {
		text = otherwise
	}
	if name != "" {
		text = name + ": " + text
	}
	for _, line := range wrapped(text, 110-len(indent)) {
		fmt.Fprintf(out, "%s// %s\n", indent, line)
	}
}

// wrapped breaks a text into lines.
func wrapped(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

const generated = "// Code generated from openapi.yaml by TestModels with -write-models. DO NOT EDIT.\n\n"

// goModels returns the models in Go.
func goModels(schemas []schema) string {
	var out strings.Builder
	out.WriteString(generated + "package client\n\nimport (\n\t\"encoding/json\"\n\t\"time\"\n)\n\n")
	for _, s := range schemas {
		if s.name == "Problem" || s.name == "Next" || s.isList() {
			continue // see Error, and the iterators
		}
		described(&out, "", s.name, s.node, "as in openapi.yaml.")
		if values := contents(member(s.node, "enum")); len(values) > 0 {
			fmt.Fprintf(&out, "type %s string\n\n// The values of %s.\nconst (\n", s.name, s.name)
			for _, v := range values {
				fmt.Fprintf(&out, "%s %s = %q\n", s.name+camel(v.Value), s.name, v.Value)
			}
			out.WriteString(")\n\n")
			continue
		}
		if len(s.properties) == 0 {
			fmt.Fprintf(&out, "type %s %s\n\n", s.name, goType(s, s.node, true, nil))
			continue
		}
		goStruct(&out, s)
	}
	return out.String()
}

func goStruct(out *strings.Builder, s schema) {
	var inner []schema
	fmt.Fprintf(out, "type %s struct {\n", s.name)
	for _, p := range s.properties {
		described(out, "\t", "", p.node, "As in openapi.yaml.")
		required := slices.Contains(s.required, p.name)
		tag := p.name
		written := goType(schema{name: s.name + camel(p.name), request: s.request}, p.node, required, &inner)
		switch {
		case written == "time.Time" && !required || strings.HasPrefix(written, "Nullable["):
			tag += ",omitzero"
		case !required:
			tag += ",omitempty"
		}
		fmt.Fprintf(out, "\t%s %s `json:%q`\n", camel(p.name), written, tag)
	}
	out.WriteString("}\n\n")
	for _, i := range inner {
		described(out, "", i.name, i.node, "a part of "+s.name+".")
		goStruct(out, i)
	}
}

// goType returns the type of a member in Go. Objects without a name are added to inner.
func goType(s schema, node *yaml.Node, required bool, inner *[]schema) string {
	if member(node, "$ref") != nil {
		name := referred(node)
		switch {
		case name == "Next":
			return "*string"
		case required || enums[name]:
			return name
		}
		return "*" + name
	}
	edit := s.request && strings.Contains(s.name, "Edit")
	base, nullable := kind(node)
	switch base {
	case "string":
		base = "string"
		if scalar(node, "format") == "date-time" {
			base = "time.Time"
		}
		if edit && !nullable && !required && base == "string" {
			return "*string"
		}
	case "integer", "boolean", "number":
		base = map[string]string{"integer": "int64", "boolean": "bool", "number": "float64"}[base]
		least := scalar(node, "minimum")
		absent := scalar(node, "default") == map[string]string{"int64": "0", "bool": "false"}[base] ||
			least != "" && least != "0" // the value that Go's zero value would encode
		if !nullable && !required && s.request && (edit || !absent) {
			return "*" + base
		}
	case "array":
		base = "[]" + goType(schema{name: s.name, request: s.request}, member(node, "items"), true, inner)
	case "object":
		return goObject(s, node, inner)
	default:
		if s.request {
			return "any"
		}
		return "json.RawMessage"
	}
	switch {
	case nullable && strings.HasPrefix(base, "[]") && !s.request:
		return base
	case nullable && s.request:
		return "Nullable[" + base + "]"
	case nullable:
		return "*" + base
	}
	return base
}

func goObject(s schema, node *yaml.Node, inner *[]schema) string {
	if more := member(node, "additionalProperties"); more != nil && more.Kind == yaml.MappingNode {
		return "map[string]" + goType(s, more, true, inner)
	}
	if member(node, "properties") == nil || inner == nil {
		return "json.RawMessage"
	}
	part := readSchema(s.name, node)
	part.request = s.request
	*inner = append(*inner, part)
	return s.name
}

// jsModels returns the models as TypeScript declarations.
func jsModels(schemas []schema) string {
	var out strings.Builder
	out.WriteString(generated)
	for _, s := range schemas {
		if s.name == "Problem" || s.name == "Next" || s.isList() {
			continue // see AdmitoneError, and the iterators
		}
		fmt.Fprintf(&out, "/** %s */\n", comment(s.node))
		if len(s.properties) == 0 {
			fmt.Fprintf(&out, "export type %s = %s;\n\n", s.name, jsType(s.node, ""))
			continue
		}
		fmt.Fprintf(&out, "export interface %s %s\n\n", s.name, jsObject(s.node, ""))
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func comment(node *yaml.Node) string {
	text := strings.Join(strings.Fields(scalar(node, "description")), " ")
	if text == "" {
		text = "As in openapi.yaml."
	}
	return strings.ReplaceAll(text, "*/", "* /")
}

func jsObject(node *yaml.Node, indent string) string {
	var out strings.Builder
	s := readSchema("", node)
	out.WriteString("{\n")
	for _, p := range s.properties {
		mark := "?"
		if slices.Contains(s.required, p.name) {
			mark = ""
		}
		fmt.Fprintf(&out, "%s  /** %s */\n%s  %s%s: %s;\n", indent, comment(p.node), indent, p.name, mark,
			jsType(p.node, indent+"  "))
	}
	return out.String() + indent + "}"
}

// jsType returns a TypeScript type.
func jsType(node *yaml.Node, indent string) string {
	if member(node, "$ref") != nil {
		return referred(node)
	}
	var values []string
	for _, v := range contents(member(node, "enum")) {
		values = append(values, fmt.Sprintf("%q", v.Value))
	}
	base, nullable := kind(node)
	written := map[string]string{"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}[base]
	switch {
	case len(values) > 0:
		written = strings.Join(values, " | ")
	case base == "array":
		written = jsType(member(node, "items"), indent)
		if strings.Contains(written, " ") {
			written = "(" + written + ")"
		}
		written += "[]"
	case base == "object":
		written = "Record<string, unknown>"
		if more := member(node, "additionalProperties"); more != nil && more.Kind == yaml.MappingNode {
			written = "Record<string, " + jsType(more, indent) + ">"
		} else if member(node, "properties") != nil {
			written = jsObject(node, indent)
		}
	case written == "":
		written = "unknown"
	}
	if nullable {
		written += " | null"
	}
	return written
}
