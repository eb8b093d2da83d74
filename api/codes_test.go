package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"admitone/actors/core"
)

// TestEveryCodeIsListed: statuses and the two lists of openapi.yaml have all codes that are constants, and no others.
func TestEveryCodeIsListed(t *testing.T) {
	d := describe(t)
	constants := map[core.Code]string{}
	dirs, err := filepath.Glob("../actors/*") // including codes of a single kind
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(dirs, "codes") {
		for _, file := range parsed(t, dir) {
			codeConstants(t, file, constants)
		}
	}
	listed, meanings := map[core.Code]bool{}, map[core.Code]int{}
	for _, code := range list(d.at("components", "schemas", "Code")["enum"]) {
		listed[core.Code(code.(string))] = true
	}
	for _, line := range list(d.root["x-codes"]) {
		meanings[core.Code(line.(object)["code"].(string))] = line.(object)["status"].(int)
	}
	for code, name := range constants {
		if statuses[code] == 0 {
			t.Errorf("%s (%s) has no status; add it to the table in api/problem.go, or in the init of its kind's routes", name, code)
		}
		if !listed[code] {
			t.Errorf("%s (%s) is not in the schema Code of api/web/openapi.yaml", name, code)
		}
		if meanings[code] == 0 {
			t.Errorf("%s (%s) is not in x-codes of api/web/openapi.yaml", name, code)
		}
	}
	for code, status := range statuses {
		if constants[code] == "" {
			t.Errorf("%s has a status in api/problem.go and no constant", code)
		}
		if meanings[code] != 0 && meanings[code] != status {
			t.Errorf("%s has the status %d, and %d in x-codes of api/web/openapi.yaml", code, status, meanings[code])
		}
	}
	for code := range listed {
		if constants[code] == "" {
			t.Errorf("%s is in the schema Code of api/web/openapi.yaml and no constant", code)
		}
	}
	for code := range meanings {
		if constants[code] == "" {
			t.Errorf("%s is in x-codes of api/web/openapi.yaml and no constant", code)
		}
	}
	for code := range retryAfter {
		if statuses[code] == 0 {
			t.Errorf("%s has a Retry-After and no status", code)
		}
	}
}

// TestCodesAreConstants: codes are written as constants, because a misspelt literal would compile.
func TestCodesAreConstants(t *testing.T) {
	err := filepath.WalkDir("..", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		below, err := filepath.Rel("..", dir)
		if err != nil {
			return err
		}
		switch top, _, _ := strings.Cut(filepath.ToSlash(below), "/"); top {
		case ".":
			return nil
		case "actors", "api":
			for path, file := range parsed(t, dir) {
				for _, at := range codeLiterals(file) {
					t.Errorf("%s has the code %s as a literal; use its constant", path, at.Value)
				}
			}
			return nil
		}
		return filepath.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCodeLiteralsAreFound(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "", `package p
var a = &core.Refusal{Code: "1"}
var b = &problem{code: "2"}
var c = refuse("3", "no code")
var d = refusal.Code == "4" || "5" != p.code
func f() { s.sendError("6", "no code", "") ; switch refusal.Code { case core.CodeReleased, "7": } }
var g = &Query{Section: "no code"}
`, 0)
	if err != nil {
		t.Fatal(err)
	}
	literals := ""
	for _, literal := range codeLiterals(file) {
		literals += literal.Value
	}
	if literals != `"1""2""3""4""5""6""7"` {
		t.Errorf("found %s, want all seven", literals)
	}
}

// parsed returns the files of a folder that are not tests, by path.
func parsed(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		if files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// codeConstants adds the exported constants of type core.Code that a file declares, by value.
func codeConstants(t *testing.T, file *ast.File, into map[core.Code]string) {
	t.Helper()
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !isCode(spec.Type) {
			return true
		}
		for i, name := range spec.Names {
			if !name.IsExported() {
				continue // not for clients
			}
			literal, ok := spec.Values[i].(*ast.BasicLit)
			if !ok {
				t.Fatalf("the value of %s is not a string", name.Name)
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if code := core.Code(text); into[code] == "" {
				into[code] = name.Name
			} else {
				t.Errorf("%s and %s both have the code %s; want one constant for it", into[code], name.Name, code)
			}
		}
		return true
	})
}

// isCode reports whether a type is called Code.
func isCode(declared ast.Expr) bool {
	if of, ok := declared.(*ast.SelectorExpr); ok {
		declared = of.Sel
	}
	name, ok := declared.(*ast.Ident)
	return ok && name.Name == "Code"
}

// codeLiterals returns the string literals used as codes.
func codeLiterals(file *ast.File) (literals []*ast.BasicLit) {
	add := func(values ...ast.Expr) {
		for _, value := range values {
			if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING && literal.Value != `""` {
				literals = append(literals, literal)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if named(n.Key) == "code" {
				add(n.Value)
			}
		case *ast.BinaryExpr:
			if named(n.X) == "code" || named(n.Y) == "code" {
				add(n.X, n.Y)
			}
		case *ast.SwitchStmt:
			if named(n.Tag) == "code" {
				for _, clause := range n.Body.List {
					add(clause.(*ast.CaseClause).List...)
				}
			}
		case *ast.CallExpr:
			switch named(n.Fun) {
			case "refuse", "senderror", "errormessage":
				add(n.Args[0])
			}
		}
		return true
	})
	return literals
}

// named returns the last name of an expression in lower case, "" if it has none.
func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.ToLower(e.Name)
	case *ast.SelectorExpr:
		return strings.ToLower(e.Sel.Name)
	}
	return ""
}
