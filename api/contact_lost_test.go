package api

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLostContactIsNotForgotten: if a file of the contacts is lost, resources with a contact are answered with 503
// until a copy of the file is restored or the holder is forgotten. Other resources are not affected.
func TestLostContactIsNotForgotten(t *testing.T) {
	for _, file := range []string{"keys", "sealed"} {
		w := newHarness(t)
		w.product("p", 9, "")
		id := func(a answer) string { return "/v1/products/p/reservations/" + a.is(201)["id"].(string) }
		without := id(w.reserve("p", "bob", ""))
		key := []string{"Idempotency-Key", "k"}
		with := id(w.reserve("p", "ada", `,"contact":`+adasContact, key...))
		w.stop()
		path := filepath.Join(w.dir, "contacts", file)
		copied, err := os.ReadFile(path)
		w.must(err)
		w.must(os.Truncate(path, 0))
		w.start()
		w.do("GET", with, "").problem(503, "log_unavailable")
		w.reserve("p", "ada", `,"contact":`+adasContact, key...).problem(503, "log_unavailable")
		checkContact(t, w.do("GET", without, ""), "")
		w.do("GET", "/readyz", "").is(200) // the sale continues
		checkContact(t, w.do("GET", id(w.reserve("p", "ada", `,"contact":`+adasContact)), ""), adasContact)
		w.stop()
		w.must(os.WriteFile(path, copied, 0o600))
		w.start()
		checkContact(t, w.do("GET", with, ""), adasContact)
		w.do("DELETE", "/v1/holders/ada/contact", "").is(200)
		checkContact(t, w.do("GET", with, ""), "")
	}
}
