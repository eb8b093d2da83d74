package kinds

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"admitone/projections/history"
)

// category is a constant of package events whose name ends in Category.
type category struct{ constant, value string }

// sources are the registries and source files to search.
type sources struct {
	kinds    []*Kind
	history  []string          // names of the kinds with a history
	files    map[string]string // source text of the packages below projections and api, by path
	commands string            // the source text of whatif/commands.go
	requests string            // the source text of replay/requests.go
	openapi  openapi
}

// openapi is the part of the API's description to search.
type openapi struct {
	Tags  []struct{ Name string }
	Paths map[string]map[string]yaml.Node
}

// partOf has the paths of kinds that are reached through another kind. Like the following maps of exceptions, it
// is keyed by category, and the test file of a kind may add to it in an init function.
var partOf = map[string]string{
	"seat":      "/v1/performances/{id}/seats",
	"allowance": "/v1/performances/{id}/bookings",
	"payment":   "/v1/bookings/{id}/payment", "settlement": "/v1/refunds/{id}/settlement",
}

// ownCommands has the kinds without a Command because package whatif handles their requests, with the type of a
// fact for which it does.
var ownCommands = map[string]string{
	"booking": "events.BookingHeld", "waitingroom": "events.WaitingRoomJoined", "allowance": "events.BookingHeld",
	"payment": "events.PaymentReceived", "settlement": "events.PaymentReceived",
}

// ownRequests has the kinds without Requests because package replay handles them or leaves them out, with the
// constant for which it does.
var ownRequests = map[string]string{
	"booking": "events.BookingCategory", "waitingroom": "events.WaitingRoomCategory",
	"allowance": "events.BookingCategory", "payment": "events.PaymentCategory", "settlement": "events.PaymentCategory",
}

// noTopic has the kinds without a live topic, with the reason.
var noTopic = map[string]string{
	"seat": "seats:<performance> shows them", "booking": "its holder asks for it", "wallet": "its holder asks for it",
	"allowance": "only bookings ask for it",
}

// TestEveryKindIsEverywhere: each category of events has a core, a view, a history, rules of verify, a route, and
// support by the subcommands. The message for a missing part names the file to edit.
func TestEveryKindIsEverywhere(t *testing.T) {
	all := categories(t)
	if len(all) != len(All) {
		t.Errorf("events has %d categories, but %d kinds are registered; want equal numbers", len(all), len(All))
	}
	p := readSources(t)
	for _, c := range all {
		for _, fault := range p.missing(c) {
			t.Error(fault)
		}
	}
}

// TestMissingKindIsReported: for an unknown category every part is reported as missing, and for a kind without
// functions only those.
func TestMissingKindIsReported(t *testing.T) {
	p := readSources(t)
	faults := strings.Join(p.missing(category{"GhostCategory", "ghost"}), "\n")
	for _, file := range []string{"actors/ghost", "cmd/admitone/kinds/ghost.go", "projections/view.go",
		"projections/history", "projections/demand", "projections/live", "api/kind.go",
		"projections/verify", "api/resource.go", "Show", "Command", "Requests", "api/web/openapi.yaml"} {
		if !strings.Contains(faults, file) {
			t.Errorf("the faults are\n%s\nwant one that names %s", faults, file)
		}
	}
	p.kinds = []*Kind{{Name: "team", Rules: teamKind.Rules}}
	faults = strings.Join(p.missing(category{"TeamCategory", "team"}), "\n")
	for _, member := range []string{"Show", "Command", "Requests"} {
		if strings.Count(faults, "\n") != 2 || !strings.Contains(faults, member) {
			t.Errorf("a kind without Show, Command and Requests has these faults:\n%s\nwant three, one with %s", faults, member)
		}
	}
}

// missing returns a fault for each part that a category lacks, with the file to edit.
func (p *sources) missing(c category) (faults []string) {
	miss := func(format string, args ...any) { faults = append(faults, c.value+": "+fmt.Sprintf(format, args...)) }
	k := &Kind{Name: c.value}
	if i := slices.IndexFunc(p.kinds, func(k *Kind) bool { return k.Rules.Category == c.value }); i >= 0 {
		k = p.kinds[i]
	} else {
		miss("no core is registered: write actors/%s, and register it in cmd/admitone/kinds/%[1]s.go", c.value)
	}
	if !p.finds("projections/", `(categories:\s*\[\]string\{[^}]*|category:\s*)\bevents\.`+c.constant+`\b`) {
		miss("no view folds it: add a registration to projections (projections/view.go says how)")
	}
	if facts := strings.TrimSuffix(c.constant, "Category"); !p.finds("projections/demand",
		`register\(\w+,[^)]*&events\.`+facts+`[A-Z]`) {
		miss("nothing says which of its facts were requested: register their origins in projections/demand")
	}
	if noTopic[c.value] == "" && !p.finds("projections/", `(NewTopics\(|Prefix:\s*)"`+k.Name+`"`) {
		miss("nobody can watch it: add its topics to projections/live and to its view, " +
			"or the reason to noTopic in its test file")
	}
	if !slices.Contains(p.history, k.Name) {
		miss("it has no history: describe its facts in projections/history")
	}
	if !p.finds("projections/verify", `(\[events\.`+c.constant+`\]|\bevents\.`+c.constant+`[:,])`) {
		miss("nothing verifies it: add its rules to projections/verify, as in product.go there")
	}
	if k.Show == nil {
		miss("it can't be shown: give it a Show in cmd/admitone/kinds/%s.go", c.value)
	}
	if own := ownCommands[c.value]; k.Command == nil && (own == "" || !strings.Contains(p.commands, own)) {
		miss("what-if has no command for its facts: give it a Command in cmd/admitone/kinds/%s.go, "+
			"or handle its intents in cmd/admitone/whatif/commands.go", c.value)
	}
	if own := ownRequests[c.value]; k.Requests == nil && (own == "" || !strings.Contains(p.requests, own)) {
		miss("a replay has no request for its facts: give it Requests in cmd/admitone/kinds/%s.go, "+
			"or handle its intents in cmd/admitone/replay/requests.go", c.value)
	}
	route := partOf[c.value]
	if route == "" {
		route = "/v1/" + k.Name + "s/{"
	}
	described, tagged := p.openapi.has(route)
	if !described {
		miss("it has no route: add a resource (api/resource.go), and the path %s…", route)
	}
	if partOf[c.value] == "" && !p.finds("api/", `collection:\s*"`+k.Collection()+`"`) {
		miss("the API does not know its collection: register it and its routes (api/kind.go)")
	}
	if !tagged {
		miss("the description of its route has no tag: see api/web/openapi.yaml")
	}
	return faults
}

// finds reports whether a source file whose path contains part matches a pattern.
func (p *sources) finds(part, pattern string) bool {
	search := regexp.MustCompile(pattern)
	for name, text := range p.files {
		if strings.Contains(name, part) && search.MatchString(text) {
			return true
		}
	}
	return false
}

// has reports whether a path with the prefix route is described, and whether one of its operations has a declared
// tag.
func (o *openapi) has(route string) (described, tagged bool) {
	for name, operations := range o.Paths {
		if !strings.HasPrefix(name, route) {
			continue
		}
		described = true
		for _, node := range operations {
			var operation struct{ Tags []string }
			if node.Decode(&operation) != nil {
				continue // not an operation
			}
			for _, tag := range o.Tags {
				tagged = tagged || slices.Contains(operation.Tags, tag.Name)
			}
		}
	}
	return described, tagged
}

// module has the files of the module.
var module = os.DirFS("../../..")

func readSources(t *testing.T) *sources {
	t.Helper()
	p := &sources{kinds: All, history: history.Kinds(), files: map[string]string{},
		commands: read(t, "cmd/admitone/whatif/commands.go"), requests: read(t, "cmd/admitone/replay/requests.go")}
	if err := yaml.Unmarshal([]byte(read(t, "api/web/openapi.yaml")), &p.openapi); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"projections", "api"} {
		err := fs.WalkDir(module, dir, func(name string, _ fs.DirEntry, err error) error {
			if err == nil && path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
				p.files[name] = read(t, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// read returns the text of a file of the module.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(module, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// noEntity has the categories of streams that belong to no entity.
var noEntity = []string{"refusals", "settings"}

// categories returns the constants of package events that name a category of streams of entities.
func categories(t *testing.T) (all []category) {
	t.Helper()
	names, err := fs.Glob(module, "events/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasSuffix(spec.Names[0].Name, "Category") {
				return true
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(noEntity, text) {
				all = append(all, category{spec.Names[0].Name, text})
			}
			return true
		})
	}
	return all
}
