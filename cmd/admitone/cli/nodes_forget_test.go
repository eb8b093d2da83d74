package cli

import (
	"fmt"
	"strings"
	"testing"

	"admitone/actors/placement"
	"admitone/actors/product"
	"admitone/events"
)

// ownedBy returns the id of a product that the given one of the nodes n1 to n3 owns.
func ownedBy(node placement.Member) string {
	for i := 0; ; i++ {
		id := fmt.Sprint("c", i)
		if placement.NewView("n1", "n2", "n3").Owner(placement.KeyOf(product.Stream(events.ProductID(id)))) == node {
			return id
		}
	}
}

// TestNodesForget: a request to one node makes all nodes forget a holder's contact. A node that is down
// forgets it before it serves again. The log does not have the contact, and verify finds nothing.
func TestNodesForget(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2, n3 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address()), n.launch("n3", n.log.address())
	n.waitForServing(3, n1, n2, n3)
	buy := func(node placement.Member, holder string) (path string) {
		id := ownedBy(node)
		n1.ask("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"n","stock":9}`, id))
		made := decode[struct{ ID string }](t, n1.must(201, "POST", "/v1/products/"+id+"/reservations",
			fmt.Sprintf(`{"holder":%q,"contact":{"name":"Canary"}}`, holder)))
		return "/v1/products/" + id + "/reservations/" + made.ID
	}
	checkContact := func(s *serverProcess, path string, want bool) {
		t.Helper()
		if text := s.must(200, "GET", path+"?min_position=1", ""); strings.Contains(text, "Canary") != want {
			t.Errorf("the contact is shown: %t, want %t: %s", !want, want, text)
		}
	}
	ann2, ann3, bob3 := buy("n2", "ann"), buy("n3", "ann"), buy("n3", "bob")
	checkContact(n2, ann2, true)
	checkContact(n3, ann3, true)
	if text := strings.TrimSpace(n1.must(200, "DELETE", "/v1/holders/ann/contact", "")); text != `{"holder":"ann","forgotten":true}` {
		t.Errorf("DELETE of the contact: %s, want %s", text, `{"holder":"ann","forgotten":true}`)
	}
	checkContact(n2, ann2, false)
	checkContact(n3, ann3, false)
	checkContact(n3, bob3, true)
	n3.kill()
	n1.must(200, "DELETE", "/v1/holders/bob/contact", "")
	n3.startAgain()
	checkContact(n3, bob3, false)
	for _, s := range []*serverProcess{n1, n2, n3} {
		s.end()
	}
	stdout, _ := must(t, exitDone, "history", "settings/log", "--store", n.log.address())
	if strings.Count(stdout, "forgotten at every server") != 2 || strings.Contains(stdout, "Canary") {
		t.Errorf("the history of settings/log: %s; want 2 forgotten holders and no contact", stdout)
	}
	must(t, exitDone, "verify", "--store", n.log.address())
}
