package api

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// asker is a caller in the matrix of roles, and the owner of the resource.
type asker struct {
	name, token string
	role        Role
	owner       string
}

// cell is the request of one operation: the values of its path's parameters in order, and a body.
type cell struct {
	parts []string
	body  string
	match string // If-Match
	query string
}

// matrix sends every operation of openapi.yaml as every caller.
type matrix struct {
	*harness
	admin string
	next  int
}

// id returns a new id.
func (m *matrix) id() string {
	m.next++
	return fmt.Sprint("x", m.next)
}

// make prepares a resource as an admin, and returns the answer.
func (m *matrix) make(method, path, body string) map[string]any {
	m.t.Helper()
	a := m.do(method, path, body, "Authorization", m.admin)
	if a.status >= 300 {
		m.t.Fatalf("%s: got %d %s; want status < 300", a.what, a.status, a.text)
	}
	return a.is(a.status)
}

func (m *matrix) freeProduct() string {
	id := m.id()
	m.make("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"n","stock":9}`, id))
	return id
}

func (m *matrix) reservation(owner string) []string {
	product := m.freeProduct()
	created := m.make("POST", "/v1/products/"+product+"/reservations", fmt.Sprintf(`{"holder":%q,"hold":true}`, owner))
	return []string{product, created["id"].(string)}
}

func (m *matrix) team(owner string) string {
	id := m.id()
	m.make("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"n","holder":%q}`, id, owner))
	return id
}

func (m *matrix) cup() string {
	id := m.id()
	m.make("POST", "/v1/tournaments",
		fmt.Sprintf(`{"id":%q,"name":"n","team_limit":9,"register_deadline":"2099-01-01T00:00:00Z"}`, id))
	return id
}

// entry is made by an admin, so that only the team's owner owns it.
func (m *matrix) entry(owner string) []string {
	cup, team := m.cup(), m.team(owner)
	m.make("POST", "/v1/tournaments/"+cup+"/entries", fmt.Sprintf(`{"team_id":%q}`, team))
	return []string{cup, team}
}

const newHall = `{"id":%q,"title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z","sections":[{"id":"A","rows":1,` +
	`"seats_per_row":9,"price":100}]}`

func (m *matrix) hall() string {
	id := m.id()
	m.make("POST", "/v1/performances", fmt.Sprintf(newHall, id))
	return id
}

func (m *matrix) booking(owner string) string {
	return m.make("POST", "/v1/performances/"+m.hall()+"/bookings", fmt.Sprintf(`{"holder":%q,"seats":["A-1-1"]}`,
		owner))["id"].(string)
}

// owed returns a refund: a payment with a wrong amount for a booking.
func (m *matrix) owed(owner string) string {
	return m.make("POST", "/v1/bookings/"+m.booking(owner)+"/payment", fmt.Sprintf(`{"method":"external",`+
		`"provider":"bank","reference":%q,"amount":99,"currency":"EUR","final":true}`, m.id()))["refund_id"].(string)
}

func (m *matrix) charged(owner string) string {
	m.make("POST", "/v1/wallets/"+owner+"/charges", `{"amount":100}`)
	return owner
}

const newRoom = `{"admit_per_second":1,"max_active":1,"active_seconds":600,"heartbeat_seconds":600,"status":"open"}`

func (m *matrix) room() string {
	id := m.id()
	m.make("PUT", "/v1/waiting-rooms/"+id, newRoom)
	return id
}

func (m *matrix) visitor(owner string) []string {
	room := m.room()
	return []string{
		room,
		m.make("POST", "/v1/waiting-rooms/"+room+"/visitors", fmt.Sprintf(`{"holder":%q}`, owner))["visitor"].(string),
	}
}

func of(parts ...string) cell { return cell{parts: parts} }

// cells has the request of each operation, by operationId, about a resource of owner. The test files
// of kinds may add theirs in init functions.
var cells = map[string]func(m *matrix, owner string) cell{
	"createProduct": func(m *matrix, _ string) cell { return cell{body: `{"name":"n","stock":1}`} },
	"listProducts":  func(*matrix, string) cell { return of() },
	"getProduct":    func(m *matrix, _ string) cell { return of(m.freeProduct()) },
	"editProduct": func(m *matrix, _ string) cell {
		return cell{parts: []string{m.freeProduct()}, body: `{"price":1}`, match: `"0"`}
	},
	"reserve": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.freeProduct()}, body: fmt.Sprintf(`{"holder":%q}`, owner)}
	},
	"getReservation": func(m *matrix, owner string) cell { return of(m.reservation(owner)...) },
	"annotateReservation": func(m *matrix, owner string) cell {
		return cell{parts: m.reservation(owner), body: `{"reference":"r"}`, match: `"1"`}
	},
	"release":            func(m *matrix, owner string) cell { return of(m.reservation(owner)...) },
	"confirm":            func(m *matrix, owner string) cell { return of(m.reservation(owner)...) },
	"reservationReceipt": func(m *matrix, owner string) cell { return of(m.reservation(owner)...) },
	"createTeam": func(m *matrix, owner string) cell {
		return cell{body: fmt.Sprintf(`{"name":"n","holder":%q}`, owner)}
	},
	"getTeam": func(m *matrix, owner string) cell { return of(m.team(owner)) },
	"createTournament": func(*matrix, string) cell {
		return cell{body: `{"name":"n","team_limit":9,"register_deadline":"2099-01-01T00:00:00Z"}`}
	},
	"listTournaments": func(*matrix, string) cell { return of() },
	"getTournament":   func(m *matrix, _ string) cell { return of(m.cup()) },
	"editTournament": func(m *matrix, _ string) cell {
		return cell{parts: []string{m.cup()}, body: `{"name":"o"}`, match: `"0"`}
	},
	"enter": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.cup()}, body: fmt.Sprintf(`{"team_id":%q}`, m.team(owner))}
	},
	"listEntries":  func(m *matrix, owner string) cell { return of(m.entry(owner)[0]) },
	"getEntry":     func(m *matrix, owner string) cell { return of(m.entry(owner)...) },
	"withdraw":     func(m *matrix, owner string) cell { return of(m.entry(owner)...) },
	"entryReceipt": func(m *matrix, owner string) cell { return of(m.entry(owner)...) },
	"createPerformance": func(m *matrix, _ string) cell {
		return cell{body: fmt.Sprintf(newHall, m.id())}
	},
	"editPerformance": func(m *matrix, _ string) cell {
		return cell{parts: []string{m.hall()}, body: `{"title":"o"}`, match: `"e0"`}
	},
	"listPerformances": func(*matrix, string) cell { return of() },
	"getPerformance":   func(m *matrix, _ string) cell { return of(m.hall()) },
	"listSeats":        func(m *matrix, _ string) cell { return of(m.hall()) },
	"listSeatChanges":  func(m *matrix, _ string) cell { return of(m.hall()) },
	"listBlocks":       func(m *matrix, _ string) cell { return of(m.hall()) },
	"blockSeats": func(m *matrix, _ string) cell {
		return cell{parts: []string{m.hall()}, body: `{"rows":["A-1"],"label":"press"}`}
	},
	"unblockSeats": func(m *matrix, _ string) cell {
		return cell{parts: []string{m.hall()}, query: "label=press"}
	},
	"blockSeat":   func(m *matrix, _ string) cell { return of(m.hall(), "A-1-1") },
	"unblockSeat": func(m *matrix, _ string) cell { return of(m.hall(), "A-1-1") },
	"book": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.hall()}, body: fmt.Sprintf(`{"holder":%q,"seats":["A-1-1"]}`, owner)}
	},
	"getBooking":              func(m *matrix, owner string) cell { return of(m.booking(owner)) },
	"listPerformanceBookings": func(m *matrix, _ string) cell { return of(m.hall()) },
	"listReservations":        func(m *matrix, _ string) cell { return of(m.freeProduct()) },
	"productReport":           func(m *matrix, _ string) cell { return of(m.freeProduct()) },
	"performanceReport":       func(m *matrix, _ string) cell { return of(m.hall()) },
	"tournamentReport":        func(m *matrix, _ string) cell { return of(m.cup()) },
	"findBookings":            func(*matrix, string) cell { return cell{query: "reference=r"} },
	"findReservations":        func(*matrix, string) cell { return cell{query: "reference=r"} },
	"annotateBooking": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.booking(owner)}, body: `{"reference":"r"}`, match: `"0"`}
	},
	"beginIntent": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.booking(owner)}, body: `{"provider":"bank"}`}
	},
	"endIntent":   func(m *matrix, owner string) cell { return of(m.booking(owner)) },
	"listRefunds": func(*matrix, string) cell { return of() },
	"getRefund":   func(m *matrix, owner string) cell { return of(m.owed(owner)) },
	"settleRefund": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.owed(owner)}, body: fmt.Sprintf(`{"reference":%q}`, m.id())}
	},
	"cancelBooking": func(m *matrix, owner string) cell { return of(m.booking(owner)) },
	"returnSeat": func(m *matrix, owner string) cell {
		m.charged(owner)
		id := m.booking(owner)
		m.make("POST", "/v1/bookings/"+id+"/payment", "")
		return of(id, "A-1-1")
	},
	"pay":            func(m *matrix, owner string) cell { m.charged(owner); return of(m.booking(owner)) },
	"extendBooking":  func(m *matrix, owner string) cell { return of(m.booking(owner)) },
	"bookingReceipt": func(m *matrix, owner string) cell { return of(m.booking(owner)) },
	"listBookings":   func(m *matrix, owner string) cell { return of(owner) },
	"forget":         func(m *matrix, owner string) cell { return of(owner) },
	"charge": func(m *matrix, owner string) cell {
		return cell{parts: []string{owner},
			body: `{"amount":1}`}
	},
	"getWallet":         func(m *matrix, owner string) cell { return of(m.charged(owner)) },
	"listWalletEntries": func(m *matrix, owner string) cell { return of(m.charged(owner)) },
	"listWallets":       func(m *matrix, owner string) cell { return of(m.charged(owner)) },
	"listHistories":     func(m *matrix, _ string) cell { return of(m.freeProduct()) },
	"batch": func(m *matrix, owner string) cell {
		return cell{
			body: fmt.Sprintf(`{"commands":[{"method":"POST","path":"/v1/products/%s/reservations","body":{"holder":%q}}]}`,
				m.freeProduct(), owner),
		}
	},
	"listWaitingRooms": func(*matrix, string) cell { return of() },
	"getWaitingRoom":   func(m *matrix, _ string) cell { return of(m.room()) },
	"setWaitingRoom":   func(m *matrix, _ string) cell { return cell{parts: []string{m.id()}, body: newRoom} },
	"joinWaitingRoom": func(m *matrix, owner string) cell {
		return cell{parts: []string{m.room()}, body: fmt.Sprintf(`{"holder":%q}`, owner)}
	},
	"pollWaitingRoom":  func(m *matrix, owner string) cell { return of(m.visitor(owner)...) },
	"leaveWaitingRoom": func(m *matrix, owner string) cell { return of(m.visitor(owner)...) },
	"listEvents":       func(*matrix, string) cell { return of() },
	"listStream":       func(m *matrix, _ string) cell { return of("product-" + m.freeProduct()) },
	"cluster":          func(*matrix, string) cell { return of() },
	"logHead":          func(*matrix, string) cell { return of() },
	"history":          func(m *matrix, _ string) cell { return of("product", m.freeProduct()) },
	"historyOfPart":    func(m *matrix, _ string) cell { return of("seat", m.hall(), "A-1-1") },
	"createAPIKey":     func(*matrix, string) cell { return cell{body: `{"name":"n","role":"door"}`} },
	"listAPIKeys":      func(*matrix, string) cell { return of() },
	"getAPIKey":        func(m *matrix, _ string) cell { return of(m.key()) },
	"endAPIKey":        func(m *matrix, _ string) cell { return of(m.key()) },
	"live":             func(*matrix, string) cell { return of() },
	"liveReservations": func(*matrix, string) cell { return of() },
	"healthz":          func(*matrix, string) cell { return of() },
	"readyz":           func(*matrix, string) cell { return of() },
	"metrics":          func(*matrix, string) cell { return of() },
	"backup":           func(*matrix, string) cell { return of() },
	"page":             func(*matrix, string) cell { return of() },
	"tournamentsPage":  func(*matrix, string) cell { return of() },
	"tournamentPage":   func(m *matrix, _ string) cell { return of(m.cup()) },
	"performancesPage": func(*matrix, string) cell { return of() },
	"performancePage":  func(m *matrix, _ string) cell { return of(m.hall()) },
	"waitingRoomsPage": func(*matrix, string) cell { return of() },
	"waitingRoomPage":  func(m *matrix, _ string) cell { return of(m.room()) },
	"docs":             func(*matrix, string) cell { return of() },
	"openapi":          func(*matrix, string) cell { return of() },
	"asyncapi":         func(*matrix, string) cell { return of() },
	"auditPage":        func(*matrix, string) cell { return of() },
	"clusterPage":      func(*matrix, string) cell { return of() },
	"clientModule":     func(*matrix, string) cell { return of("index.js") },
	"asset":            func(*matrix, string) cell { return of("page.js") },
}

// anyone in x-roles means that no token is needed.
const anyone = "anyone"

// keys returns programs with API keys, one of each role that a key can have, for a resource of
// ada's. No resource belongs to a program.
func (m *matrix) keys() (all []asker) {
	for _, role := range []Role{RoleAuditor, RoleService, RoleDoor, RoleAdmin} {
		created := m.make("POST", "/v1/api-keys", fmt.Sprintf(`{"name":"p","role":%q}`, role))
		all = append(all, asker{"key:p", "Bearer " + created["key"].(string), role, "ada"})
	}
	return all
}

// key creates a key that no test uses, and returns its id.
func (m *matrix) key() string {
	return m.make("POST", "/v1/api-keys", `{"name":"other","role":"service"}`)["id"].(string)
}

// askers returns every caller, each for a resource of ada's, and those with a role also for their
// own.
func askers(t *testing.T) []asker {
	all := []asker{{name: "nobody", owner: "ada"}}
	for _, actor := range []struct {
		sub  string
		role Role
	}{{"ada", RoleHolder}, {"bob", RoleHolder}, {"audit", RoleAuditor}, {"shop", RoleService}, {"gate",
		RoleDoor}, {"root", RoleAdmin}} {
		token := bearer(t, actor.sub, actor.role)
		all = append(all, asker{actor.sub, token, actor.role, "ada"})
		if actor.sub != "ada" {
			all = append(all, asker{actor.sub, token, actor.role, actor.sub})
		}
	}
	return all
}

// words returns the strings of a list.
func words(v any) (all []string) {
	for _, word := range list(v) {
		all = append(all, fmt.Sprint(word))
	}
	return all
}

// allowed returns the answer that openapi.yaml describes for a caller: 0 for success, otherwise the
// status.
func allowed(op object, by asker) int {
	roles, own := words(op["x-roles"]), words(op["x-own"])
	switch {
	case slices.Contains(roles, anyone):
		return 0
	case by.role == "":
		return http.StatusUnauthorized
	case !slices.Contains(roles, string(by.role)), slices.Contains(own, string(by.role)) && by.owner != by.name:
		return http.StatusForbidden
	}
	return 0
}

// noCaller reports whether an operation ignores tokens: only a signature identifies the sender.
func noCaller(op object) bool {
	schemes, declared := op["security"]
	return declared && len(list(schemes)) == 0
}

// TestRoleMatrix sends every operation of openapi.yaml as every caller, and compares with its
// description.
func TestRoleMatrix(t *testing.T) {
	w, d := newHarness(t, withEverything, func(w *harness) { w.config.Auth = secret }), describe(t)
	m := &matrix{harness: w, admin: bearer(t, "root", RoleAdmin)}
	bad := []string{badTokens(t)["unknown role"], badTokens(t)["crit"]}
	operations, requested := 0, 0
	keys := m.keys()
	d.operations(func(method, path string, op object) {
		id := op["operationId"].(string)
		d.checkRoles(id, op)
		prepare := cells[id]
		if prepare == nil {
			t.Errorf("%s %s: add the request of %s to cells", method, path, id)
			return
		}
		operations++
		for _, by := range append(askers(t), keys...) {
			requested++
			m.check(method, path, by, allowed(op, by), prepare(m, by.owner))
		}
		for _, token := range bad {
			want := http.StatusUnauthorized
			if noCaller(op) {
				want = 0
			}
			m.check(method, path, asker{name: "a bad token", token: token, owner: "ada"}, want, prepare(m, "ada"))
		}
	})
	if operations != len(cells) {
		t.Errorf("%d operations are described, and cells has %d; want operations = %v", operations, len(cells), len(cells))
	}
	t.Logf("%d operations, %d cells", operations, requested)
}

// TestOpenServer: without tokens every caller may do everything.
func TestOpenServer(t *testing.T) {
	w, d := newHarness(t, withEverything), describe(t)
	m := &matrix{harness: w}
	d.operations(func(method, path string, op object) {
		if prepare := cells[op["operationId"].(string)]; prepare != nil {
			m.check(method, path, asker{name: "anybody", owner: "ada"}, 0, prepare(m, "ada"))
		}
	})
}
