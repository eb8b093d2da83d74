package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"admitone/api"
)

// Access to the pages of performances: by keyboard, on a phone, with a token.

// bookByKeyboard books and pays by keyboard, without losing the focus.
func bookByKeyboard(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 3, 5, 5000}, [4]any{"B", 2, 3, 2500})
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":50000}`)
	ada := openTab(t, browser, s.url+"/performances/gig").waitLive()
	waitFocus := func(element string) {
		t.Helper()
		ada.wait(`document.activeElement === ` + element)
	}
	ada.tabTo(`document.querySelector('.section[data-section="A"] button')`)
	ada.do(chromedp.KeyEvent("\r"))
	waitFocus(seatButton("A-1-1"))
	for _, step := range []struct{ key, seat string }{
		{kb.ArrowRight, "A-1-2"}, {kb.ArrowDown, "A-2-2"}, {kb.End, "A-2-5"}, {kb.ArrowRight, "A-2-5"}, {kb.Home, "A-2-1"},
		{kb.ArrowUp, "A-1-1"}, {kb.ArrowUp, "A-1-1"}, {kb.PageDown, "A-3-1"}, {kb.ArrowDown, "B-1-1"},
		{kb.ArrowDown, "B-2-1"}, {kb.PageUp, "B-1-1"},
		{kb.ArrowUp, "A-3-1"}, {kb.ArrowRight, "A-3-2"},
	} {
		ada.do(chromedp.KeyEvent(step.key))
		waitFocus(seatButton(step.seat))
	}
	if name := evaluate[string](ada, `document.activeElement.ariaLabel + " "
		+ document.activeElement.getAttribute("aria-pressed")`); name != "A-3-2, free, €50.00 false" {
		t.Errorf("the name and aria-pressed of the seat are %q, want %q", name, "A-3-2, free, €50.00 false")
	}
	ada.do(chromedp.KeyEvent(" "))
	ada.wait(`document.activeElement.getAttribute("aria-pressed") === "true"`)
	ada.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent("\r"))
	waitFocus(seatButton("A-3-3"))
	if tabs := evaluate[int](ada, `document.querySelectorAll('button.seat[tabindex="0"]').length`); tabs != 1 {
		t.Errorf("the Tab key stops at %d seats, want 1", tabs)
	}
	// The field of the name is before the button in the order of focus.
	ada.tabTo(`document.querySelector("#holder")`)
	ada.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent("ada"))
	ada.tabTo(act("book"))
	ada.do(chromedp.KeyEvent("\r"))
	waitFocus(act("pay"))
	ada.do(chromedp.KeyEvent("\r"))
	ada.waitText(myBookings, "Booked and paid")
	ada.waitText(balance, "€400.00")
	ada.wait(`document.activeElement !== document.body && document.activeElement.checkVisibility()`)
	if got := s.bookingsOf("ada"); len(got) != 1 || got[0] != "A-3-2 A-3-3 booked" {
		t.Errorf("the server has the bookings %q, want %q", got, "A-3-2 A-3-3 booked")
	}
}

// keepFocus: when the focused seat is taken, its button keeps the focus, and its accessible name has the new
// state.
func keepFocus(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 2, 4, 5000})
	ada := guest(t, browser, s.url, "ada")
	ada.click(seatButton("A-1-2"))
	s.book("bob", "A-1-2")
	ada.wait(`document.activeElement.ariaLabel === "A-1-2, on hold, €50.00" &&
		document.activeElement.ariaDisabled === "true" && !document.activeElement.ariaPressed`)
	ada.waitText(choiceMessage, "Somebody else was faster: A-1-2 went.")
	ada.do(chromedp.KeyEvent(" "))
	ada.wait(`document.querySelectorAll("#picks li").length === 0 &&
		document.activeElement.ariaLabel === "A-1-2, on hold, €50.00"`)
	ada.do(chromedp.KeyEvent(" "))
	ada.waitText(choiceMessage, "A-1-2 is on hold.")
	ada.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(" "))
	ada.waitText(act("book"), "Book 1 seat · €50.00")
}

func bookOnPhone(t *testing.T, browser context.Context) {
	long := strings.Repeat("Donaudampfschifffahrt", 9)
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/performances", fmt.Sprintf(`{"id":"gig","title":%q,"venue":%q,"starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","name":%q,"rows":20,"seats_per_row":60,"price":99999999999}]}`, long, long, long))
	ada := openTab(t, browser, s.url+"/performances")
	ada.do(chromedp.EmulateViewport(360, 740))
	checkLayout := func() {
		t.Helper()
		if wide := evaluate[int](ada, `document.documentElement.scrollWidth`); wide > 360 {
			t.Errorf("the page is %d pixels wide on a phone, want at most 360", wide)
		}
		small := evaluate[[]string](ada, `[...document.querySelectorAll("button")].filter((b) => b.checkVisibility() &&
			b.getBoundingClientRect().height < (b.className === "seat" ? 24 : 40)).map((b) => b.textContent)`)
		if len(small) > 0 {
			t.Errorf("%q are too small for a finger, want none", small)
		}
	}
	ada.waitLive()
	checkLayout()
	ada.do(chromedp.Navigate(s.url + "/performances/gig"))
	ada.waitLive()
	checkLayout()
	ada.click(`document.querySelector(".section button")`)
	ada.wait(seatButton("A-1-1") + ` !== null`)
	checkLayout()
	if !evaluate[bool](ada, `(({ scrollWidth, clientWidth }) =>
		scrollWidth > 2 * clientWidth)(document.querySelector(".box"))`) {
		t.Error("the map of an enlarged hall does not scroll in its box, want it at least twice as wide")
	}
	ada.click(seatButton("A-1-1"))
	ada.click(seatButton("A-1-3"))
	ada.click(trayBook)
	ada.waitText(myBookings, "A-1-1, A-1-3")
	checkLayout()
	ada.click(act("pay"))
	ada.waitText(`document.querySelector("#wallet-message")`, "There is €0.00 in the wallet")
	checkLayout()
}

func bookWithToken(t *testing.T, browser context.Context) {
	auth := api.JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}
	s := serveIn(t, t.TempDir(), auth)
	admin, err := auth.Token("root", api.RoleAdmin, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.sendWith("POST", "/v1/performances", `{"id":"gig","title":"The gig","venue":"Hall",
		"starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":2,"seats_per_row":3,"price":100}]}`, "Authorization", "Bearer "+admin)
	s.sendWith("POST", "/v1/wallets/zo%C3%AB/charges", `{"amount":250}`, "Authorization", "Bearer "+admin)
	token, err := auth.Token("zoë", api.RoleHolder, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	zoe := openTab(t, browser, s.url+"/performances/gig").waitLive()
	zoe.click(seatButton("A-1-1"))
	zoe.click(act("book"))
	zoe.waitText(choiceMessage, "needs a token")
	zoe.wait(`document.activeElement.id === "token"`)
	zoe.do(chromedp.SendKeys("#token", token))
	zoe.waitText(balance, "€2.50")
	zoe.click(act("book"))
	zoe.waitText(myBookings, "On hold · €1.00")
	zoe.click(act("pay"))
	zoe.waitText(balance, "€1.50")
	zoe.waitSeat("A-1-1", "yours, booked")
	const charging = `document.querySelector("#amount")`
	if evaluate[bool](zoe, charging+`.checkVisibility()`) {
		t.Error("the page offers a holder with a token to charge the wallet, want no such field")
	}
	zoe.waitText(`document.querySelector("#charging")`, "A service or an admin charges it")
	zoe.do(chromedp.Focus("#token"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(admin))
	zoe.wait(charging + `.checkVisibility() && !document.querySelector("#charging").checkVisibility()`)
	zoe.click(act("charge"))
	zoe.waitText(balance, "€100.00")
}

// otherHolder: the page shows the bookings and the wallet of the holder who is entered.
func otherHolder(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 2, 4, 5000})
	s.createPerformance("other", "", [4]any{"A", 2, 4, 5000})
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":9000}`)
	s.book("ada", "A-1-1")
	s.send("POST", "/v1/performances/other/bookings", `{"holder":"ada","seats":["A-2-2"]}`)
	p := guest(t, browser, s.url, "ada")
	p.waitText(balance, "€90.00")
	p.waitText(myBookings, "The gig")
	p.waitText(myBookings, "The other")
	p.waitSeat("A-1-1", "yours, on hold")
	p.waitSeat("A-2-2", "free")
	p.enterName("bob")
	p.waitText(balance, "€0.00")
	p.wait(myBookings + `.childElementCount === 0`)
	p.waitSeat("A-1-1", "on hold")
	p.checkResources() // although bob has no wallet
}

func choiceKept(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"left-2", 2, 4, 5000})
	ada := guest(t, browser, s.url, "ada")
	ada.click(seatButton("left-2-1-2"))
	ada.click(seatButton("left-2-2-3"))
	ada.do(chromedp.Reload())
	ada.waitLive()
	ada.waitText(act("book"), "Book 2 seats · €100.00")
	ada.wait(seatButton("left-2-2-3") + `.getAttribute("aria-pressed") === "true"`)
	s.book("bob", "left-2-1-2")
	ada.waitText(`document.querySelector("#picks [data-gone]")`, "left-2-1-2 · gone")
	ada.click(`document.querySelector("#picks button")`)
	ada.waitText(act("book"), "Book 1 seat · €50.00")
	ada.click(act("clear"))
	ada.wait(`document.querySelectorAll("#picks li").length === 0 && document.activeElement.id === "choice-title"`)
}

// trayBook is the expression for the booking button in the tray on a phone.
const trayBook = `document.querySelector(".chosen button")`

// overviewAside: the seats in the corner of an enlarged hall can be scrolled so that the overview map does
// not cover them.
func overviewAside(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 12, 20, 5000}, [4]any{"B", 5, 26, 4000})
	ada := openTab(t, browser, s.url+"/performances/gig").waitLive()
	ada.click(`document.querySelector('[data-zoom="in"]')`)
	ada.wait(`document.querySelector(".mini").checkVisibility()`)
	ada.do(chromedp.Evaluate[chromedp.Void](`void ((box) => { box.scrollTo(0, 1e6); box.scrollIntoView({ block: "center" }) })(` +
		boxOfMap + `)`))
	ada.wait(`(({ x, y, width, height }) => document.elementFromPoint(x + width / 2, y + height / 2) === ` +
		seatButton("B-5-1") + `)(` + seatButton("B-5-1") + `.getBoundingClientRect())`)
}
