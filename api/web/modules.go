package web

import (
	"path"
	"regexp"
	"slices"
)

// imported finds what a module imports: a path relative to its own.
var imported = regexp.MustCompile(`(?m)^(?:import|export) (?:[^;]*? from )?"(\.[^"]+)"`)

// importsOf has, for each script, the paths of all modules that it needs.
var importsOf = func() map[string][]string {
	bodies := map[string][]byte{}
	for _, asset := range Assets() {
		bodies[asset.Path] = asset.Body
	}
	all := map[string][]string{}
	for _, script := range scripts {
		all[script] = importsFrom("/assets/"+script, bodies, nil)
	}
	return all
}()

// importsFrom appends the modules that one imports, each once, direct imports first.
func importsFrom(at string, bodies map[string][]byte, found []string) []string {
	begin := len(found)
	for _, match := range imported.FindAllSubmatch(bodies[at], -1) {
		if module := path.Join(path.Dir(at), string(match[1])); !slices.Contains(found, module) {
			found = append(found, module)
		}
	}
	for _, module := range found[begin:] {
		found = importsFrom(module, bodies, found)
	}
	return found
}

// Imports are the paths of the modules that the page's script needs, directly or not, so that a
// browser requests all of them at once instead of level by level.
func (f Frame) Imports() []string { return importsOf[f.Script] }
