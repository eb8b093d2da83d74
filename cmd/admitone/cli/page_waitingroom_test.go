package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestWaitingRoomPage waits in the line of a waiting room of a complete server, in a browser.
func TestWaitingRoomPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"three visitors buy in turn":        threeWaiting,
		"a frozen tab loses its place":      frozenTab,
		"a server that can't be reached":    roomUnreachable,
		"no link to another site":           linkToAnotherSite,
		"a shuffled opening":                shuffledOpening,
		"two tabs have one place":           onePlaceTwoTabs,
		"a team waits for its tournament":   waitAsTeam,
		"chosen seats are kept":             waitWithSeats,
		"by keyboard, name with markup":     waitByKeyboard,
		"on a phone, in a room that closes": waitOnPhone,
		"with a token":                      waitWithToken,
		"a pass that ends elsewhere":        passEndsOnAnotherPage,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

const (
	inLine   = `document.querySelector('.standing [data-field="place"]')`
	waitEnds = `document.querySelector("#outcome")`
	roomSays = `document.querySelector("#message")`
)

// serveRoom starts a server with a waiting room "r" for a product "p". A place is lost after two heartbeats;
// heartbeat is in seconds.
func serveRoom(t *testing.T, perSecond, active, heartbeat int, more string) *testServer {
	t.Helper()
	s := serveIn(t, t.TempDir(), nil)
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(perSecond, active, heartbeat, more))
	s.send("POST", "/v1/products", `{"id":"p","name":"Poster p","stock":9,"waiting_room":"r"}`)
	return s
}

// roomWith returns the settings of a waiting room. more has further members, after a comma.
func roomWith(perSecond, active, heartbeat int, more string) string {
	return fmt.Sprintf(`{"admit_per_second":%d,"max_active":%d,"active_seconds":600,"heartbeat_seconds":%d%s}`, perSecond,
		active, heartbeat, more)
}

// insiders is the number of active visitors of a full room. With so many passes the room expects a free
// place often, so that waiting visitors poll often.
const insiders = 120

// serveFullRoom starts a server with a full waiting room. Visitors wait until leave is called, which makes
// one insider leave. No place is lost unless a page does not poll for two minutes.
func serveFullRoom(t *testing.T) (s *testServer, leave func()) {
	t.Helper()
	s = serveRoom(t, 1000, insiders, 60, "")
	first := s.join("r", "inside-1")
	last := first
	for i := range insiders - 1 {
		last = s.join("r", fmt.Sprintf("inside-%d", i+2))
	}
	s.waitForVisitor("r", last.Visitor, "admitted")
	return s, func() { s.send("DELETE", "/v1/waiting-rooms/r/visitors/"+first.Visitor, "") }
}

// setRoom replaces the settings of the room, whose present ones have this version.
func (s *testServer) setRoom(version int, settings string) {
	s.t.Helper()
	s.sendWith("PUT", "/v1/waiting-rooms/r", settings, "If-Match", fmt.Sprintf(`"%d"`, version))
}

// joinLine opens the page of the room, with the page to visit afterwards, and joins the line.
func joinLine(t *testing.T, browser context.Context, base, name, to string) *tab {
	t.Helper()
	p := openTab(t, browser, base+"/waiting-rooms/r?to="+url.QueryEscape(to)).waitLive()
	p.enterName(name)
	p.click(act("join"))
	return p
}

// waitPath waits until the browser has loaded the page with this path and query.
func (p *tab) waitPath(path string) {
	p.t.Helper()
	p.waitPage(fmt.Sprintf(`location.pathname + location.search === %q`, path))
}

// waitPage waits for a loaded page on which an expression is true.
func (p *tab) waitPage(expression string) {
	p.t.Helper()
	p.wait(`(` + expression + `) && document.readyState === "complete"`)
}

// threeWaiting: places move up, and visitors are admitted one after another and buy with their passes.
func threeWaiting(t *testing.T, browser context.Context) {
	s, leave := serveFullRoom(t)
	ada := openTab(t, browser, s.url).waitLive()
	ada.enterName("ada")
	ada.click(button("p", "reserve"))
	ada.waitPath("/waiting-rooms/r?to=%2F") // without a pass
	ada.waitLive()
	ada.click(act("join"))
	ada.waitText(inLine, "You are next.")
	bob, cleo := joinLine(t, browser, s.url, "bob", "/"), joinLine(t, browser, s.url, "cleo", "/")
	bob.waitText(inLine, "1 person is ahead of you")
	cleo.waitText(inLine, "2 people are ahead of you")
	cleo.do(chromedp.Reload())
	cleo.waitLive()
	cleo.waitText(inLine, "2 people are ahead of you")

	ada.recordTexts(waitEnds)
	leave()
	ada.waitPath("/")
	ada.waitRecorded("It is your turn.")
	bob.waitText(inLine, "You are next.")
	cleo.waitText(inLine, "1 person is ahead of you")
	ada.waitLive()
	ada.click(button("p", "reserve"))
	ada.waitRemaining("p", 8)
	// Her purchase has ended her pass, so bob is admitted.
	bob.waitPath("/")
	bob.waitLive()
	cleo.waitText(inLine, "You are next.")
	ada.click(button("p", "reserve"))
	ada.waitPath("/waiting-rooms/r?to=%2F")

	bob.do(chromedp.Navigate(s.url + "/waiting-rooms/r"))
	bob.waitText(waitEnds, "It is your turn.")
	bob.waitText(`document.querySelector(".pass .clock")`, "9:")
	bob.pressTwice(act("leave"))
	bob.waitText(waitEnds, "You have given your pass up.")
	cleo.waitPath("/")
}

// joined returns the number of places that the room has given out so far.
func (s *testServer) joined() (n int) {
	s.t.Helper()
	var room struct{ Joined int }
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/waiting-rooms/r", "")), &room); err != nil {
		s.t.Fatal(err)
	}
	return room.Joined
}

// frozenTab: a frozen tab does not poll, and reports the lost place when it resumes.
func frozenTab(t *testing.T, browser context.Context) {
	s := serveRoom(t, 0, 1, 20, "")
	onlooker := openTab(t, browser, s.url+"/waiting-rooms").waitLive()
	bob := joinLine(t, browser, s.url, "bob", "/")
	bob.waitText(inLine, "You are next.")
	bob.waitText(`document.querySelector('[data-field="estimate"]')`, "can't be said yet")
	become := func(state page.SetWebLifecycleStateState) {
		t.Helper()
		if _, err := chromedp.Call(bob.ctx, page.SetWebLifecycleState,
			page.SetWebLifecycleStateParams{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	onlooker.waitText(`document.querySelector(".split")`, "1 in line")
	become(page.SetWebLifecycleStateStateFrozen)
	// The tab's clock moves by an hour. The room drops the visitor soon, since its heartbeat is shortened.
	bob.do(chromedp.Evaluate[chromedp.Void](`void (() => { const now = Date.now; Date.now = () => now() + 3_600_000 })()`))
	s.setRoom(1, roomWith(0, 1, 1, ""))
	onlooker.waitText(`document.querySelector(".split")`, "0 in line")
	s.setRoom(2, roomWith(0, 1, 20, ""))
	become(page.SetWebLifecycleStateStateActive)
	bob.waitText(waitEnds, "Your place is lost")
	bob.wait(`document.title.startsWith("Place lost")`)
	bob.click(act("join"))
	bob.waitText(inLine, "You are next.")
	bob.wait(waitEnds + `.textContent === ""`)
	if n := s.joined(); n != 2 {
		t.Errorf("the room has given out %d places, want 2", n)
	}
}

func roomUnreachable(t *testing.T, browser context.Context) {
	s, _ := serveFullRoom(t)
	w := newWire(t, s.Address())
	bob := joinLine(t, browser, w.url, "bob", "/")
	bob.waitText(inLine, "You are next.")
	w.setState(wireCut)
	bob.waitText(roomSays, "No answer from the server; trying again")
	bob.waitText(roomSays, "kept for 2 minutes")
	w.setState(wireWorks)
	bob.wait(roomSays + `.textContent === ""`)
	bob.waitLive()
	bob.waitText(inLine, "You are next.")
	// During a restart the page behaves in the same way, and the place is kept.
	s.end()
	bob.waitText(roomSays, "trying again")
	s = serveIn(t, s.store, nil)
	w.setTarget(s.Address())
	bob.wait(roomSays + `.textContent === ""`)
	bob.waitText(inLine, "You are next.")
	if n := s.joined(); n != insiders+1 {
		t.Errorf("the room has given out %d places, want %d", n, insiders+1)
	}
}

// linkToAnotherSite: the parameter to of the page's address can't lead to another site.
func linkToAnotherSite(t *testing.T, browser context.Context) {
	s := serveRoom(t, 50, 9, 30, "")
	ada := openTab(t, browser, s.url)
	for to, want := range map[string]string{
		"/performances/gig?x=1#seats": s.url + "/performances/gig?x=1#seats",
		"/.//evil.test/":              s.url + "//evil.test/",
		"/\\evil.test":                "",
		"//evil.test":                 "",
		"///evil.test":                "",
		"/\t/evil.test":               "",
		"https://evil.test/":          "",
		"javascript:alert(1)":         "",
		"data:text/html,x":            "",
		"evil.test":                   "",
		"http:evil.test":              "",
		"":                            "",
	} {
		ada.do(chromedp.Navigate(s.url + "/waiting-rooms/r?to=" + url.QueryEscape(to)))
		ada.waitLive()
		if got := evaluate[string](ada, `document.querySelector("#enter").href`); got != want {
			t.Errorf("with to=%q the link is %q, want %q", to, got, want)
		}
	}
	ada.do(chromedp.Navigate(s.url + "/waiting-rooms/r?to=//evil.test"))
	ada.waitLive()
	ada.click(act("join"))
	ada.waitText(waitEnds, "It is your turn.")
	ada.wait(`document.querySelector("#doors").checkVisibility() && !document.querySelector("#enter").checkVisibility()`)
	ada.navigate(chromedp.Click(`#doors a[href="/tournaments"]`))
	ada.waitPath("/tournaments")
}

// shuffledOpening: the seed's hash is shown before the opening, and the seed afterwards.
func shuffledOpening(t *testing.T, browser context.Context) {
	opensIn := func(d time.Duration) string {
		return roomWith(50, 1, 60, fmt.Sprintf(`,"order":"shuffle","opens_at":%q`,
			time.Now().Add(d).UTC().Format(time.RFC3339Nano)))
	}
	s := serveIn(t, t.TempDir(), nil)
	s.send("PUT", "/v1/waiting-rooms/r", opensIn(45*time.Second)) // moved up once both have joined
	const draw = `document.querySelector(".hash")`
	ada, bob := joinLine(t, browser, s.url, "ada", "/"), joinLine(t, browser, s.url, "bob", "/")
	hash := regexp.MustCompile(`SHA-256 of the seed: ([0-9a-f]{64})$`).FindStringSubmatch(evaluate[string](ada, draw+
		`.textContent`))
	if hash == nil {
		t.Fatal("the page shows no hash of the seed, want one")
	}
	for _, p := range []*tab{ada, bob} {
		p.waitText(inLine, "Your place in line is drawn when the room opens.")
		p.waitText(`document.querySelector('[data-field="draw"]')`, "to come early is no advantage")
		p.wait(`document.querySelector('[data-field="opening-clock"]').textContent.match(/^0:[0-4]\d$/)`)
		p.recordTexts(draw)
	}
	s.setRoom(1, opensIn(2*time.Second))
	for _, p := range []*tab{ada, bob} { // recorded, since one of them leaves the page soon afterwards
		p.waitRecorded("The seed: ")
	}
	late := openTab(t, browser, s.url+"/waiting-rooms/r").waitLive()
	text := evaluate[string](late, draw+`.textContent`)
	seed, err := hex.DecodeString(text[strings.LastIndex(text, " ")+1:])
	if sum := sha256.Sum256(seed); err != nil || hex.EncodeToString(sum[:]) != hash[1] {
		t.Errorf("the page shows %q, want the seed with the hash %s", text, hash[1])
	}
	// One of the two is admitted, and the other is next.
	second := bob
	ada.waitPage(`document.title.startsWith("Next") || location.pathname === "/"`)
	if evaluate[bool](ada, `document.title.startsWith("Next")`) {
		second = ada
		bob.waitPath("/")
	}
	second.waitText(inLine, "You are next.")
}

// openSibling opens an address in a tab with the same browser storage.
func (p *tab) openSibling(url string) *tab {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	p.t.Cleanup(cancel)
	other := &tab{t: p.t, ctx: ctx}
	other.do(chromedp.Navigate(url))
	return other
}

func onePlaceTwoTabs(t *testing.T, browser context.Context) {
	s, leave := serveFullRoom(t)
	one := joinLine(t, browser, s.url, "bob", "/tournaments")
	one.waitText(inLine, "You are next.")
	two := one.openSibling(s.url + "/waiting-rooms/r").waitLive()
	two.waitText(inLine, "You are next.")
	two.waitText(`document.querySelector('[data-field="whose"]')`, "bob")
	leave()
	one.waitPath("/tournaments")
	two.waitText(waitEnds, "It is your turn.")
	two.pressTwice(act("leave"))
	two.waitText(waitEnds, "You have given your pass up.")
	if n, kept := s.joined(), evaluate[int](two, `Object.keys(localStorage).filter((name) =>
		name.startsWith("admitone.room")).length`); n != insiders+1 || kept != 0 {
		t.Errorf("the room has given out %d places, want %d; the browser keeps %d, want 0", n, insiders+1, kept)
	}
}

// waitAsTeam: without tokens, the visitor of a tournament's waiting room is the team.
func waitAsTeam(t *testing.T, browser context.Context) {
	s := serveTournament(t, 1, `,"waiting_room":"r"`)
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(50, 1, 30, ""))
	owls := openWithTeam(t, browser, s.url, "Owls")
	owls.click(act("enter"))
	owls.waitPage(`location.pathname === "/waiting-rooms/r"`)
	owls.waitLive()
	owls.click(act("join"))
	owls.waitPath("/tournaments/cup")
	owls.waitLive()
	owls.click(act("enter"))
	owls.waitText(standing, "Entered")
}

// waitWithSeats: chosen seats are still chosen after the waiting room.
func waitWithSeats(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"waiting_room":"r"`, [4]any{"A", 2, 4, 0})
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(50, 1, 30, ""))
	ada := guest(t, browser, s.url, "ada")
	ada.click(seatButton("A-1-2"))
	ada.click(act("book"))
	ada.waitPath("/waiting-rooms/r?to=%2Fperformances%2Fgig")
	ada.waitLive()
	ada.click(act("join"))
	ada.waitPath("/performances/gig")
	ada.waitLive()
	ada.click(act("book"))
	ada.waitSeat("A-1-2", "yours")
}
