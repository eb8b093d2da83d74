package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// sourceTree is the source to which the conventions apply.
type sourceTree struct {
	top     []string // the entries of the top folder, without ignored ones
	files   []textFile
	goFiles []goFile
}

// textFile is a text file.
type textFile struct {
	path string
	text []byte
}

// goFile is a parsed Go file. Its path has slashes and begins at the top folder.
type goFile struct {
	textFile
	dir       string
	test      bool
	generated bool
	fset      *token.FileSet
	ast       *ast.File
}

// ignored reports whether version control ignores an entry; see .gitignore.
func ignored(name string) bool {
	built := name == "admitone" || name == "admitone.exe" // by go build ./cmd/admitone, in the top folder
	return built || name == ".git" || name == "data" || name == "bin" || strings.HasSuffix(name, "testdata/rapid") ||
		slices.Contains([]string{".test", ".prof", ".out"}, path.Ext(name))
}

// readTree reads a whole source tree. A Go file that does not parse is an error, except under
// testdata, where Go files are read as text.
func readTree(fsys fs.FS) (*sourceTree, error) {
	t := &sourceTree{}
	return t, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && ignored(name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case name != "." && !strings.Contains(name, "/"):
			t.top = append(t.top, name)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err // a file with a zero byte is not text
		}
		return t.add(textFile{name, text})
	})
}

func (t *sourceTree) add(file textFile) error {
	t.files = append(t.files, file)
	if path.Ext(file.path) != ".go" || slices.Contains(strings.Split(file.path, "/"), "testdata") {
		return nil
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file.path, file.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.goFiles = append(t.goFiles, goFile{
		textFile:  file,
		dir:       path.Dir(file.path),
		test:      strings.HasSuffix(file.path, "_test.go"),
		generated: ast.IsGenerated(tree),
		fset:      fset,
		ast:       tree,
	})
	return nil
}

// find returns the text of a file, nil for none.
func (t *sourceTree) find(name string) []byte {
	for i := range t.files {
		if t.files[i].path == name {
			return t.files[i].text
		}
	}
	return nil
}

// line returns the line on which a node begins.
func (f *goFile) line(node ast.Node) int { return f.fset.Position(node.Pos()).Line }
