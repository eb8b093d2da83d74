package events

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// writeNew makes TestGolden write missing golden files. It never changes existing files, because the encoding
// of facts in logs is frozen.
var writeNew = flag.Bool("write-new", false, "write golden files for fact names that have none")

const goldenDir = "testdata/facts"

// golden has, for every wire name, the fact to which its golden file decodes. The init functions of the files
// golden_<kind>_test.go fill it. Names are never removed.
var golden = map[string]Fact{}

func addGolden(kind map[string]Fact) {
	for name, fact := range kind {
		if golden[name] != nil {
			panic("two golden literals for " + name)
		}
		golden[name] = fact
	}
}

// TestGolden compares the encoding of every name with its frozen bytes.
func TestGolden(t *testing.T) {
	for name, fact := range golden {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(goldenDir, name+".json")
			frozen, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) && *writeNew {
				frozen = writeGolden(t, path, name, fact)
			} else if err != nil {
				t.Fatalf("%v\nA new fact needs a golden file: "+
					"go test ./events -run TestGolden -write-new, then read and commit it.", err)
			}
			checkGolden(t, name, fact, frozen)
		})
	}
}

func checkGolden(t *testing.T, name string, fact Fact, frozen []byte) {
	t.Helper()
	decoded, err := Decode(name, frozen)
	if err != nil {
		t.Fatalf("the golden file no longer decodes: %v", err)
	}
	if !reflect.DeepEqual(decoded, fact) {
		t.Errorf("the golden file decodes to\n%#v\nwant\n%#v", decoded, fact)
	}
	if fact.Name() != name {
		return // an older version, which is decoded but no longer encoded
	}
	if zero := slices.DeleteFunc(zeroMembers(reflect.ValueOf(fact).Elem(), ""), isAdded(name)); len(zero) > 0 {
		t.Errorf("zero members %s in the literal; set all members, since zero values prove nothing",
			strings.Join(zero, ", "))
	}
	if got := AppendFact(nil, fact); string(got) != string(frozen) {
		t.Errorf("the encoding of a fact changed, which needs a new version of its name\n got %s\nwant %s",
			got, frozen)
	}
	if got := AppendFact([]byte("before"), fact); string(got) != "before"+string(frozen) {
		t.Errorf("AppendFact to %q = %s, want %s", "before", got, "before"+string(frozen))
	}
}

// addedMembers has the members that were added to a fact after its golden file was frozen. They are omitted if
// they are empty. Golden files with these members are in testdata/later.
var addedMembers = map[string][]string{"seat.held.v1": {".Attempt"}}

func isAdded(name string) func(member string) bool {
	return func(member string) bool { return slices.Contains(addedMembers[name], member) }
}

// writeGolden writes a golden file that does not exist yet.
func writeGolden(t *testing.T, path, name string, fact Fact) []byte {
	t.Helper()
	if fact.Name() != name {
		t.Fatalf("the golden file of %s is missing and can't be written, because it is an older version; restore it", name)
	}
	data := AppendFact(nil, fact)
	if err := createGolden(path, data); err != nil {
		t.Fatal(err)
	}
	return data
}

// createGolden creates a file. It fails with fs.ErrExist if the file exists.
func createGolden(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// zeroMembers lists the members of a fact that are at their zero value.
func zeroMembers(v reflect.Value, path string) []string {
	var zero []string
	switch {
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			zero = append(zero, zeroMembers(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	case v.Kind() == reflect.Slice && v.Len() > 0:
		for i := range v.Len() {
			zero = append(zero, zeroMembers(v.Index(i), path+"[]")...)
		}
	case v.IsZero(), (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0:
		zero = append(zero, path)
	}
	return zero
}

// TestGoldenIsComplete: each registered name has a golden file and a literal, and there are no others.
func TestGoldenIsComplete(t *testing.T) {
	var literals, files []string
	for name := range golden {
		literals = append(literals, name)
	}
	slices.Sort(literals)
	entries, err := os.ReadDir(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		files = append(files, strings.TrimSuffix(entry.Name(), ".json"))
	}
	slices.Sort(files)
	for _, fault := range goldenFaults(Names(), literals, files) {
		t.Error(fault)
	}
}

// goldenFaults lists the differences between the registered names, the literals and the files.
func goldenFaults(registered, literals, files []string) []string {
	var faults []string
	for _, name := range registered {
		if !slices.Contains(literals, name) {
			faults = append(faults, name+" has no literal: add one to the golden_<kind>_test.go of its kind")
		}
		if !slices.Contains(files, name) {
			faults = append(faults, name+" has no golden file in "+goldenDir+": write it with -write-new")
		}
	}
	for _, name := range literals {
		if !slices.Contains(registered, name) {
			faults = append(faults, name+" has a literal but is not registered: a wire name is never removed")
		}
	}
	for _, name := range files {
		if !slices.Contains(registered, name) {
			faults = append(faults, name+" has a golden file but is not registered: a wire name is never removed")
		}
	}
	return faults
}

func TestGoldenFaults(t *testing.T) {
	ab, a := []string{"a.v1", "b.v1"}, []string{"a.v1"}
	for _, test := range []struct {
		about                       string
		registered, literals, files []string
		faults                      int
	}{
		{"complete", ab, ab, ab, 0},
		{"no literal", ab, a, ab, 1},
		{"no file", ab, ab, a, 1},
		{"neither", ab, a, a, 2},
		{"literal without a name", a, ab, a, 1},
		{"file without a name", a, a, ab, 1},
	} {
		if got := goldenFaults(test.registered, test.literals, test.files); len(got) != test.faults {
			t.Errorf("%s: faults %q, want %d", test.about, got, test.faults)
		}
	}
}

func TestGoldenFileIsNeverRewritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "product.reserved.v1.json")
	if err := createGolden(path, []byte("frozen")); err != nil {
		t.Fatal(err)
	}
	if err := createGolden(path, []byte("changed")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("createGolden of an existing file: %v, want %v", err, fs.ErrExist)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "frozen" {
		t.Errorf("the existing file has %q, %v; want it unchanged", data, err)
	}
}
