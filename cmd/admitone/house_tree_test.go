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

// houseTree is the source that the house rules look at.
type houseTree struct {
	top   []string // the entries of the top folder, without what is not kept
	files []houseFile
	gos   []goFile
}

// houseFile is a file of text.
type houseFile struct {
	path string
	text []byte
}

// goFile is a parsed Go file. Its path has slashes and begins at the top folder.
type goFile struct {
	houseFile
	dir       string
	test      bool
	generated bool
	fset      *token.FileSet
	ast       *ast.File
}

// notKept are the entries that version control leaves out; see .gitignore.
func notKept(name string) bool {
	return name == ".git" || name == "data" || name == "bin" || strings.HasSuffix(name, "testdata/rapid") ||
		slices.Contains([]string{".test", ".prof", ".out"}, path.Ext(name))
}

// readTree reads a whole source tree. A Go file that does not parse is an error,
// but for those under testdata, which are not looked at as Go.
func readTree(fsys fs.FS) (*houseTree, error) {
	t := &houseTree{}
	return t, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && notKept(name):
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
			return err // what holds a zero byte is no text
		}
		return t.add(houseFile{name, text})
	})
}

func (t *houseTree) add(file houseFile) error {
	t.files = append(t.files, file)
	if path.Ext(file.path) != ".go" || slices.Contains(strings.Split(file.path, "/"), "testdata") {
		return nil
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file.path, file.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.gos = append(t.gos, goFile{
		houseFile: file,
		dir:       path.Dir(file.path),
		test:      strings.HasSuffix(file.path, "_test.go"),
		generated: ast.IsGenerated(tree),
		fset:      fset,
		ast:       tree,
	})
	return nil
}

// find returns the text of a file, nil if there is none.
func (t *houseTree) find(name string) []byte {
	for i := range t.files {
		if t.files[i].path == name {
			return t.files[i].text
		}
	}
	return nil
}

// line is where a node of the file begins, for a message.
func (f *goFile) line(node ast.Node) int { return f.fset.Position(node.Pos()).Line }
