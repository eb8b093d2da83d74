package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"admitone/actors"
	"admitone/actors/product"
	"admitone/api"
	"admitone/events"
)

// TestPage opens the page of products of a complete server in a browser.
func TestPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"two browsers show the same counts":         twoBrowsers,
		"changes during an outage":                  cutWire,
		"a lost answer is not a second reservation": lostAnswer,
		"a lost frame is noticed":                   lostFrame,
		"the server restarts":                       restart,
		"a hold counts down and expires":            expireHold,
		"a hold is confirmed":                       holdConfirmed,
		"sold out":                                  soldOut,
		"by keyboard":                               byKeyboard,
		"on a phone":                                onPhone,
		"with a token":                              withToken,
		"texts of refusals":                         refusalTexts,
		"a new product":                             reloadOnReturn,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// serveProduct starts a server that sells one product, "p".
func serveProduct(t *testing.T, stock int64, more ...func(*product.Create)) *testServer {
	t.Helper()
	s := serveIn(t, t.TempDir(), nil)
	s.createProduct("p", stock, more...)
	return s
}

// createProduct creates a product directly at the desk; each more may modify the command.
func (s *testServer) createProduct(id string, stock int64, more ...func(*product.Create)) {
	s.t.Helper()
	command := product.Create{ID: events.ProductID(id), Name: "Poster " + id, Stock: stock, Price: 1250, HoldSeconds: 540}
	for _, change := range more {
		change(&command)
	}
	if err := s.demonstration().submit(s.t.Context(), product.Stream(events.ProductID(id)), &command); err != nil {
		s.t.Fatal(err)
	}
}

// remaining returns the remaining units of "p" on the server.
func (s *testServer) remaining() int {
	s.t.Helper()
	var p struct{ Remaining int }
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/products/p", "")), &p); err != nil {
		s.t.Fatal(err)
	}
	return p.Remaining
}

// reloadOnReturn: the page reloads its data when the visitor returns to it.
func reloadOnReturn(t *testing.T, browser context.Context) {
	s := serveProduct(t, 5)
	ada := openTab(t, browser, s.url).waitLive()
	s.createProduct("q", 3)
	ada.do(chromedp.Evaluate[chromedp.Void](`void document.dispatchEvent(new Event("visibilitychange"))`))
	ada.wait(`document.querySelector('.product[data-id="q"]') !== null`)
	ada.waitRemaining("q", 3)
	ada.click(button("q", "reserve"))
	ada.waitRemaining("q", 2)
	ada.waitRemaining("p", 5)
}

const mine = `document.querySelector("#mine")`

func twoBrowsers(t *testing.T, browser context.Context) {
	s := serveProduct(t, 5)
	ada, bob := openTab(t, browser, s.url).waitLive(), openTab(t, browser, s.url).waitLive()
	ada.click(button("p", "reserve"))
	for _, p := range []*tab{ada, bob} {
		p.waitRemaining("p", 4)
		p.waitText(inCard("p", ".split"), "1 sold")
	}
	ada.waitText(inCard("p", ".message"), "Reserved.")
	ada.waitText(mine, "1 × Poster p")
	bob.waitText(`document.querySelector("#announcer")`, "Poster p: 4 left")
	if evaluate[int](bob, mine+`.childElementCount`) != 0 {
		t.Error("bob's page shows a reservation, want none")
	}
	// The reservation is still there after a reload, and can be released.
	ada.do(chromedp.Reload())
	ada.waitLive()
	ada.pressTwice(mine + `.querySelector('[data-action="release"]')`)
	bob.waitRemaining("p", 5)
	ada.wait(mine + `.childElementCount === 0`)
}

func cutWire(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9)
	w := newWire(t, s.Address())
	ada := openTab(t, browser, w.url).waitLive()
	w.setState(wireCut)
	ada.waitText(`document.querySelector("#state")`, "Reconnecting…")
	ada.wait(`document.querySelector("#state").dataset.state === "reconnecting"`)
	s.send("POST", "/v1/products/p/reservations", `{"holder":"bob","quantity":3}`)
	ada.waitRemaining("p", 9)
	w.setState(wireWorks)
	ada.waitLive()
	ada.waitRemaining("p", 6)
	// Updates continue.
	s.send("POST", "/v1/products/p/reservations", `{"holder":"bob"}`)
	ada.waitRemaining("p", 5)
}

// lostAnswer: the server makes a reservation, but its answer is lost. The retry of the page does not make a
// second one.
func lostAnswer(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9)
	w := newWire(t, s.Address())
	ada := openTab(t, browser, w.url).waitLive()
	ada.recordTexts(inCard("p", ".message"))
	w.setState(wireLosesAnswers)
	ada.click(button("p", "reserve"))
	w.waitLoss(t)
	if left := s.remaining(); left != 8 {
		t.Fatalf("%d are left, want 8", left)
	}
	ada.waitRecorded("trying again")
	w.setState(wireWorks)
	ada.pressUntil(button("p", "reserve"), inCard("p", ".message"), "Reserved.")
	ada.waitLive()
	ada.waitRemaining("p", 8)
	if left, has := s.remaining(), evaluate[int](ada, mine+`.childElementCount`); left != 8 || has != 1 {
		t.Errorf("after one click %d units are left and the page shows %d reservations, want 8 and 1", left, has)
	}
}

// lostFrame: a frame with a new name is lost. The next frame, which has only a count, makes the page notice
// that one is missing.
func lostFrame(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9)
	w := newWire(t, s.Address())
	ada := openTab(t, browser, w.url).waitLive()
	w.setState(wireLosesOne)
	name := "Poster, signed"
	_, err := s.Desk.Ask(t.Context(), actors.Request{
		Stream: product.Stream("p"), Command: &product.Edit{Name: &name}, ID: actors.NewCommandID(), Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w.waitLoss(t)
	ada.waitText(inCard("p", "h2"), "Poster p")
	s.send("POST", "/v1/products/p/reservations", `{"holder":"bob"}`)
	ada.waitRemaining("p", 8)
	ada.waitText(inCard("p", "h2"), name)
}

// restart: the page continues when another server has taken over the log.
func restart(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9)
	w := newWire(t, s.Address())
	ada := openTab(t, browser, w.url).waitLive()
	s.end()
	ada.wait(`document.querySelector("#state").dataset.state === "reconnecting"`)
	s = serveIn(t, s.store, nil)
	s.send("POST", "/v1/products/p/reservations", `{"holder":"bob","quantity":2}`)
	w.setTarget(s.Address())
	ada.waitLive()
	ada.waitRemaining("p", 7)
}

func expireHold(t *testing.T, browser context.Context) {
	s := serveProduct(t, 3)
	s.createProduct("short", 3, func(c *product.Create) { c.HoldSeconds = 1 })
	ada := openTab(t, browser, s.url).waitLive()
	ada.click(button("p", "hold"))
	ada.waitRemaining("p", 2)
	clock := inCard("p", ".claim .clock")
	ada.wait(clock + `?.textContent.match(/^(9:00|8:\d\d)$/)`)
	before := evaluate[string](ada, clock+`.textContent`)
	ada.wait(fmt.Sprintf(`%s.textContent !== %q`, clock, before))
	if after := evaluate[string](ada, clock+`.textContent`); after >= before {
		t.Errorf("the clock went from %s to %s, want a smaller time", before, after)
	}
	ada.pressTwice(inCard("p", `.claim [data-action="release"]`))
	ada.waitRemaining("p", 3)
	ada.wait(`!` + inCard("p", ".claim"))
	// An expired hold is released automatically.
	ada.click(button("short", "hold"))
	ada.waitText(mine, "ran out")
	ada.waitRemaining("short", 3)
	ada.click(mine + `.querySelector('[data-action="dismiss"]')`)
	ada.wait(mine + `.childElementCount === 0`)
}

func holdConfirmed(t *testing.T, browser context.Context) {
	s := serveProduct(t, 3)
	ada := openTab(t, browser, s.url).waitLive()
	ada.click(button("p", "hold"))
	ada.click(inCard("p", `.claim [data-action="confirm"]`))
	ada.waitText(mine, "Confirmed")
	ada.waitText(inCard("p", ".split"), "1 sold")
	ada.waitText(inCard("p", ".split"), "0 on hold")
	if evaluate[bool](ada, `!!`+inCard("p", ".claim")) {
		t.Error("the page still shows the confirmed hold as a hold")
	}
}

func soldOut(t *testing.T, browser context.Context) {
	s := serveProduct(t, 1)
	ada, bob := openTab(t, browser, s.url).waitLive(), openTab(t, browser, s.url).waitLive()
	if evaluate[bool](bob, inCard("p", ".out")+`.checkVisibility()`) {
		t.Error("the page shows sold out before the sale, want no such text")
	}
	ada.click(button("p", "reserve"))
	for _, p := range []*tab{ada, bob} {
		p.waitRemaining("p", 0)
		p.wait(button("p", "reserve") + `.disabled && ` + button("p", "hold") + `.disabled`)
		p.wait(inCard("p", ".out") + `.checkVisibility()`)
	}
	// A page opened afterwards shows it as well, and all pages show the release.
	carol := openTab(t, browser, s.url).waitLive()
	carol.wait(button("p", "reserve") + `.disabled`)
	ada.pressTwice(mine + `.querySelector('[data-action="release"]')`)
	for _, p := range []*tab{ada, bob, carol} {
		p.waitRemaining("p", 1)
		p.wait(`!` + button("p", "reserve") + `.disabled`)
	}
}

func byKeyboard(t *testing.T, browser context.Context) {
	s := serveProduct(t, 2)
	ada := openTab(t, browser, s.url).waitLive()
	checkFocus := func() {
		t.Helper()
		if evaluate[bool](ada, `document.activeElement === document.body`) {
			t.Error("the focus is on the body of the page, want it on a control")
		}
	}
	ada.tabTo(`document.querySelector("#holder")`)
	ada.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent("ada"))
	ada.tabTo(button("p", "reserve"))
	if name := evaluate[string](ada, `document.activeElement.textContent`); name != "Reserve one: Poster p" {
		t.Errorf("the button's name is %q; want %q", name, "Reserve one: Poster p")
	}
	ada.do(chromedp.KeyEvent("\r"))
	ada.waitRemaining("p", 1)
	ada.waitText(mine, "ada")
	checkFocus()
	ada.tabTo(button("p", "hold"))
	ada.do(chromedp.KeyEvent(" "))
	ada.waitRemaining("p", 0)
	ada.wait(button("p", "hold") + `.disabled`)
	checkFocus()
	ada.tabTo(inCard("p", `.claim [data-action="confirm"]`))
	ada.do(chromedp.KeyEvent("\r"))
	ada.wait(mine + `.querySelectorAll('[data-status="confirmed"]').length === 2`)
	ada.wait(`document.activeElement !== document.body`)
	checkFocus()
	ada.tabTo(mine + `.querySelector('[data-action="release"]')`)
	ada.do(chromedp.KeyEvent("\r"))
	ada.waitText(`document.querySelector("#announcer")`, "Really release?")
	ada.do(chromedp.KeyEvent("\r"))
	ada.waitRemaining("p", 1)
	ada.wait(`document.activeElement !== document.body`)
}

func onPhone(t *testing.T, browser context.Context) {
	s := serveProduct(t, 1_000_000_000)
	s.createProduct("long", 5, func(c *product.Create) {
		c.Name, c.Price = strings.Repeat("Donaudampfschifffahrt", 9), 999_999_999_999
	})
	ada := openTab(t, browser, s.url)
	ada.do(chromedp.EmulateViewport(360, 740))
	ada.waitLive()
	ada.click(button("long", "hold"))
	ada.click(button("p", "reserve"))
	ada.waitText(mine, "Poster p")
	ada.wait(inCard("long", ".claim") + ` !== null`)
	if wide := evaluate[int](ada, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d pixels wide on a phone, want at most 360", wide)
	}
	small := evaluate[[]string](ada, `[...document.querySelectorAll("button")].filter((b) => b.checkVisibility() &&
		b.getBoundingClientRect().height < 40).map((b) => b.textContent)`)
	if len(small) > 0 {
		t.Errorf("%q are too small for a finger, want none", small)
	}
	ada.do(chromedp.Navigate(s.url + "/docs"))
	if wide := evaluate[int](ada, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("/docs is %d pixels wide on a phone, want at most 360", wide)
	}
}

func withToken(t *testing.T, browser context.Context) {
	auth := api.JWTAuth{Secret: []byte("a secret of thirty-two bytes, or more")}
	s := serveIn(t, t.TempDir(), auth)
	s.createProduct("p", 3)
	s.createProduct("free", 3, func(c *product.Create) { c.Price = 0 })
	token, err := auth.Token("ada", api.RoleHolder, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := auth.Token("root", api.RoleAdmin, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ada := openTab(t, browser, s.url).waitLive()
	ada.click(button("p", "reserve"))
	ada.waitText(inCard("p", ".message"), "needs a token")
	ada.wait(`document.activeElement.id === "token"`)
	ada.do(chromedp.SendKeys("#token", token))
	ada.click(button("p", "hold"))
	ada.waitRemaining("p", 2)
	ada.waitText(inCard("p", ".claim"), "ada")
	ada.waitText(inCard("p", ".message"), "Whoever takes the payment confirms it")
	ada.waitText(inCard("p", `.claim [data-field="payment"]`), "Whoever takes the payment confirms it")
	const confirm = `.claim [data-action="confirm"]`
	if evaluate[bool](ada, inCard("p", confirm)+`.checkVisibility()`) {
		t.Error("the page offers a holder to confirm a reservation that has to be paid, want no such button")
	}
	ada.click(button("p", "reserve"))
	ada.waitRemaining("p", 1)
	ada.waitText(inCard("p", ".message"), "Held for you.")
	ada.click(button("free", "hold"))
	ada.waitRemaining("free", 2)
	ada.click(inCard("free", `.claim [data-action="confirm"]`))
	ada.waitText(mine, "Confirmed · ada")
	ada.do(chromedp.Focus("#token"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(admin))
	ada.wait(inCard("p", confirm) + `.checkVisibility() && !` + inCard("p", `.claim [data-field="payment"]`) +
		`.checkVisibility()`)
	ada.click(inCard("p", confirm))
	ada.waitText(inCard("p", ".split"), "1 on hold")
}

// refusalTexts: refusals of the page and of the server are shown as texts.
func refusalTexts(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9, func(c *product.Create) { c.LimitPerHolder = 1 })
	ada := openTab(t, browser, s.url).waitLive()
	ada.click(button("p", "reserve"))
	ada.waitText(inCard("p", ".message"), "Reserved.")
	// The page disables requests that would be refused, as far as it knows; the server refuses the others.
	ada.wait(button("p", "reserve") + `.disabled`)
	ada.waitText(inCard("p", `[data-field="limit"]`), "You have 1, and one person may have 1.")
	s.send("POST", "/v1/products/p/reservations", `{"holder":"bob"}`)
	ada.enterName("bob")
	ada.click(button("p", "reserve"))
	ada.waitText(inCard("p", ".message"),
		"One holder may not have that many of this product: the limit is 1, and this one has 1.")
	ada.enterName("key:ada")
	ada.wait(inCard("p", ".message") + `.textContent === ""`) // a message to bob is not shown to others
	ada.click(button("p", "reserve"))
	ada.waitText(inCard("p", ".message"), "Holder: a holder's name does not begin with key:")
	ada.waitRemaining("p", 7)
}
