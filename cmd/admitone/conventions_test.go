package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// conventions are the rules for the files of the repository. A check returns a line per fault, with the file and the
// remedy.
var conventions = []struct {
	name  string
	check func(*sourceTree) []string
}{
	{"top folder", checkTop},
	{"package comments", checkDocs},
	{"error texts", checkErrorTexts},
	{"sentences", checkSentences},
	{"words", checkWords},
	{"dependencies", checkDependencies},
}

func TestConventions(t *testing.T) {
	tree, err := readTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if tree.find("go.mod") == nil || len(tree.goFiles) == 0 {
		t.Fatal("go.mod and Go files not found; run the test in its package's folder")
	}
	for _, rule := range conventions {
		t.Run(rule.name, func(t *testing.T) {
			for _, fault := range rule.check(tree) {
				t.Error(fault)
			}
		})
	}
}

// goodTree returns a small repository without a fault.
func goodTree() fstest.MapFS {
	return fstest.MapFS{
		"go.mod": file("module admitone\n\nrequire github.com/google/uuid v1.6.0\n\nrequire " +
			"(\n\tgithub.com/anthdm/hollywood v1.0.5\n\tgithub.com/x/y v1.0.0 // indirect\n)\n"),
		"CONTRIBUTING.md":   file("- `github.com/google/uuid`: ids\n- `github.com/anthdm/hollywood`: actors\n"),
		".gitignore":        file("/data/\n"),
		"data/log":          file("what the server wrote in /" + "root/"),
		"docker/Dockerfile": file("COPY --from=build /src/admitone /usr/bin/\n# https://example.org/work/\n"),
		"events/doc.go":     file("// Package events is good.\npackage events\n"),
		"events/fact.go": file("package events\n\nimport \"errors\"\n\n" +
			"var errGood = errors.New(\"the events: good\")\n"),
		"events/fact_test.go":       file("package events\n\nimport _ \"github.com/google/uuid\"\n"),
		"events/testdata/broken.go": file("no Go at all"),
		"actors/doc.go": file("// Package actors is good.\npackage actors\n\n" +
			"import _ \"github.com/anthdm/hollywood/actor\"\n"),
	}
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func importing(name, imported string) string {
	return fmt.Sprintf("package %s\n\nimport _ %q\n", name, imported)
}

// badFiles are files of which each breaks one rule in a tree that is otherwise good.
var badFiles = []struct{ rule, path, text, want string }{
	{"top folder", "Makefile", "all:\n", "Makefile is in the top folder"},
	{"top folder", "util/README", "lost", "util is in the top folder"},
	{"package comments", "api/web/page.go", "package web\n", "api/web has Go files; add a doc.go"},
	{"package comments", "api/web/doc.go", "package web\n", "api/web has Go files; add a doc.go"},
	{"package comments", "events/bad.go", "// Package events again.\npackage events\n",
		"events/bad.go has a package comment"},
	{"error texts", "events/bad.go", "package events\n\nimport \"errors\"\n\nvar errBad = errors.New(\"events: bad\")\n",
		"events/bad.go:5 begins an error's text with its package"},
	{"sentences", "events/bad.go", "package events\n\n// bad is even. What is\n// odd is good.\nvar bad = 2\n",
		"events/bad.go:3 has a sentence without a subject; name it: What is odd is good"},
	{"words", "README.md", "see\n/" + "work/main\n", "README.md:2 names a path of one machine"},
	{"words", "events/testdata/seed", "dir=/" + "root/go", "events/testdata/seed:1"},
	{"words", ".ci/run", "cd \"/" + "home/ada/src\"", ".ci/run:1"},
	{"dependencies", "CONTRIBUTING.md", "- `github.com/google/uuid`: ids\n",
		"does not list `github.com/anthdm/hollywood`"},
	{"dependencies", "CONTRIBUTING.md", "- `github.com/anthdm/hollywood`: actors\n",
		"does not list `github.com/google/uuid`"},
	{"dependencies", "events/bad.go", importing("events", "github.com/x/y/z"), "does not list `github.com/x/y`"},
}

// TestConventionsFindFaults checks that each rule finds its faults, and none in a good tree.
func TestConventionsFindFaults(t *testing.T) {
	if faults := faultsOf(t, goodTree()); len(faults) > 0 {
		t.Fatalf("the good tree has faults: %q; want no faults", faults)
	}
	proved := map[string]bool{}
	for _, bad := range badFiles {
		tree := goodTree()
		tree[bad.path] = file(bad.text)
		faults := faultsOf(t, tree)
		if len(faults) != 1 || !strings.HasPrefix(faults[0], bad.rule+": ") || !strings.Contains(faults[0], bad.want) {
			t.Errorf("%s\n%s\ngives %q, want one fault of the rule %q with %q", bad.path, bad.text, faults, bad.rule, bad.want)
		}
		proved[bad.rule] = true
	}
	for _, rule := range conventions {
		if !proved[rule.name] {
			t.Errorf("no bad file proves the rule %q; add one to badFiles", rule.name)
		}
	}
}

// faultsOf checks a tree against all rules.
func faultsOf(t *testing.T, files fstest.MapFS) (faults []string) {
	t.Helper()
	tree, err := readTree(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range conventions {
		for _, fault := range rule.check(tree) {
			faults = append(faults, rule.name+": "+fault)
		}
	}
	return faults
}

// TestUnparsableGoIsAnError: a file that does not parse is an error, not a pass.
func TestUnparsableGoIsAnError(t *testing.T) {
	tree := goodTree()
	tree["events/broken.go"] = file("package events\n\nfunc {")
	if _, err := readTree(tree); err == nil || !strings.Contains(err.Error(), "events/broken.go:3") {
		t.Errorf("error %v, want one that names events/broken.go:3", err)
	}
}
