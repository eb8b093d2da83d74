package web

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// schema describes the members of an object.
type schema struct {
	Name, Description string
	Fields            []property
}

// property is a member of a schema. Required ones are always there, in a body as in an answer.
type property struct {
	Name, Type, Description string
	Required                bool
}

// value is the entry of a member or a parameter in openapi.yaml.
type value struct {
	Ref         string `yaml:"$ref"`
	Type        any
	Format      string
	Description string
	Enum        []string
	Default     yaml.Node
	Items       *value
}

// explain adds the possible values, and the default, to a description.
func (v *value) explain(text string) string {
	if len(v.Enum) > 0 {
		text += " One of `" + strings.Join(v.Enum, "`, `") + "`."
	}
	if v.Default.Kind == yaml.ScalarNode {
		text += " Without it, `" + v.Default.Value + "`."
	}
	return strings.TrimSpace(text)
}

// kind returns the type in words.
func (v *value) kind() string {
	kind := last(v.Ref)
	if v.Type != nil {
		kind = strings.Trim(fmt.Sprint(v.Type), "[]")
	}
	if v.Format != "" {
		kind += ", " + v.Format
	}
	if v.Items != nil && v.Items.kind() != "" {
		kind += " of " + v.Items.kind()
	}
	return kind
}

// readSchemas reads the schemas, in the file's order. A member that refers to a schema without
// members of its own, such as a list of words, is shown as that.
func (d *description) readSchemas(node *yaml.Node) error {
	plain := map[string]value{}
	err := members(node, func(name string, node *yaml.Node) error {
		var in struct {
			value      `yaml:",inline"`
			Properties yaml.Node
		}
		if err := node.Decode(&in); err != nil {
			return fmt.Errorf("schema %s: %w", name, err)
		}
		if in.Properties.Kind == 0 && in.Type != nil {
			plain[name] = in.value
		}
		return nil
	})
	if err != nil {
		return err
	}
	return members(node, func(name string, node *yaml.Node) error {
		shown, err := readSchema(name, node, plain)
		d.Schemas = append(d.Schemas, shown)
		return err
	})
}

func readSchema(name string, node *yaml.Node, plain map[string]value) (schema, error) {
	var in struct {
		Description string
		Required    []string
		Properties  yaml.Node
	}
	if err := node.Decode(&in); err != nil {
		return schema{}, fmt.Errorf("schema %s: %w", name, err)
	}
	required := map[string]bool{}
	for _, field := range in.Required {
		required[field] = true
	}
	out := schema{Name: name, Description: in.Description}
	return out, members(&in.Properties, func(field string, node *yaml.Node) error {
		var v value
		if err := node.Decode(&v); err != nil {
			return fmt.Errorf("schema %s, field %s: %w", name, field, err)
		}
		if of, ok := plain[last(v.Ref)]; ok {
			if v.Description != "" {
				of.Description = v.Description
			}
			v = of
		}
		if field == "code" {
			v.Enum = nil // they have a table of their own
		}
		out.Fields = append(
			out.Fields,
			property{Name: field, Type: v.kind(), Description: v.explain(v.Description), Required: required[field]},
		)
		return nil
	})
}

// schema finds a schema, nil for none.
func (d *description) schema(name string) *schema {
	for i := range d.Schemas {
		if d.Schemas[i].Name == name {
			return &d.Schemas[i]
		}
	}
	return nil
}
