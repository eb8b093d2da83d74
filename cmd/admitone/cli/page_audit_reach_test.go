package cli

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"admitone/api"
)

// Access to the audit page: by keyboard, on a phone, with a token, and with hostile names.

func auditByKeyboard(t *testing.T, browser context.Context) {
	s, _ := sampleSale(t)
	p := openAudit(t, browser, s, "")
	p.tabTo(`document.querySelector("#wanted")`)
	p.navigate(chromedp.KeyEvent("seat gig A-1-2\r"))
	all := p.countChanges(12)
	p.waitText(story, "eve holds the seat")
	p.tabTo(slider)
	p.do(chromedp.KeyEvent(kb.Home))
	p.wait(place + `.textContent.includes("change 1 of")`)
	p.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	p.wait(place + `.textContent.includes("change 3 of")`)
	p.do(chromedp.KeyEvent(kb.End))
	p.wait(fmt.Sprintf(`%s.textContent.includes("change %d of")`, place, all))
	p.tabTo(act("previous"))
	p.do(chromedp.KeyEvent("\r"))
	p.wait(fmt.Sprintf(`%s.textContent.includes("change %d of")`, place, all-1))
	p.tabTo(act("seat"))
	p.do(chromedp.KeyEvent(" "))
	p.wait(`document.activeElement === ` + seatButton("A-1-2"))
	p.do(chromedp.KeyEvent(kb.ArrowLeft))
	p.navigate(chromedp.KeyEvent("\r"))
	p.waitText(story, "The story of seat gig~A-1-1")
	if hash := evaluate[string](p, `location.hash`); hash == "" {
		t.Error("the page of another seat has no position in its address, want that of the map")
	}
}

func auditOnPhone(t *testing.T, browser context.Context) {
	s, booking := sampleSale(t)
	s.sell("p")
	s.enterTeams("cup")
	p := openAudit(t, browser, s, "")
	p.do(chromedp.EmulateViewport(360, 740))
	for _, of := range []string{"", "?of=seat/gig~A-1-1", "?of=booking/" + booking, "?of=product/p", "?of=tournament/cup",
		"?of=holder/ada"} {
		p.do(chromedp.Navigate(s.url + "/audit" + of))
		if of != "" {
			p.wait(`document.querySelector(".line") !== null`)
		}
		p.waitText(head, "events, up to position")
		checkPhoneLayout(p)
	}
}

// checkPhoneLayout checks that the page fits a phone of 360 pixels, and that its controls are large enough
// for a finger.
func checkPhoneLayout(p *tab) {
	p.t.Helper()
	if wide := evaluate[int](p, `document.documentElement.scrollWidth`); wide > 360 {
		p.t.Errorf("%s is %d pixels wide on a phone, want at most 360", evaluate[string](p, `location.href`), wide)
	}
	small := evaluate[[]string](p, `[...document.querySelectorAll("button, select, input")].filter((b) => b.checkVisibility() &&
		b.getBoundingClientRect().height < (b.classList.contains("seat") ? 24 : 40)).map((b) => b.id + b.textContent)`)
	if len(small) > 0 {
		p.t.Errorf("%q are too small for a finger, want none", small)
	}
}

// auditWithToken: everyone may see a map of the past; only auditors may see histories.
func auditWithToken(t *testing.T, browser context.Context) {
	auth := api.JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}
	s := serveIn(t, t.TempDir(), auth)
	token := func(role api.Role) string {
		token, err := auth.Token("ann", role, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	s.sendWith("POST", "/v1/performances", `{"id":"gig","title":"The gig","venue":"Hall",
		"starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":2,"seats_per_row":3,"price":100}]}`, "Authorization", "Bearer "+token(api.RoleAdmin))
	s.sendWith("POST", "/v1/performances/gig/bookings", `{"seats":["A-1-1"]}`,
		"Authorization", "Bearer "+token(api.RoleHolder))
	p := openAudit(t, browser, s, "?of=seat/gig~A-1-1")
	p.waitText(act("seat"), "A-1-1 is on hold")
	p.waitText(searched, "needs the token of an auditor")
	p.wait(`document.activeElement.id === "token"`)
	p.do(chromedp.SendKeys("#token", token(api.RoleHolder)+"\r"))
	p.waitText(searched, "Your role may not do this.")
	p.do(chromedp.Focus("#token"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(token(api.RoleAuditor)+"\t"))
	p.waitText(story, "ann holds the seat")
}

// auditHostile: names with markup are shown as text.
func auditHostile(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 2, 4, 5000})
	const evil = `<img src=x onerror=document.title=1> & "co" '`
	s.send("POST", "/v1/performances/gig/bookings",
		`{"seats":["A-1-1"],"holder":"<img src=x onerror=document.title=1> & \"co\" '"}`)
	p := openAudit(t, browser, s, "")
	p.search("holder " + evil)
	p.waitText(story, "The story of holder "+evil)
	p.waitText(story, "seat gig~A-1-1: "+evil+" holds the seat")
	p.navigate(chromedp.Click(chromedp.JSPath(story + `.querySelector('.leads a')`)))
	p.waitText(story, evil+" holds")
	p.do(chromedp.Navigate(s.url + `/audit?of=` + "holder/%3Cimg%20src%3Dx%3E#at=%3Cimg%20src%3Dx%3E"))
	p.waitText(story, "<img src=x>")
	if evaluate[bool](p, `document.querySelector("img[src=x]") !== null || document.querySelectorAll("script").length !== 1 ||
		!document.title.endsWith("admitone")`) {
		t.Error("a name has become an element of the page, want text only")
	}
}
