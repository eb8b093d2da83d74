package main

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestWaitingRoomPage waits in line in a browser, over the wiring that is shipped.
func TestWaitingRoomPage(t *testing.T) {
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"three in line, and a poster": threeInLine,
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

// at waits until the browser is at a page. What is asked of the page before it ends
// with that.
func (p *tab) at(path string) {
	p.t.Helper()
	at := fmt.Sprintf(`location.pathname + location.search === %q && document.readyState === "complete"`, path)
	for range 5 {
		if chromedp.Do(p.ctx, chromedp.Poll[chromedp.Void](at, chromedp.WithPollingTimeout(20*time.Second))) == nil {
			return
		}
	}
	p.wait(at)
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
