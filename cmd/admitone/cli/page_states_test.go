package cli

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"admitone/actors/product"
)

// TestStatesOfThePage: in a browser, the pages never show outdated information as current.
func TestStatesOfThePage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"a network that drops everything":   deadNetwork,
		"no network":                        noNetwork,
		"messages about products":           productMessages,
		"messages about seats and a wallet": seatMessages,
		"messages about a team":             teamMessages,
		"a limit is shown beforehand":       limitShown,
		"fifty seats":                       fiftySeats,
		"a refusal is brought into view":    refusalSeen,
		"a release needs a confirmation":    confirmReturn,
		"the tray on a phone":               trayOnPhone,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// statePill is the expression for the element with the state of the connection, such as Live.
const statePill = `document.querySelector("#state")`

// deadNetwork: nothing arrives and no connection is closed. The page shows Live for at most eleven seconds,
// counted by the page itself, so that a slow machine slows the count as well.
func deadNetwork(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9)
	w := newWire(t, s.Address())
	ada := openTab(t, browser, w.url).waitLive()
	ada.do(chromedp.Evaluate[chromedp.Void](`void (() => {
		let seconds = 0;
		const count = setInterval(() => seconds++, 1000);
		new MutationObserver(() => { clearInterval(count); window.noticed ??= seconds; }).observe(` + statePill + `,
			{ childList: true, attributes: true });
	})()`))
	w.setState(wireSilent)
	ada.wait(statePill + `.dataset.state === "reconnecting"`)
	if n := evaluate[int](ada, `window.noticed`); n > 11 {
		t.Errorf("the page showed Live for %d seconds, want at most 11", n)
	}
	w.setState(wireCut)
	w.setState(wireWorks)
	ada.waitLive()
	s.send("POST", "/v1/products/p/reservations", `{"holder":"bob"}`)
	ada.waitRemaining("p", 8)
}

// setOffline tells the browser whether the device has a network.
func (p *tab) setOffline(off bool) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off,
		DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		p.t.Fatal(err)
	}
	p.wait(fmt.Sprintf(`navigator.onLine === %v`, !off))
}

// noNetwork: the page shows immediately, before the next request, that the device has no network. It shows
// Live nevertheless if the server still answers, as one on the same device does.
func noNetwork(t *testing.T, browser context.Context) {
	s := serveProduct(t, 9)
	w := newWire(t, s.Address())
	ada := openTab(t, browser, w.url).waitLive()
	ada.do(chromedp.Evaluate[chromedp.Void](`void addEventListener("offline",
		() => { window.said = ` + statePill + `.textContent })`)) // after the page's own handler
	w.setState(wireSilent)
	ada.setOffline(true)
	ada.wait(`window.said === "Offline"`)
	ada.wait(statePill + `.dataset.state === "offline"`)
	w.setState(wireCut)
	w.setState(wireWorks)
	ada.setOffline(false)
	ada.waitLive()
	ada.setOffline(true)
	ada.waitLive()
}

// waitEmpty waits until a message has no text.
func (p *tab) waitEmpty(message string) {
	p.t.Helper()
	p.wait(message + `.textContent === ""`)
}

func productMessages(t *testing.T, browser context.Context) {
	s := serveProduct(t, 2)
	s.createProduct("short", 3, func(c *product.Create) { c.HoldSeconds = 2 })
	ada := openTab(t, browser, s.url).waitLive()
	message := inCard("short", ".message")
	ada.recordTexts(message)
	ada.click(button("short", "hold"))
	ada.waitRecorded("Held for you.")
	ada.waitText(mine, "ran out")
	ada.waitEmpty(message)
	ada.click(button("short", "reserve"))
	ada.waitText(message, "Reserved.")
	ada.pressTwice(mine + `.querySelector('[data-action="release"]')`)
	ada.waitEmpty(message)
	ada.waitText(`document.querySelector("#mine-message")`, "Released: 1 × Poster short.")
	ada.click(button("short", "hold"))
	ada.waitText(message, "Held for you.")
	ada.waitEmpty(`document.querySelector("#mine-message")`)
	ada.click(inCard("short", `.claim [data-action="confirm"]`))
	ada.waitText(message, "Confirmed.")
	// A refusal disappears when its reason does.
	id := s.create("POST", "/v1/products/p/reservations", `{"holder":"bob","quantity":2}`)
	ada.wait(button("p", "reserve") + `.disabled`)
	ada.do(chromedp.Evaluate[chromedp.Void](button("p", "reserve") + `.disabled = false; ` + button("p",
		"reserve") + `.click()`))
	ada.waitText(inCard("p", ".message"), "Nothing is left")
	s.send("DELETE", "/v1/products/p/reservations/"+id, "")
	ada.waitEmpty(inCard("p", ".message"))
}

func seatMessages(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"hold_seconds":3`, [4]any{"A", 2, 4, 5000})
	wallet := `document.querySelector("#wallet-message")`
	ada := guest(t, browser, s.url, "ada")
	ada.recordTexts(choiceMessage)
	ada.click(seatButton("A-1-1"))
	ada.click(act("book"))
	ada.waitRecorded("A-1-1: held for you.")
	ada.waitText(myBookings, "The time ran out")
	ada.waitEmpty(choiceMessage)
	// A message is shown in one place, and disappears with its subject.
	ada.click(act("pay"))
	ada.waitText(wallet, "There is €0.00 in the wallet, and it costs €50.00.")
	ada.waitEmpty(bookingsMessage)
	ada.click(act("charge"))
	ada.waitText(wallet, "Charged €50.00.")
	ada.click(act("pay"))
	ada.waitText(bookingsMessage, "Paid. The seats are yours.")
	ada.waitText(balance, "€0.00")
	ada.waitEmpty(wallet)
	ada.pressTwice(act("return"))
	ada.waitText(bookingsMessage, "Given back; the money is in your wallet.")
	// The message that a seat was taken disappears when the seat is free again.
	ada.click(seatButton("A-2-1"))
	id := s.create("POST", "/v1/performances/gig/bookings", `{"holder":"bob","seats":["A-2-1"]}`)
	ada.waitText(choiceMessage, "Somebody else was faster: A-2-1 went.")
	s.send("DELETE", "/v1/bookings/"+id, "")
	ada.waitEmpty(choiceMessage)
	ada.enterName("carol")
	ada.waitEmpty(bookingsMessage) // it was for ada
}

func teamMessages(t *testing.T, browser context.Context) {
	s := serveTournament(t, 1, "")
	owls := openWithTeam(t, browser, s.url, "Owls")
	owls.waitText(teamMessage, "Your team is made.")
	owls.click(act("enter"))
	owls.waitText(teamMessage, "Your team is in.")
	id := evaluate[string](owls, `JSON.parse(localStorage["admitone.team"]).id`)
	s.send("DELETE", "/v1/tournaments/cup/entries/"+id, "")
	owls.waitText(standing, "Not signed up")
	owls.waitEmpty(teamMessage)
	s.registerTeams("a")
	owls.wait(act("enter") + `.disabled`)
	owls.do(chromedp.Evaluate[chromedp.Void](act("enter") + `.disabled = false; ` + act("enter") + `.click()`))
	owls.waitText(teamMessage, "Every slot is taken")
	s.send("DELETE", "/v1/tournaments/cup/entries/a", "")
	owls.waitEmpty(teamMessage)
}

// limitShown: the page shows the limit, and disables choices beyond it.
func limitShown(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"limit_per_holder":2`, [4]any{"A", 2, 4, 5000})
	s.book("bob", "A-2-1")
	ada := guest(t, browser, s.url, "ada")
	ada.waitText(`document.querySelector("#limit")`, "At most 2 seats for one person.")
	ada.click(seatButton("A-1-1"))
	if evaluate[bool](ada, seatButton("A-1-2")+`.ariaDisabled === "true"`) {
		t.Error("a second seat is disabled at a limit of 2, want it enabled")
	}
	ada.click(seatButton("A-1-2"))
	ada.waitText(choiceMessage, "That is all: one person may have 2 seats here.")
	ada.wait(seatButton("A-1-3") + `.ariaDisabled === "true"`)
	ada.do(chromedp.Click(chromedp.JSPath(seatButton("A-1-3"))))
	ada.waitText(choiceMessage, "That is all: one person may have 2 seats here.")
	ada.waitText(act("book"), "Book 2 seats")
	// A holder with one booked seat may choose one more.
	ada.enterName("bob")
	ada.waitText(choiceMessage, "Too many: one person may have 2 seats here, and you have 1 already. Take 1 out.")
	ada.wait(act("book") + `.disabled`)
	ada.click(seatButton("A-1-2"))
	ada.waitText(choiceMessage, "That is all: one person may have 2 seats here, and you have 1 already.")
	ada.click(act("book"))
	ada.waitText(myBookings, "A-1-1")
	ada.waitText(`document.querySelector("#limit")`, "At most 2 seats for one person; you have 2.")
	ada.wait(act("best") + `.disabled`)
}

func fiftySeats(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 6, 10, 100})
	ada := guest(t, browser, s.url, "ada")
	ada.do(chromedp.Evaluate[chromedp.Void](
		`void (sessionStorage["admitone.picks.gig"] = JSON.stringify(Array.from({ length: 50 }, (_, i) => "A-" + (1
			+ Math.floor(i / 10)) + "-" + (1 + i % 10))))`), chromedp.Reload())
	ada.waitLive()
	ada.waitText(choiceMessage, "That is all: a booking has at most 50 seats.")
	ada.click(`document.querySelector(".section button")`)
	ada.wait(seatButton("A-6-1") + `?.ariaDisabled === "true" && ` + seatButton("A-5-10") + `.ariaDisabled !== "true"`)
	ada.click(seatButton("A-5-10"))
	ada.waitEmpty(choiceMessage)
	ada.waitText(act("book"), "Book 49 seats")
}

// inSight returns an expression that is true if an element is visible between the header and the tray.
func inSight(element string) string {
	return fmt.Sprintf(`(({ top, bottom }) => top >= document.querySelector(".top").getBoundingClientRect().bottom &&
		bottom <= Math.min(innerHeight, document.querySelector("#tray")?.getBoundingClientRect().top ||
			innerHeight))(%s.getBoundingClientRect())`, element)
}

// pausableReads makes the page's requests for a holder's data wait for window.paused, and counts in
// window.reads those in progress.
const pausableReads = `void (() => {
	const unpaused = fetch;
	window.reads = 0;
	window.fetch = async (address, ...options) => {
		if (!String(address).startsWith("/v1/holders/")) return unpaused(address, ...options);
		await window.paused;
		window.reads++;
		try { return await unpaused(address, ...options) } finally { window.reads-- }
	};
})()`

// refusalSeen: a refusal of the server is announced to screen readers, and shown within the screen.
func refusalSeen(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"limit_per_holder":2`, [4]any{"A", 4, 8, 5000})
	s.createPerformance("other", "", [4]any{"A", 1, 1, 0})
	s.send("POST", "/v1/performances/other/bookings", `{"holder":"ada","seats":["A-1-1"]}`)
	ada := guest(t, browser, s.url, "ada")
	ada.do(chromedp.EmulateViewport(390, 844), chromedp.Evaluate[chromedp.Void](pausableReads))
	for _, seat := range []string{"A-1-1", "A-1-2"} {
		ada.click(seatButton(seat))
	}
	ada.enterName("key:ada")
	ada.do(chromedp.Evaluate[chromedp.Void](`void scrollTo(0, 0)`))
	ada.click(trayBook)
	ada.waitText(choiceMessage, "Holder: a holder's name does not begin with key:")
	ada.wait(inSight(choiceMessage))
	if role := evaluate[string](ada, choiceMessage+`.role`); role != "status" {
		t.Errorf("the role of the message is %q, want %q", role, "status")
	}
	// After a refusal, the page reads the bookings again.
	ada.enterName("ada")
	ada.waitEmpty(choiceMessage)
	ada.waitText(myBookings, "The other") // the page has read her bookings
	ada.do(chromedp.Evaluate[chromedp.Void](`void (window.paused = new Promise((go) => { window.resume = go }))`))
	ada.wait(`window.reads === 0`)
	s.book("ada", "A-4-1") // the page does not know this booking
	ada.recordTexts(choiceMessage)
	ada.click(trayBook)
	ada.waitRecorded("at most 2 seats of this performance, and this holder has 1")
	ada.do(chromedp.Evaluate[chromedp.Void](`window.resume()`))
	ada.waitText(`document.querySelector("#tray-message")`,
		"Too many: one person may have 2 seats here, and you have 1 already. Take 1 out.")
	// A live region has to be displayed before it gets a text, or a screen reader may miss the text.
	hidden := evaluate[[]string](ada, `[...document.querySelectorAll(".message")].filter((message) => message.textContent
		=== "" && getComputedStyle(message).display === "none" && !message.closest("[hidden]")).map((m) => m.id)`)
	if len(hidden) > 0 {
		t.Errorf("the empty messages %q are not displayed, want none", hidden)
	}
}

// confirmReturn: a single press, a double click and a held key release nothing.
func confirmReturn(t *testing.T, browser context.Context) {
	s := serveProduct(t, 5)
	ada := openTab(t, browser, s.url).waitLive()
	ada.click(button("p", "reserve"))
	ada.waitRemaining("p", 4)
	release := mine + `.querySelector('[data-action="release"]')`
	asks, idle := release+`.dataset.sure === "asked"`, release+`.dataset.sure === ""`
	ada.do(chromedp.DoubleClick(chromedp.JSPath(release)))
	ada.wait(asks + ` && ` + release + `.innerText.startsWith("Really release?")`)
	ada.waitText(`document.querySelector("#announcer")`, "Really release?")
	ada.do(chromedp.KeyEvent(kb.Escape))
	ada.wait(idle)
	ada.click(release)
	ada.wait(asks)
	ada.click(`document.querySelector("h1")`)
	ada.wait(idle)
	ada.tabTo(release)
	ada.do(chromedp.KeyEvent("\r"))
	ada.wait(asks)
	ada.do(chromedp.Evaluate[chromedp.Void](
		`void (window.kept = !document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {
			key: "Enter", repeat: true, bubbles: true, cancelable: true })))`))
	if !evaluate[bool](ada, `window.kept`) {
		t.Error("the repetition of a held key was not prevented, want it prevented")
	}
	ada.do(chromedp.KeyEvent("\t"))
	ada.wait(idle)
	if left := s.remaining(); left != 4 {
		t.Fatalf("%d units are left without a release, want 4", left)
	}
	ada.pressTwice(release)
	ada.waitRemaining("p", 5)
}

// trayOnPhone: the tray with the chosen seats, their price and the booking button stays visible, can be
// reached by keyboard, and does not cover the focused element.
func trayOnPhone(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 4, 8, 6900})
	ada := guest(t, browser, s.url, "ada")
	tray := `document.querySelector(".chosen")`
	if evaluate[bool](ada, tray+`.checkVisibility()`) {
		t.Error("the tray is visible without chosen seats, want it hidden")
	}
	ada.do(chromedp.EmulateViewport(390, 844))
	ada.click(seatButton("A-1-1"))
	ada.click(seatButton("A-1-2"))
	ada.wait(tray + `.checkVisibility()`)
	ada.waitText(tray, "2 seats · €138.00")
	if name := evaluate[string](ada, trayBook+`.textContent`); name != "Book 2 seats · €138.00" {
		t.Errorf("the button of the tray is called %q, want %q", name, "Book 2 seats · €138.00")
	}
	seen := `(({ top, bottom, height }) => top > innerHeight - 120 && bottom <= innerHeight &&
		height >= 44)(` + trayBook + `.getBoundingClientRect())`
	for _, y := range []string{"0", "300", "700"} {
		ada.do(chromedp.Evaluate[chromedp.Void](`void scrollTo(0, ` + y + `)`))
		if !evaluate[bool](ada, seen) {
			t.Errorf("scrolled to %s, the button of the tray is not at the bottom of the screen, or lower than 44 pixels", y)
		}
	}
	if shown := evaluate[int](ada, `[...document.querySelectorAll('[data-action="book"]')].filter((book) =>
		book.checkVisibility()).length`); shown != 1 {
		t.Errorf("%d booking buttons are visible, want 1", shown)
	}
	// The Tab key reaches the tray, and the focused element is never covered.
	ada.do(chromedp.Evaluate[chromedp.Void](`void (document.activeElement.blur(), scrollTo(0, 0))`))
	for range 60 {
		ada.do(chromedp.KeyEvent("\t"))
		at := evaluate[string](ada, `document.activeElement === `+trayBook+` ?
			"there" : document.activeElement.closest(".top, .tray, footer, .box") || `+inSight(`document.activeElement`)+` ?
				"" : document.activeElement.outerHTML`)
		if at == "there" {
			break
		}
		if at != "" {
			t.Errorf("the focused element is covered or outside the screen: %s", at)
		}
	}
	ada.wait(`document.activeElement === ` + trayBook)
	ada.do(chromedp.Evaluate[chromedp.Void](`void scrollTo(0, 1e6)`))
	ada.wait(`document.querySelector("footer").getBoundingClientRect().top >= document.querySelector("#tray")
		.getBoundingClientRect().bottom - 1`)
	ada.do(chromedp.KeyEvent("\r"))
	ada.waitText(myBookings, "A-1-1, A-1-2")
	ada.wait(`!` + tray + `.checkVisibility() && document.activeElement.dataset.action === "pay"`)
	ada.do(chromedp.EmulateViewport(1280, 800))
	ada.click(seatButton("A-2-1"))
	ada.wait(`!` + tray + `.checkVisibility() && ` + act("book") + `.checkVisibility()`)
}
