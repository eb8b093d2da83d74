package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxFunction and maxFile are in lines.
const (
	maxFunction = 70
	maxFile     = 400
)

// topEntries are what may lie in the top folder, besides dot-files.
var topEntries = []string{
	"actors", "api", "cmd", "docker", "events", "projections",
	"go.mod", "go.sum", "Taskfile.yml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
}

func checkTop(t *houseTree) (faults []string) {
	for _, name := range t.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topEntries, name) {
			faults = append(faults, name+" lies in the top folder; move it into one of the folders there")
		}
	}
	return faults
}

// checkDocs: each folder with Go files says in its doc.go what it promises.
func checkDocs(t *houseTree) (faults []string) {
	documented := map[string]bool{}
	for i := range t.gos {
		f := &t.gos[i]
		has := f.ast.Doc != nil && len(strings.TrimSpace(f.ast.Doc.Text())) > 0
		isDoc := path.Base(f.path) == "doc.go"
		documented[f.dir] = documented[f.dir] || isDoc && has
		if has && !isDoc && !f.test && !f.generated {
			faults = append(faults, f.path+" has a package comment; move it into doc.go, or leave an empty line before the package clause")
		}
	}
	for dir, ok := range documented {
		if !ok {
			faults = append(faults, dir+" has Go files; add a doc.go with a package comment: what it promises, and why it is built so")
		}
	}
	slices.Sort(faults)
	return faults
}

// checkLengths: short enough to be read at one go. Tables of tests may make a
// test function longer.
func checkLengths(t *houseTree) (faults []string) {
	for i := range t.gos {
		f := &t.gos[i]
		if f.generated {
			continue
		}
		if lines := bytes.Count(f.text, []byte("\n")); lines > maxFile {
			faults = append(faults, fmt.Sprintf("%s has %d lines, at most %d; split it by what its parts are about", f.path, lines, maxFile))
		}
		for _, decl := range f.ast.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok || f.test {
				continue
			}
			first, last := f.line(function), f.fset.Position(function.End()).Line
			if lines := last - first + 1; lines > maxFunction {
				faults = append(faults, fmt.Sprintf("%s:%d %s has %d lines, at most %d; name its steps",
					f.path, first, function.Name.Name, lines, maxFunction))
			}
		}
	}
	return faults
}

// checkComments: every exported identifier has a doc comment. A group of
// constants or variables may share the one of the group. Struct members and
// the methods of unexported types are left to the reader's judgement.
func checkComments(t *houseTree) (faults []string) {
	for i := range t.gos {
		f := &t.gos[i]
		if f.test || f.generated {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, bare := range undocumented(decl) {
				faults = append(faults, fmt.Sprintf("%s:%d %s is exported and has no doc comment; say what it promises, its units and errors",
					f.path, f.line(bare), bare.Name))
			}
		}
	}
	return faults
}

// undocumented returns the exported names that a declaration leaves bare.
func undocumented(decl ast.Decl) (bare []*ast.Ident) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) {
			bare = append(bare, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
					bare = append(bare, s.Name)
				}
			case *ast.ValueSpec:
				if s.Doc == nil && s.Comment == nil && d.Doc == nil {
					bare = append(bare, slices.DeleteFunc(slices.Clone(s.Names), func(n *ast.Ident) bool { return !n.IsExported() })...)
				}
			}
		}
	}
	return bare
}

func exportedReceiver(receiver *ast.FieldList) bool {
	typ := receiver.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// machinePath finds a path that exists on somebody's machine only. Its parts are
// put together here so that this file does not hold one.
var machinePath = regexp.MustCompile(`(^|[^\w.~$})/-])/(` + strings.Join([]string{"work", "root", `home/\w+`, `Users/\w+`}, "|") + `)/`)

func checkWords(t *houseTree) (faults []string) {
	for _, file := range t.files {
		for n, line := range strings.Split(string(file.text), "\n") {
			if machinePath.MatchString(line) {
				faults = append(faults, fmt.Sprintf("%s:%d names a path of one machine; use a relative one: %s",
					file.path, n+1, strings.TrimSpace(line)))
			}
		}
	}
	return faults
}

// checkDependencies: CONTRIBUTING.md says of each direct dependency what it is
// for. Direct is what go.mod does not mark as indirect, and what is imported.
func checkDependencies(t *houseTree) (faults []string) {
	reasons := string(t.find("CONTRIBUTING.md"))
	for _, name := range directModules(t) {
		if !strings.Contains(reasons, "`"+name+"`") {
			faults = append(faults, "CONTRIBUTING.md does not list `"+name+"`; add it with a one-line reason, or do without it")
		}
	}
	return faults
}

var requirement = regexp.MustCompile(`(?m)^(?:require)?[ \t]+([\w.-]+\.[\w.-]+/\S+) v\S+(.*)$`)

func directModules(t *houseTree) (direct []string) {
	for _, match := range requirement.FindAllStringSubmatch(string(t.find("go.mod")), -1) {
		name := match[1]
		if !strings.Contains(match[2], "// indirect") || imports(t, name) {
			direct = append(direct, name)
		}
	}
	return direct
}

// imports says whether any Go file imports a package of a module. A module
// within another one's path counts for both, which errs on the side of a reason.
func imports(t *houseTree, name string) bool {
	for i := range t.gos {
		for _, spec := range t.gos[i].ast.Imports {
			if below(strings.Trim(spec.Path.Value, "`\""), name) {
				return true
			}
		}
	}
	return false
}
