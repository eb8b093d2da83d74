package main

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

// TestWaitingRoomPage waits in line in a browser, over the wiring that is shipped.
func TestWaitingRoomPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"three in line, and a poster":       threeInLine,
		"a tab that slept too long":         sleptTooLong,
		"a server that can't be reached":    roomUnreachable,
		"no link leads elsewhere":           noWayElsewhere,
		"a shuffled opening":                shuffledOpening,
		"two tabs have one place":           onePlaceTwoTabs,
		"a team waits for its tournament":   teamWaits,
		"chosen seats wait as well":         seatsWait,
		"by keyboard, with a hostile name":  waitByKeyboard,
		"on a phone, in a room that closes": waitOnPhone,
		"with a token":                      waitWithToken,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

const (
	inLine   = `document.querySelector('.standing [data-field="place"]')`
	waitEnds = `document.querySelector("#outcome")`
	roomSays = `document.querySelector("#message")`
)

// door starts a server with a room "r" in front of a product "p". A place in it is
// lost after twice the heartbeat, in seconds.
func door(t *testing.T, perSecond, active, heartbeat int, more string) *served {
	t.Helper()
	s := serveIn(t, t.TempDir(), nil)
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(perSecond, active, heartbeat, more))
	s.send("POST", "/v1/products", `{"id":"p","name":"Poster p","stock":9,"waiting_room":"r"}`)
	return s
}

func roomWith(perSecond, active, heartbeat int, more string) string {
	return fmt.Sprintf(`{"admit_per_second":%d,"max_active":%d,"active_seconds":600,"heartbeat_seconds":%d%s}`, perSecond, active, heartbeat, more)
}

// setRoom changes the room, which has had so many settings before.
func (s *served) setRoom(version int, settings string) {
	s.t.Helper()
	s.sendWith("PUT", "/v1/waiting-rooms/r", settings, "If-Match", fmt.Sprintf(`"%d"`, version))
}

// waits opens the room's page, joins the line there, and wants to go to a page.
func waits(t *testing.T, browser context.Context, base, name, to string) *tab {
	t.Helper()
	p := open(t, browser, base+"/waiting-rooms/r?to="+url.QueryEscape(to)).live()
	p.is(name)
	p.click(act("join"))
	return p
}

// at waits until the browser is at a page.
func (p *tab) at(path string) {
	p.t.Helper()
	p.reaches(fmt.Sprintf(`location.pathname + location.search === %q`, path))
}

// reaches waits for a page on which something is true. A question to the page before
// it ends with that.
func (p *tab) reaches(expression string) {
	p.t.Helper()
	there := expression + ` && document.readyState === "complete"`
	for range 5 {
		if chromedp.Do(p.ctx, chromedp.Poll[chromedp.Void](there, chromedp.WithPollingTimeout(20*time.Second))) == nil {
			return
		}
	}
	p.wait(there)
}

// threeInLine: places move up, one after the other comes in, and buys with the pass.
func threeInLine(t *testing.T, browser context.Context) {
	s := door(t, 0, 1, 3, "")
	ada := open(t, browser, s.url).live()
	ada.is("ada")
	ada.click(button("p", "reserve"))
	ada.at("/waiting-rooms/r?to=%2F") // without a pass
	ada.live()
	ada.click(act("join"))
	ada.shows(inLine, "You are next.")
	bob, cleo := waits(t, browser, s.url, "bob", "/"), waits(t, browser, s.url, "cleo", "/")
	bob.shows(inLine, "1 person is ahead of you")
	cleo.shows(inLine, "2 people are ahead of you")
	cleo.shows(`document.querySelector('[data-field="estimate"]')`, "can't be said yet")
	cleo.do(chromedp.Reload())
	cleo.live()
	cleo.shows(inLine, "2 people are ahead of you")

	s.setRoom(1, roomWith(50, 1, 3, ""))
	ada.shows(waitEnds, "It is your turn.")
	ada.at("/")
	bob.shows(inLine, "You are next.")
	cleo.shows(inLine, "1 person is ahead of you")
	ada.live()
	ada.click(button("p", "reserve"))
	ada.remains("p", 8)
	// What she has bought with it has ended her pass, and so bob comes in.
	bob.at("/")
	bob.live()
	cleo.shows(inLine, "You are next.")
	ada.click(button("p", "reserve"))
	ada.at("/waiting-rooms/r?to=%2F")

	bob.do(chromedp.Navigate(s.url + "/waiting-rooms/r"))
	bob.shows(waitEnds, "It is your turn.")
	bob.shows(`document.querySelector(".pass .clock")`, "9:")
	bob.click(act("leave"))
	bob.shows(waitEnds, "You have given your pass up.")
	cleo.at("/")
}

// joined is how many places the room has ever given out.
func (s *served) joined() (n int) {
	s.t.Helper()
	var room struct{ Joined int }
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/waiting-rooms/r", "")), &room); err != nil {
		s.t.Fatal(err)
	}
	return room.Joined
}

// sleptTooLong: a tab that is frozen gives no sign of life, and says so when it wakes.
func sleptTooLong(t *testing.T, browser context.Context) {
	s := door(t, 0, 1, 1, "")
	onlooker := open(t, browser, s.url+"/waiting-rooms").live()
	bob := waits(t, browser, s.url, "bob", "/")
	bob.shows(inLine, "You are next.")
	become := func(state page.SetWebLifecycleStateState) {
		t.Helper()
		if _, err := chromedp.Call(bob.ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	onlooker.shows(`document.querySelector(".split")`, "1 in line")
	become(page.SetWebLifecycleStateStateFrozen)
	onlooker.shows(`document.querySelector(".split")`, "0 in line")
	become(page.SetWebLifecycleStateStateActive)
	bob.shows(waitEnds, "Your place is lost")
	bob.wait(`document.title.startsWith("Place lost")`)
	bob.click(act("join"))
	bob.shows(inLine, "You are next.")
	bob.wait(waitEnds + `.textContent === ""`)
	if n := s.joined(); n != 2 {
		t.Errorf("%d have joined, want 2", n)
	}
}

func roomUnreachable(t *testing.T, browser context.Context) {
	s := door(t, 0, 1, 3, "")
	w := newWire(t, s.address())
	bob := waits(t, browser, w.url, "bob", "/")
	bob.shows(inLine, "You are next.")
	w.is(wireCut)
	bob.shows(roomSays, "No answer from the server; trying again")
	bob.shows(roomSays, "kept for 6 seconds")
	w.is(wireWorks)
	bob.wait(roomSays + `.textContent === ""`)
	bob.live()
	bob.shows(inLine, "You are next.")
	// A restart is such a time too, and nobody loses a place by it.
	s.end()
	bob.shows(roomSays, "trying again")
	s = serveIn(t, s.store, nil)
	w.leadsTo(s.address())
	bob.wait(roomSays + `.textContent === ""`)
	bob.shows(inLine, "You are next.")
	if n := s.joined(); n != 1 {
		t.Errorf("%d have joined, want 1", n)
	}
}

// noWayElsewhere: whoever writes a link to the room can't make it lead to a place of
// their own.
func noWayElsewhere(t *testing.T, browser context.Context) {
	s := door(t, 50, 9, 30, "")
	ada := open(t, browser, s.url)
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
		ada.live()
		if got := of[string](ada, `document.querySelector("#enter").href`); got != want {
			t.Errorf("to=%q leads to %q, want %q", to, got, want)
		}
	}
	ada.do(chromedp.Navigate(s.url + "/waiting-rooms/r?to=//evil.test"))
	ada.live()
	ada.click(act("join"))
	ada.shows(waitEnds, "It is your turn.")
	ada.wait(`document.querySelector("#doors").checkVisibility() && !document.querySelector("#enter").checkVisibility()`)
	ada.goes(chromedp.Click(`#doors a[href="/tournaments"]`))
	ada.at("/tournaments")
}

// shuffledOpening: the hash of the seed is there before, the seed after.
func shuffledOpening(t *testing.T, browser context.Context) {
	opens := time.Now().Add(8 * time.Second).UTC().Format(time.RFC3339)
	s := door(t, 50, 1, 30, fmt.Sprintf(`,"order":"shuffle","opens_at":%q`, opens))
	ada, bob := waits(t, browser, s.url, "ada", "/"), waits(t, browser, s.url, "bob", "/")
	hash := regexp.MustCompile(`SHA-256 of the seed: ([0-9a-f]{64})$`).FindStringSubmatch(of[string](ada, `document.querySelector(".hash").textContent`))
	if hash == nil {
		t.Fatal("the page has no hash of the seed")
	}
	for _, p := range []*tab{ada, bob} {
		p.shows(inLine, "Your place in line is drawn when the room opens.")
		p.shows(`document.querySelector('[data-field="draw"]')`, "to come early is no advantage")
		p.wait(`document.querySelector('[data-field="opening-clock"]').textContent.match(/^0:0\d$/)`)
	}
	for _, p := range []*tab{ada, bob} {
		p.wait(`document.querySelector(".hash").textContent.includes("The seed: ")`)
	}
	late := open(t, browser, s.url+"/waiting-rooms/r").live()
	text := of[string](late, `document.querySelector(".hash").textContent`)
	seed, err := hex.DecodeString(text[strings.LastIndex(text, " ")+1:])
	if sum := sha256.Sum256(seed); err != nil || hex.EncodeToString(sum[:]) != hash[1] {
		t.Errorf("the hash was %s; now the page says %s", hash[1], text)
	}
	// One of the two is in, and who is not comes next.
	second := bob
	ada.reaches(`(document.title.startsWith("Next") || location.pathname === "/")`)
	if of[bool](ada, `document.title.startsWith("Next")`) {
		second = ada
		bob.at("/")
	}
	second.shows(inLine, "You are next.")
}

// another opens a tab that shares what the browser keeps.
func (p *tab) another(url string) *tab {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	p.t.Cleanup(cancel)
	other := &tab{t: p.t, ctx: ctx}
	other.do(chromedp.Navigate(url))
	return other
}

func onePlaceTwoTabs(t *testing.T, browser context.Context) {
	s := door(t, 0, 1, 2, "")
	one := waits(t, browser, s.url, "bob", "/tournaments")
	one.shows(inLine, "You are next.")
	two := one.another(s.url + "/waiting-rooms/r").live()
	two.shows(inLine, "You are next.")
	two.shows(`document.querySelector('[data-field="whose"]')`, "bob")
	s.setRoom(1, roomWith(50, 1, 2, ""))
	one.at("/tournaments")
	two.shows(waitEnds, "It is your turn.")
	two.click(act("leave"))
	two.shows(waitEnds, "You have given your pass up.")
	if n, kept := s.joined(), of[int](two, `Object.keys(localStorage).filter((name) => name.startsWith("admitone.room")).length`); n != 1 || kept != 0 {
		t.Errorf("%d have joined, want 1; %d places are kept, want 0", n, kept)
	}
}

// teamWaits: where nobody has a token, the pass of an entry is the team's.
func teamWaits(t *testing.T, browser context.Context) {
	s := cup(t, 1, `,"waiting_room":"r"`)
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(50, 1, 30, ""))
	owls := calledTeam(t, browser, s.url, "Owls")
	owls.click(act("enter"))
	owls.reaches(`location.pathname === "/waiting-rooms/r"`)
	owls.live()
	owls.click(act("join"))
	owls.at("/tournaments/cup")
	owls.live()
	owls.click(act("enter"))
	owls.shows(standing, "Entered")
}

// seatsWait: what was chosen before the line is still chosen behind it.
func seatsWait(t *testing.T, browser context.Context) {
	s := stage(t, `,"waiting_room":"r"`, [4]any{"A", 2, 4, 0})
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(50, 1, 30, ""))
	ada := guest(t, browser, s.url, "ada")
	ada.click(seatButton("A-1-2"))
	ada.click(act("book"))
	ada.at("/waiting-rooms/r?to=%2Fperformances%2Fgig")
	ada.live()
	ada.click(act("join"))
	ada.at("/performances/gig")
	ada.live()
	ada.click(act("book"))
	ada.seatIs("A-1-2", "yours")
}
