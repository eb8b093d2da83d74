package web

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// Docs returns the readable form of openapi.yaml in HTML, made at the first call. It fails if the
// description is invalid, which a test rules out.
var Docs = sync.OnceValues(func() ([]byte, error) {
	d, err := readDescription(read("openapi.yaml"))
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	err = pages.ExecuteTemplate(&body, "docs.html", struct {
		Frame
		*description
	}{Frame{Title: "The API", Place: "/docs"}, d})
	return body.Bytes(), err
})

// description is the part of openapi.yaml shown by /docs.
type description struct {
	Info struct {
		Title, Version, Description string
	}
	Groups  []group
	Schemas []schema
	Codes   []code
}

// group is a tag and its operations.
type group struct {
	Name, Description string
	Operations        []*operation
}

type operation struct {
	Method, Path         string
	Tags                 []string
	Summary, Description string
	Parameters           []parameter
	RequestBody          struct{ Content map[string]content } `yaml:"requestBody"`
	Responses            yaml.Node
	// Roles may call it, the roles in Own only for their own resources.
	Roles   []string `yaml:"x-roles"`
	Own     []string `yaml:"x-own"`
	Answers []answer `yaml:"-"`
	// Body is the schema of the request's body, nil if it has none.
	Body *schema `yaml:"-"`
}

type parameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required              bool
	Example               string
	Schema                value
}

type content struct {
	Example yaml.Node
	Schema  value
}

// answer is a status and its members.
type answer struct {
	Ref                 string `yaml:"$ref"`
	Status, Description string
	Content             map[string]content
	Example             string `yaml:"-"`
}

// code is a line of x-codes: a code that a problem can have.
type code struct {
	Code    string
	Status  int
	Meaning string
}

// source is the parsed description. Nodes keep the file's order.
type source struct {
	Info       yaml.Node
	Tags       []group
	Codes      []code `yaml:"x-codes"`
	Paths      yaml.Node
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]answer
		Schemas    yaml.Node
	}
}

func readDescription(text []byte) (*description, error) {
	var s source
	if err := yaml.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	d := &description{Groups: s.Tags, Codes: s.Codes}
	if err := s.Info.Decode(&d.Info); err != nil {
		return nil, err
	}
	if err := d.readSchemas(&s.Components.Schemas); err != nil {
		return nil, err
	}
	return d, members(&s.Paths, func(path string, methods *yaml.Node) error {
		return members(methods, func(method string, node *yaml.Node) error {
			op := &operation{Method: strings.ToUpper(method), Path: path}
			if err := node.Decode(op); err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
			return d.add(op, &s)
		})
	})
}

// members iterates over a mapping in the file's order.
func members(mapping *yaml.Node, take func(name string, value *yaml.Node) error) error {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if err := take(mapping.Content[i].Value, mapping.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// add adds an operation to its group, with references resolved.
func (d *description) add(op *operation, s *source) error {
	for i, p := range op.Parameters {
		if p.Ref != "" {
			p = s.Components.Parameters[last(p.Ref)]
		}
		p.Description = p.Schema.explain(p.Description)
		op.Parameters[i] = p
	}
	if body, ok := op.RequestBody.Content["application/json"]; ok {
		op.Body = d.schema(last(body.Schema.Ref))
	}
	err := members(&op.Responses, func(status string, node *yaml.Node) error {
		var a answer
		if err := node.Decode(&a); err != nil {
			return err
		}
		if a.Ref != "" {
			a = s.Components.Responses[last(a.Ref)]
		}
		if a.Status = status; status == "default" {
			a.Status = "Any other"
		}
		for _, c := range a.Content {
			a.Example = example(&c.Example)
		}
		op.Answers = append(op.Answers, a)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range d.Groups {
		if len(op.Tags) == 1 && d.Groups[i].Name == op.Tags[0] {
			d.Groups[i].Operations = append(d.Groups[i].Operations, op)
			return nil
		}
	}
	return fmt.Errorf("%s %s has the tags %q; give it one of those in tags", op.Method, op.Path, op.Tags)
}

// Callers returns a line with the roles that may call the operation.
func (op *operation) Callers() string {
	var all []string
	for _, role := range op.Roles {
		if slices.Contains(op.Own, role) {
			role += " (their own)"
		}
		all = append(all, role)
	}
	return strings.Join(all, ", ")
}

// Curl returns the operation as a command to paste, "" for a WebSocket. Its values are the
// examples of the parameters and the body.
func (op *operation) Curl() string {
	for i := range op.Answers {
		if op.Answers[i].Status == "101" {
			return ""
		}
	}
	path, headers := op.Path, ""
	for _, p := range op.Parameters {
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", p.Example)
		case p.In == "header" && p.Example != "":
			headers += " \\\n  -H '" + p.Name + ": " + p.Example + "'"
		}
	}
	command := "curl -i"
	if op.Method != "GET" {
		command += " -X " + op.Method
	}
	command += " http://127.0.0.1:8080" + path + headers
	if body, ok := op.RequestBody.Content["application/json"]; ok {
		command += " \\\n  -H 'Content-Type: application/json' \\\n  -d '" + compact(&body.Example) + "'"
	}
	return command
}

func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// example returns a value as indented JSON, or text as it is.
func example(node *yaml.Node) string {
	if node.Kind == yaml.ScalarNode {
		return strings.TrimRight(node.Value, "\n")
	}
	text := jsontext.Value(compact(node))
	if len(text) == 0 || text.Indent(jsontext.WithIndent("  ")) != nil {
		return ""
	}
	return string(text)
}

// compact returns a value as JSON with the members in the file's order.
func compact(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		var parts []string
		for i := 0; i+1 < len(node.Content); i += 2 {
			parts = append(parts, compact(node.Content[i])+":"+compact(node.Content[i+1]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case yaml.SequenceNode:
		var parts []string
		for _, item := range node.Content {
			parts = append(parts, compact(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case yaml.ScalarNode:
		if node.Tag == "!!int" || node.Tag == "!!bool" || node.Tag == "!!null" {
			return node.Value
		}
		text, err := json.Marshal(node.Value)
		if err != nil {
			return ""
		}
		return string(text)
	}
	return ""
}

// prose makes paragraphs of text: an empty line ends one, `this` is code.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph == "" {
			continue
		}
		out.WriteString("<p>")
		for i, part := range strings.Split(paragraph, "`") {
			part = template.HTMLEscapeString(part)
			if i%2 == 1 {
				part = "<code>" + part + "</code>"
			}
			out.WriteString(part)
		}
		out.WriteString("</p>\n")
	}
	return template.HTML(out.String())
}

// anchor returns a name as the fragment of an address.
func anchor(parts ...string) string {
	keep := func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}
	return strings.Trim(strings.Map(keep, strings.ToLower(strings.Join(parts, "-"))), "-")
}
