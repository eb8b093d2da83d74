package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"admitone/api"
)

func waitByKeyboard(t *testing.T, browser context.Context) {
	const name = `<img src=x onerror=alert(1)>`
	s, leave := serveFullRoom(t)
	ada := openTab(t, browser, s.url+"/waiting-rooms").waitLive()
	ada.tabTo(`document.querySelector(".waitingroom a")`)
	ada.navigate(chromedp.KeyEvent("\r"))
	ada.waitLive()
	ada.tabTo(`document.querySelector("#holder")`)
	ada.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(name))
	ada.tabTo(act("join"))
	ada.do(chromedp.KeyEvent("\r"))
	ada.waitText(inLine, "You are next.")
	ada.waitText(`document.querySelector("#announcer")`, "You are next.")
	ada.waitText(`document.querySelector('[data-field="whose"]')`, name)
	if evaluate[bool](ada, `document.querySelector(".room img") !== null || document.activeElement === document.body`) {
		t.Error("the name has become an element, or the focus is lost; want neither")
	}
	// Pressing Enter again does not leave the line.
	ada.do(chromedp.KeyEvent("\r"))
	leave()
	ada.waitText(waitEnds, "It is your turn.")
	ada.wait(`document.title.startsWith("It is your turn!")`)
	ada.tabTo(act("leave"))
	ada.do(chromedp.KeyEvent(" "), chromedp.KeyEvent(" "))
	ada.waitText(waitEnds, "You have given your pass up.")
	ada.wait(`document.activeElement === ` + act("join"))
}

func waitOnPhone(t *testing.T, browser context.Context) {
	id := strings.Repeat("Donaudampfschifffahrt", 3)
	s := serveIn(t, t.TempDir(), nil)
	s.send("PUT", "/v1/waiting-rooms/"+id, roomWith(0, 100_000, 60,
		`,"order":"shuffle","opens_at":"2999-01-01T00:00:00Z"`))
	ada := openTab(t, browser, s.url)
	ada.do(chromedp.EmulateViewport(360, 740))
	checkLayout := func() {
		t.Helper()
		if wide := evaluate[int](ada, `document.documentElement.scrollWidth`); wide > 360 {
			t.Errorf("%s is %d pixels wide on a phone, want at most 360", evaluate[string](ada, `location.pathname`), wide)
		}
		small := evaluate[[]string](ada, `[...document.querySelectorAll("button, a.button")].filter((b) => b.checkVisibility() &&
			b.getBoundingClientRect().height < 40).map((b) => b.textContent)`)
		if len(small) > 0 {
			t.Errorf("%q are too small for a finger, want none", small)
		}
	}
	for _, path := range []string{"/waiting-rooms", "/waiting-rooms/" + id} {
		ada.do(chromedp.Navigate(s.url + path))
		ada.waitLive()
		checkLayout()
	}
	ada.enterName(strings.Repeat("W", 64))
	ada.click(act("join"))
	ada.waitText(inLine, "Your place in line is drawn")
	checkLayout()
	s.sendWith("PUT", "/v1/waiting-rooms/"+id, roomWith(0, 100_000, 60, `,"status":"closed"`), "If-Match", `"1"`)
	ada.waitText(`document.querySelector('[data-field="notice"]')`, "Closed")
	ada.waitText(`document.querySelector('[data-field="estimate"]')`, "Your place is kept")
	ada.pressTwice(act("leave"))
	ada.waitText(waitEnds, "You have left the line.")
	ada.wait(act("join") + `.disabled`)
	checkLayout()
}

func waitWithToken(t *testing.T, browser context.Context) {
	auth := api.JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}
	s := serveIn(t, t.TempDir(), auth)
	tokens := map[string]string{}
	for name, role := range map[string]api.Role{"root": api.RoleAdmin, "ada": api.RoleHolder} {
		token, err := auth.Token(name, role, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = token
	}
	admin := []string{"Authorization", "Bearer " + tokens["root"]}
	s.sendWith("PUT", "/v1/waiting-rooms/r", roomWith(50, 1, 30, ""), admin...)
	s.sendWith("POST", "/v1/products", `{"id":"p","name":"Poster p","stock":9,"waiting_room":"r"}`, admin...)
	ada := openTab(t, browser, s.url).waitLive()
	ada.do(chromedp.SendKeys("#token", tokens["ada"]))
	ada.click(button("p", "hold"))
	ada.waitPath("/waiting-rooms/r?to=%2F&as=ada")
	ada.waitLive()
	ada.click(act("join"))
	ada.waitPath("/")
	ada.waitLive()
	ada.click(button("p", "hold"))
	ada.waitRemaining("p", 8)
	ada.click(inCard("p", `.claim [data-action="confirm"]`)) // needs no pass, and ends the one that was used
	ada.waitText(mine, "Confirmed")
	ada.do(chromedp.Navigate(s.url + "/waiting-rooms/r"))
	ada.waitText(waitEnds, "Your pass was used or given up")
	ada.waitText(act("join"), "Join the line")
}

// passEndsOnAnotherPage: a page that shows a pass shows its end when the place is given up elsewhere.
func passEndsOnAnotherPage(t *testing.T, browser context.Context) {
	s := serveRoom(t, 50, 1, 30, "")
	ada := openTab(t, browser, s.url+"/waiting-rooms/r").waitLive()
	ada.enterName("ada")
	ada.click(act("join"))
	ada.waitText(waitEnds, "It is your turn.")
	var place struct{ Visitor string }
	text := s.send("POST", "/v1/waiting-rooms/r/visitors", `{"holder":"ada"}`) // returns the same place
	if err := json.Unmarshal([]byte(text), &place); err != nil {
		t.Fatal(err)
	}
	s.send("DELETE", "/v1/waiting-rooms/r/visitors/"+place.Visitor, "")
	ada.waitText(waitEnds, "Your pass was used or given up.")
}
