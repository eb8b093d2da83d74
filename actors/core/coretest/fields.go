package coretest

import (
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var writeSnapshots = flag.Bool("write-snapshots", false, "write testdata/snapshot.txt instead of comparing with it")

// RequireSnapshotFields compares the names of all fields in the JSON of a snapshot, of which value is the encoded
// part, with those in testdata/snapshot.txt. A field that is renamed would be lost when a snapshot of the version
// before is restored.
func RequireSnapshotFields(t *testing.T, version int, value any) {
	t.Helper()
	got := fmt.Sprintf("version %d\n%s\n", version, strings.Join(jsonFields(reflect.TypeOf(value), ""), "\n"))
	path := filepath.Join("testdata", "snapshot.txt")
	if *writeSnapshots {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -write-snapshots writes it", err)
	}
	if got != string(want) {
		t.Errorf("the snapshot's fields are\n%s\nwant those in %s\n%s\nKeep the name of a renamed field by a json tag, or "+
			"raise the snapshot version; then run go test -write-snapshots", got, path, want)
	}
}

// jsonFields returns the path of each field in the JSON of a type, sorted, with its kind: "Prices[].Price int64".
func jsonFields(t reflect.Type, path string) []string {
	switch {
	case t.Kind() == reflect.Pointer:
		return jsonFields(t.Elem(), path)
	case implements[json.Marshaler](t) || implements[encoding.TextMarshaler](t):
		return []string{path + " " + t.String()}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return jsonFields(t.Elem(), path+"[]")
	case t.Kind() == reflect.Map:
		return jsonFields(t.Elem(), path+"{}")
	case t.Kind() != reflect.Struct:
		return []string{path + " " + t.Kind().String()}
	}
	var fields []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported() && !field.Anonymous:
		case field.Anonymous && name == "":
			fields = append(fields, jsonFields(field.Type, path)...)
		default:
			if name == "" {
				name = field.Name
			}
			fields = append(fields, jsonFields(field.Type, strings.TrimPrefix(path+"."+name, "."))...)
		}
	}
	slices.Sort(fields)
	return fields
}

func implements[T any](t reflect.Type) bool { return t.Implements(reflect.TypeFor[T]()) }
