package api

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"admitone/api/web"
	"admitone/events"
)

// object is a mapping of openapi.yaml.
type object = map[string]any

// described is openapi.yaml, read as data.
type described struct {
	t         testing.TB
	root      object
	compiler  *jsonschema.Compiler
	schemas   map[string]*jsonschema.Schema // by reference
	used      map[string]bool               // references that were followed
	requested map[string]bool               // "<method> <path>" that an answer was checked for
}

const descriptionAddress = "mem:///openapi.json"

// describe reads openapi.yaml. Schemas without additionalProperties refuse members that they do not
// describe.
func describe(t testing.TB) *described {
	d := &described{t: t, schemas: map[string]*jsonschema.Schema{}, used: map[string]bool{}, requested: map[string]bool{}}
	for _, asset := range web.Assets() {
		if asset.Path == "/openapi.yaml" {
			if err := yaml.Unmarshal(asset.Body, &d.root); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, schema := range d.at("components", "schemas") {
		if s := schema.(object); s["properties"] != nil && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
	}
	text, err := json.Marshal(d.root)
	if err != nil {
		t.Fatal(err)
	}
	root, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	d.compiler = jsonschema.NewCompiler()
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(descriptionAddress, root); err != nil {
		t.Fatal(err)
	}
	return d
}

// at returns the object at a path of names.
func (d *described) at(names ...string) object {
	d.t.Helper()
	here := d.root
	for _, name := range names {
		next, ok := here[name].(object)
		if !ok {
			d.t.Fatalf("openapi.yaml has no object %s, want one", strings.Join(names, "/"))
		}
		here = next
	}
	return here
}

// follow returns the target of the reference v, or v itself if it is not a reference.
func (d *described) follow(v any) object {
	d.t.Helper()
	o, _ := v.(object)
	ref, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	d.used[ref] = true
	return d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// check validates a value against a schema, such as "#/components/schemas/Product".
func (d *described) check(what, ref string, text []byte) {
	d.t.Helper()
	schema := d.schemas[ref]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile(descriptionAddress + ref); err != nil {
			d.t.Fatal(err)
		}
		d.schemas[ref] = schema
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		d.t.Errorf("%s does not fit %s: %v\n%s", what, ref, err, text)
	}
}

// paths returns all operations, such as "GET /v1/products/{id}". Where a parameter has an enum, there is an
// operation for each value.
func (d *described) paths() map[string]object {
	operations := map[string]object{}
	for path, methods := range d.at("paths") {
		for method, op := range methods.(object) {
			spelled := []string{path}
			for _, p := range list(op.(object)["parameters"]) {
				p := d.follow(p)
				schema := d.follow(p["schema"])
				if p["in"] != "path" || schema["enum"] == nil {
					continue
				}
				spelled = spelled[:0]
				for _, value := range list(schema["enum"]) {
					spelled = append(spelled, strings.ReplaceAll(path, "{"+p["name"].(string)+"}", value.(string)))
				}
			}
			for _, path := range spelled {
				operations[strings.ToUpper(method)+" "+path] = op.(object)
			}
		}
	}
	return operations
}

func list(v any) []any { l, _ := v.([]any); return l }

func TestDescriptionListsAllRoutes(t *testing.T) {
	w, d := newHarness(t, withEverything), describe(t)
	served := map[string]bool{}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, route := range w.server.app.GetRoutes(true) {
		if route.Method != fiber.MethodHead {
			served[route.Method+" "+parameter.ReplaceAllString(route.Path, "{$1}")] = true
		}
	}
	paths := d.paths()
	for route := range served {
		if paths[route] == nil {
			t.Errorf("%s is served and not described; add it to api/web/openapi.yaml", route)
		}
	}
	for path := range paths {
		if !served[path] {
			t.Errorf("%s is described in api/web/openapi.yaml and not served", path)
		}
	}
}

// TestDescriptionIsComplete: every reference has a target, every component is
// referred to, every parameter of a path is described, operation ids are unique, and the
// examples fit their schemas.
func TestDescriptionIsComplete(t *testing.T) {
	d := describe(t)
	var walk func(place string, v any)
	walk = func(place string, v any) {
		switch v := v.(type) {
		case object:
			d.follow(v)
			if ref, ok := d.reference(v["schema"]); ok && v["example"] != nil {
				text, err := json.Marshal(v["example"])
				if err != nil {
					t.Fatal(err)
				}
				d.check("the example at "+place, ref, text)
			}
			for name, member := range v {
				walk(place+"/"+name, member)
			}
		case []any:
			for i, item := range v {
				walk(fmt.Sprint(place, "/", i), item)
			}
		}
	}
	walk("", d.root)
	for kind, named := range d.at("components") {
		for name := range named.(object) {
			ref := "#/components/" + kind + "/" + name
			ofFrames := []string{
				"Snapshot",
				"Delta",
				"TournamentSnapshot",
				"TournamentDelta",
				"TeamSnapshot",
				"TeamDelta",
				"PerformanceSnapshot",
				"PerformanceDelta",
				"SeatsSnapshot",
				"SeatsDelta",
				"RoomSnapshot",
				"RoomDelta",
				"VisitFrame",
				"SocketError",
			} // the data of frames
			if !d.used[ref] && kind != "securitySchemes" && !slices.Contains(ofFrames, name) {
				t.Errorf("nothing refers to %s; remove it, or refer to it", ref)
			}
		}
	}
	names := map[string]string{}
	for path, op := range d.paths() {
		id, _ := op["operationId"].(string)
		if other := names[id]; id == "" || other != "" && !strings.HasPrefix(path, "GET /assets/") &&
			!strings.HasPrefix(path, "GET /client/") {
			t.Errorf("%s and %s have the operationId %q, want unique ones", path, other, id)
		}
		names[id] = path
		d.checkParameters(path, op)
	}
}

func (d *described) reference(schema any) (string, bool) {
	o, _ := schema.(object)
	ref, ok := o["$ref"].(string)
	return ref, ok
}

func (d *described) checkParameters(path string, op object) {
	d.t.Helper()
	var named []string
	for _, p := range list(op["parameters"]) {
		if p := d.follow(p); p["in"] == "path" {
			named = append(named, "{"+p["name"].(string)+"}")
		}
	}
	for _, in := range regexp.MustCompile(`\{\w+\}`).FindAllString(path, -1) {
		if !slices.Contains(named, in) {
			d.t.Errorf("%s: the parameter %s is not described; add it", path, in)
		}
	}
}

// withEverything enables the optional routes.
func withEverything(w *harness) {
	withEuros(w)
	w.signed = true
	w.provider = trustingProvider{}
	w.config.Backup = func(context.Context) (string, events.Position, error) { return "backups/1", 7, nil }
}
