package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// operations iterates over all operations.
func (d *described) operations(visit func(method, path string, op object)) {
	for path, methods := range d.at("paths") {
		for method, op := range methods.(object) {
			visit(strings.ToUpper(method), path, op.(object))
		}
	}
}

// checkRoles checks that x-roles and x-own contain only known words.
func (d *described) checkRoles(id string, op object) {
	d.t.Helper()
	roles, own := words(op["x-roles"]), words(op["x-own"])
	if len(roles) == 0 {
		d.t.Errorf("%s: got no x-roles, want the permitted roles, or %s", id, anyone)
	}
	for _, role := range roles {
		if role != anyone && !Role(role).known() || role == anyone && len(roles)+len(own) > 1 {
			d.t.Errorf("%s: x-roles = %v, want known roles, or anyone alone", id, roles)
		}
	}
	for _, role := range own {
		if !slices.Contains(roles, role) {
			d.t.Errorf("%s: x-own has %s, want roles of x-roles only", id, role)
		}
	}
}

// fillPath replaces a path's parameters by values.
func fillPath(path string, parts []string) string {
	for _, part := range parts {
		open, end := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		path = path[:open] + part + path[end+1:]
	}
	return path
}

// check sends one request, and compares its status with want: 0 stands for success.
func (m *matrix) check(method, path string, by asker, want int, c cell) {
	m.t.Helper()
	path = fillPath(path, c.parts)
	if c.query != "" {
		path += "?" + c.query
	}
	a := m.do(method, path, c.body, "Authorization", by.token, "If-Match", c.match)
	what := fmt.Sprintf("%s as %s (%s) about %s's", a.what, by.name, by.role, by.owner)
	switch {
	case want != 0 && a.status != want:
		m.t.Errorf("%s: status %d, want %d: %s", what, a.status, want, excerpt(a.text))
	case want == http.StatusUnauthorized:
		a.problem(want, "unauthenticated")
	case want == http.StatusForbidden:
		a.problem(want, "forbidden")
	case a.status >= 300 && !(strings.HasPrefix(path, "/ws") && a.status == http.StatusUpgradeRequired):
		m.t.Errorf("%s: got status %d: %s; want success", what, a.status, a.text)
	}
}
