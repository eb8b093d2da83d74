package cli

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"admitone/api"
)

// TestClusterPage opens the page of the cluster in a browser.
func TestClusterPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"two nodes":    clusterOfTwo,
		"no cluster":   withoutCluster,
		"with a token": clusterWithToken,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

const (
	summary   = `document.querySelector("#cluster-summary")`
	pageState = `document.querySelector("#state")`
)

// nodeCard returns the expression for an element in the card of a node.
func nodeCard(name, selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".node")].find((card) =>
		card.querySelector('[data-field="name"]').textContent.split(" ")[0] === %q)?.querySelector(%q)`, name, selector)
}

// clusterOfTwo: the page shows two nodes and a room, then the loss of one node, and the restart of the other.
func clusterOfTwo(t *testing.T, browser context.Context) {
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	owner, other := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, owner, other)
	name, lost := "n1", "n2"
	if _, header, _ := owner.ask("PUT", "/v1/waiting-rooms/r", roomWith(1, 5, 30, "")); header.Get(
		"Admitone-Node",
	) == "n2" {
		owner, other, name, lost = other, owner, "n2", "n1" // the page of a node shows the rooms that it runs
	}
	p := openTab(t, browser, owner.url+"/cluster").waitLive()
	p.waitText(summary, "2 of 2 nodes serve")
	p.waitText(nodeCard(name, `[data-field="name"]`), name+" · answers")
	for _, node := range []string{"n1", "n2"} {
		p.wait(nodeCard(node, `[data-field="state"]`) + `.textContent === "serving"`)
		p.wait(`/^\d+ %$/.test(` + nodeCard(node, `[data-field="share"]`) + `.textContent)`)
		p.wait(`/^\d/.test(` + nodeCard(node, `[data-field="position"]`) + `.textContent)`)
	}
	p.wait(`/^\d+\.\d s ago$/.test(` + nodeCard(lost, `[data-field="heard"]`) + `.textContent)`)
	p.waitText(`document.querySelector("#hops")`, "Requests at "+name+" that belong to other nodes")
	p.wait(fmt.Sprintf(`document.querySelector('#rooms tr[data-id="r"] [data-field="owner"]').textContent === %q`, name))
	p.tabTo(`document.querySelector("#rooms a")`)
	p.do(chromedp.EmulateViewport(360, 740))
	if wide := evaluate[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d pixels wide on a phone, want at most 360", wide)
	}
	other.kill()
	p.waitText(summary, "1 of ")
	p.waitText(`document.querySelector("#announcer")`, lost+": ") // suspected or lost
	p.wait(`document.querySelector('#departed tbody tr [data-field="state"]')?.textContent === "lost"`)
	owner.kill()
	p.wait(pageState + `.textContent === "Reconnecting…"`)
	owner.startAgain()
	p.waitLive()
	p.waitText(summary, "1 of ")
}

func withoutCluster(t *testing.T, browser context.Context) {
	p := openTab(t, browser, serveIn(t, t.TempDir(), nil).url+"/cluster").waitLive()
	p.waitText(summary, "This server runs alone")
	p.wait(`!document.querySelector("#hops").checkVisibility() && !document.querySelector("#rooms").checkVisibility()`)
}

func clusterWithToken(t *testing.T, browser context.Context) {
	auth := api.JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}
	s := serveIn(t, t.TempDir(), auth)
	p := openTab(t, browser, s.url+"/cluster")
	p.wait(`document.querySelector("#token").checkVisibility()`)
	for _, step := range []struct {
		role  api.Role
		shown string
	}{{api.RoleHolder, `document.querySelector("#cluster-message")`}, {api.RoleAuditor, summary}} {
		token, err := auth.Token("ada", step.role, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		p.do(chromedp.Focus("#token"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
			chromedp.KeyEvent(token))
		p.wait(step.shown + `.textContent !== ""`)
	}
}
