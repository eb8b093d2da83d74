package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

// topEntries are the entries permitted in the top folder, besides those whose names begin with a dot.
var topEntries = []string{
	"actors", "api", "cmd", "docker", "events", "projections",
	"go.mod", "go.sum", "Taskfile.yml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
}

func checkTop(t *sourceTree) (faults []string) {
	for _, name := range t.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topEntries, name) {
			faults = append(faults, name+" is in the top folder; move it into one of the folders there")
		}
	}
	return faults
}

// checkDocs: each folder with Go files has a package comment in its doc.go.
func checkDocs(t *sourceTree) (faults []string) {
	documented := map[string]bool{}
	for i := range t.goFiles {
		f := &t.goFiles[i]
		has := f.ast.Doc != nil && len(strings.TrimSpace(f.ast.Doc.Text())) > 0
		isDoc := path.Base(f.path) == "doc.go"
		documented[f.dir] = documented[f.dir] || isDoc && has
		if has && !isDoc && !f.test && !f.generated {
			faults = append(faults, f.path+" has a package comment; move it into doc.go, or leave an empty line before the "+
				"package clause")
		}
	}
	for dir, ok := range documented {
		if !ok {
			faults = append(faults, dir+" has Go files; add a doc.go with a package comment: its contract and "+
				"its reasons")
		}
	}
	slices.Sort(faults)
	return faults
}

// checkErrorTexts: an error's text does not begin with the name of its package, because errors wrap
// each other and people read the result as one sentence.
func checkErrorTexts(t *sourceTree) (faults []string) {
	for i := range t.goFiles {
		f := &t.goFiles[i]
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || f.test {
				return true
			}
			text, ok := call.Args[0].(*ast.BasicLit)
			createsError := slices.Contains([]string{"errors.New", "fmt.Errorf"}, types.ExprString(call.Fun))
			if ok && createsError && strings.HasPrefix(text.Value[1:], f.ast.Name.Name+": ") {
				faults = append(faults, fmt.Sprintf("%s:%d begins an error's text with its package; name the subject in words",
					f.path, f.line(text)))
			}
			return true
		})
	}
	return faults
}

// relativeSentence finds a sentence that begins with a relative clause and is not a question: "What is held …".
var relativeSentence = regexp.MustCompile(`(?:^|[.:;!?] )((?:Who|What|Whoever|Whatever) [^.?!]*)(?:[.!]|$)`)

// checkSentences: a comment names its subject with a noun, not with "what is …".
func checkSentences(t *sourceTree) (faults []string) {
	for i := range t.goFiles {
		f := &t.goFiles[i]
		for _, group := range f.ast.Comments {
			text := strings.Join(strings.Fields(group.Text()), " ")
			if found := relativeSentence.FindStringSubmatch(text); found != nil && !f.generated {
				faults = append(faults, fmt.Sprintf("%s:%d has a sentence without a subject; name it: %.60s", f.path, f.line(group),
					found[1]))
			}
		}
	}
	return faults
}

// machinePath finds a path that exists on one machine only. The pattern is assembled so that this file does not
// match it.
var machinePath = regexp.MustCompile(`(^|[^\w.~$})/-])/(` +
	strings.Join([]string{"work", "root", `home/\w+`, `Users/\w+`}, "|") + `)/`)

// checkWords: no file names a path of one machine.
func checkWords(t *sourceTree) (faults []string) {
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

// checkDependencies: CONTRIBUTING.md has a reason for each direct dependency.
func checkDependencies(t *sourceTree) (faults []string) {
	reasons := string(t.find("CONTRIBUTING.md"))
	for _, name := range directModules(t) {
		if !strings.Contains(reasons, "`"+name+"`") {
			faults = append(faults, "CONTRIBUTING.md does not list `"+name+"`; add it with a one-line reason, or do without it")
		}
	}
	return faults
}

// requirement finds a module required by go.mod, and the comment after it.
var requirement = regexp.MustCompile(`(?m)^(?:require)?[ \t]+([\w.-]+\.[\w.-]+/\S+) v\S+(.*)$`)

// directModules returns the required modules that are imported, or that go.mod does not mark as indirect.
func directModules(t *sourceTree) (direct []string) {
	for _, match := range requirement.FindAllStringSubmatch(string(t.find("go.mod")), -1) {
		name := match[1]
		if !strings.Contains(match[2], "// indirect") || imports(t, name) {
			direct = append(direct, name)
		}
	}
	return direct
}

// imports reports whether a Go file imports a package of the named module. A package of a nested module counts for
// the outer module too.
func imports(t *sourceTree, name string) bool {
	for i := range t.goFiles {
		for _, spec := range t.goFiles[i].ast.Imports {
			if imported := strings.Trim(spec.Path.Value, "`\""); imported == name || strings.HasPrefix(imported, name+"/") {
				return true
			}
		}
	}
	return false
}
