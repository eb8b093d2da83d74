package cli

import (
	"fmt"
	"strings"
	"testing"

	"admitone/actors/placement"
	"admitone/actors/product"
	"admitone/events"
)

// ownedBy returns the id of a product that one of three nodes owns.
func ownedBy(node placement.Member) string {
	for i := 0; ; i++ {
		id := fmt.Sprint("c", i)
		if placement.NewView("n1", "n2", "n3").Owner(placement.KeyOf(product.Stream(events.ProductID(id)))) == node {
			return id
		}
	}
}

// TestNodesForget: a holder is forgotten at all nodes by a request at one of them; a stopped node
// forgets before it serves again. The log retains only a hash of the holder, and is sound.
func TestNodesForget(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2, n3 := n.begin("n1", n.log.address()), n.begin("n2", n.log.address()), n.begin("n3", n.log.address())
	n.agree(3, n1, n2, n3)
	buy := func(node placement.Member, holder string) (path string) {
		id := ownedBy(node)
		n1.ask("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"n","stock":9}`, id))
		made := decoded[struct{ ID string }](t, n1.must(201, "POST", "/v1/products/"+id+"/reservations",
			fmt.Sprintf(`{"holder":%q,"contact":{"name":"Canary"}}`, holder)))
		return "/v1/products/" + id + "/reservations/" + made.ID
	}
	shows := func(s *serverProcess, path string, want bool) {
		t.Helper()
		if text := s.must(200, "GET", path+"?min_position=1", ""); strings.Contains(text, "Canary") != want {
			t.Errorf("the contact is shown: %t, want %t: %s", !want, want, text)
		}
	}
	ann2, ann3, bob3 := buy("n2", "ann"), buy("n3", "ann"), buy("n3", "bob")
	shows(n2, ann2, true)
	shows(n3, ann3, true)
	if text := strings.TrimSpace(n1.must(200, "DELETE", "/v1/holders/ann/contact", "")); text != `{"holder":"ann","forgotten":true}` {
		t.Errorf("the answer is %s", text)
	}
	shows(n2, ann2, false)
	shows(n3, ann3, false)
	shows(n3, bob3, true)
	n3.kill()
	n1.must(200, "DELETE", "/v1/holders/bob/contact", "")
	n3.again()
	shows(n3, bob3, false)
	for _, s := range []*serverProcess{n1, n2, n3} {
		s.end()
	}
	stdout, _ := must(t, exitDone, "history", "settings/log", "--store", n.log.address())
	if strings.Count(stdout, "forgotten at every server") != 2 || strings.Contains(stdout, "Canary") {
		t.Errorf("the history says %s", stdout)
	}
	must(t, exitDone, "verify", "--store", n.log.address())
}
