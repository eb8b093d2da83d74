package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"admitone/actors/product"
)

// TestAuditPage opens the audit page of a complete server in a browser.
func TestAuditPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"history of a seat":            seatHistory,
		"search by name":               searchByName,
		"a map through time":           mapThroughTime,
		"counts through time":          countsThroughTime,
		"entries through time":         entriesThroughTime,
		"a history of several pages":   longHistory,
		"more changes than fit memory": moreThanFits,
		"playback":                     playback,
		"by keyboard":                  auditByKeyboard,
		"on a phone":                   auditOnPhone,
		"with a token":                 auditWithToken,
		"names with markup":            auditHostile,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

const (
	changed  = `document.querySelector("#change")`
	place    = `document.querySelector("#place")`
	slider   = `document.querySelector("#slider")`
	story    = `document.querySelector("#story")`
	searched = `document.querySelector("#search-message")`
	head     = `document.querySelector("#head")`
)

// openAudit opens the audit page; rest is the query and fragment of its URL.
func openAudit(t *testing.T, browser context.Context, s *testServer, rest string) *tab {
	t.Helper()
	return openTab(t, browser, s.url+"/audit"+rest)
}

// search searches from the page, and waits for the page to which the search leads.
func (p *tab) search(text string) {
	p.t.Helper()
	p.wait(`document.querySelector("#wanted").checkVisibility()`)
	p.do(chromedp.Focus("#wanted"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.navigate(chromedp.KeyEvent(text + "\r"))
}

// searchInPage searches from the page; the answer is shown on the same page.
func (p *tab) searchInPage(text string) {
	p.t.Helper()
	p.wait(`document.querySelector("#wanted").checkVisibility()`)
	p.do(chromedp.Focus("#wanted"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(text+"\r"))
}

// moveSlider selects the change n, from 0, with the slider, and returns its position in the log.
func (p *tab) moveSlider(n int) (position string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
		`void (() => { %s.value = %d; %s.dispatchEvent(new Event("input")) })()`, slider, n, slider)))
	p.wait(fmt.Sprintf(`%s.textContent.includes("change %d of ")`, place, n+1))
	return evaluate[string](p, place+`.textContent.match(/position (\d+)/)[1]`)
}

// countChanges waits until the slider has at least a number of changes, and returns their number.
func (p *tab) countChanges(least int) int {
	p.t.Helper()
	p.wait(fmt.Sprintf(`Number(%s.max) >= %d && %s.checkVisibility()`, slider, least-1, slider))
	return evaluate[int](p, `Number(`+slider+`.max)`) + 1
}

// waitSummary waits for the page's summary, such as "2 free, 1 on hold".
func (p *tab) waitSummary(want string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[...document.querySelectorAll("#counts li")].map((li) => li.textContent).join(", ") === %q`, want))
	p.wait(fmt.Sprintf(`%s.getAttribute("aria-valuetext").endsWith(%q)`, slider, ": "+want))
}

// getJSON reads a resource from the server.
func getJSON[T any](s *testServer, path string) (v T) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.send("GET", path, "")), &v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// sampleSale starts a server with a small sale of seats that has every kind of event of a seat. It returns
// the id of a paid booking as well.
func sampleSale(t *testing.T) (s *testServer, paid string) {
	s = serveSigned(t, t.TempDir())
	s.createPerformance("gig", "", [4]any{"A", 2, 4, 5000}, [4]any{"B-C", 1, 3, 2500})
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":90000}`)
	book := func(holder, seats string) string {
		var made struct{ ID string }
		_ = json.Unmarshal([]byte(s.send("POST", "/v1/performances/gig/bookings",
			fmt.Sprintf(`{"holder":%q,"seats":[%s]}`, holder, seats))), &made)
		return "/v1/bookings/" + made.ID
	}
	paid = book("ada", `"A-1-1","B-C-1-2"`)
	s.send("POST", paid+"/payment", "{}")
	s.send("DELETE", book("bob", `"A-1-2"`), "")
	s.send("PUT", "/v1/performances/gig/seats/A-2-4/block", "")
	s.send("PUT", "/v1/performances/gig/seats/A-2-3/block", "")
	s.send("DELETE", "/v1/performances/gig/seats/A-2-4/block", "")
	book("eve", `"A-1-2","A-1-3"`)
	again := book("ada", `"A-2-1"`)
	s.send("POST", again+"/payment", "{}")
	s.send("DELETE", again, "")
	return s, strings.TrimPrefix(paid, "/v1/bookings/")
}

// seatHistory: a seat is found by its name, and its history links to the booking, whose history links to the
// wallet. Each line leads to its moment.
func seatHistory(t *testing.T, browser context.Context) {
	s, booking := sampleSale(t)
	p := openAudit(t, browser, s, "")
	p.search("gig A-1-1")
	p.waitText(story, "The story of seat gig~A-1-1")
	p.waitText(story, "ada holds the seat until")
	p.waitText(story, "ada has booked the seat")
	p.waitText(story, "request req-7")
	if lines := evaluate[int](p, story+`.querySelectorAll(".line").length`); lines != 2 {
		t.Errorf("the history of the seat has %d lines, want 2", lines)
	}
	p.waitText(act("seat"), "A-1-1 is booked")
	p.click(story + `.querySelector('[data-field="moment"]')`)
	p.waitText(act("seat"), "A-1-1 is on hold")
	p.wait(`document.activeElement.id === "past-title" && document.querySelector(".line").hasAttribute("data-now")`)
	p.click(act("seat"))
	p.wait(`document.activeElement.ariaLabel === "A-1-1, on hold; show its history"`)
	p.navigate(chromedp.Click(chromedp.JSPath(story + `.querySelector('.leads a[href*="booking"]')`)))
	p.waitText(story, "The story of booking "+booking)
	p.waitText(story, "booked; 7500 is paid")
	p.click(`[...` + story + `.querySelectorAll(".line")].find((line) =>
		line.dataset.stream.startsWith("booking-")).querySelector("button")`)
	p.waitText(story+`.querySelector("dl:not([hidden])")`, `["A-1-1","B-C-1-2"]`)
	p.navigate(chromedp.Click(chromedp.JSPath(story + `.querySelector('.leads a[href*="wallet"]')`)))
	p.waitText(story, "charged with 90000")
	p.do(chromedp.SetValue("#order", "newest"),
		chromedp.Evaluate[chromedp.Void](`void document.querySelector("#order").dispatchEvent(new Event("change"))`))
	p.waitText(story+`.querySelector(".line")`, "got 5000 back")
	p.waitText(head, "events, up to position")
	p.waitText(head, "— admitone")
}

func searchByName(t *testing.T, browser context.Context) {
	s, booking := sampleSale(t)
	s.createProduct("ada", 3)
	p := openAudit(t, browser, s, "")
	p.searchInPage("nobody")
	p.waitText(searched, "Nothing and nobody of that name")
	p.searchInPage(" ")
	p.waitText(searched, "Say what you look for")
	p.checkResources()
	p.searchInPage("ada") // a holder, and a product
	p.waitText(searched, "That may be:")
	p.wait(`[...document.querySelectorAll("#choices a")].map((a) => a.textContent).join() === "product ada,holder ada" &&
		document.activeElement.textContent === "product ada"`)
	p.checkResources()
	p.navigate(chromedp.Click(`#choices li:last-child a`))
	p.waitText(story, "seat gig~B-C-1-2: ada has booked the seat")
	p.search(booking)
	p.waitText(story, "The story of booking "+booking)
	p.search("Seat: gig/A-1-2")
	p.waitText(story, "eve holds the seat")
	p.search("seat gig A-2-2")
	p.waitText(searched, "Nothing ever happened to seat gig~A-2-2")
	p.search("product none")
	p.waitText(searched, "There is no product none")
}

// mapThroughTime: at each change the page shows the server's map.
func mapThroughTime(t *testing.T, browser context.Context) {
	s, _ := sampleSale(t)
	p := openAudit(t, browser, s, "?of=performance/gig")
	all := p.countChanges(12)
	compare := func(n int) {
		t.Helper()
		at := p.moveSlider(n)
		var want []string
		for _, seat := range getJSON[struct {
			Items []struct{ Seat, Status string }
		}](s, "/v1/performances/gig/seats?at="+at).Items {
			want = append(want, seat.Seat+" "+seat.Status)
		}
		p.wait(fmt.Sprintf(`[...document.querySelectorAll("button.seat")].map((b) => b.ariaLabel.split(",")[0] + " "
			+ b.dataset.status).join() === %q`, strings.Join(want, ",")))
		c := getJSON[struct{ Remaining, Held, Booked, Blocked int }](s, "/v1/performances/gig?at="+at)
		p.waitSummary(fmt.Sprintf("%d free, %d on hold, %d booked, %d not on sale", c.Remaining, c.Held, c.Booked, c.Blocked))
	}
	for n := range all {
		compare(n)
	}
	for _, n := range []int{all / 2, all - 1, 0, 3, all - 2} { // out of order as well
		compare(n)
	}
	p.click(act("previous"))
	p.wait(place + `.textContent.includes("change ` + strconv.Itoa(all-2) + ` of")`)
	p.click(act("last"))
	p.waitText(changed, "A-2-1: booked → free")
	// A link opens the moment that it names, a position or a time.
	at := p.moveSlider(2)
	p.wait(`location.hash === "#at=` + at + `"`)
	shared := evaluate[string](p, `location.href`)
	shown := evaluate[string](p, changed+`.textContent`)
	when := evaluate[string](p, `document.querySelector("#moment").dateTime`)
	other := openTab(t, browser, shared)
	other.waitText(changed, shown)
	other.waitText(place, "change 3 of")
	other.do(chromedp.Evaluate[chromedp.Void](`void (location.hash = "#at=2001-02-03T04:05:06Z")`))
	other.waitText(`document.querySelector("#past-message")`, "It did not exist yet")
	other.do(chromedp.Evaluate[chromedp.Void](`void (location.hash = "#at=soon")`))
	other.waitText(`document.querySelector("#past-message")`, "neither a position nor a time")
	other.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`void (location.hash = "#at=%s")`,
		strings.Replace(when, "Z", "+00:00", 1))))
	other.wait(fmt.Sprintf(`document.querySelector("#moment").dateTime === %q`, when))
	// The page writes the position that it shows into the address after a delay, and so possibly just before
	// it handles a changed address.
	other.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#at=soon"; location.hash = "#at=` + at +
		`"; history.replaceState(null, "", location.search + "#at=1")`))
	other.wait(`location.hash === "#at=` + at + `"`)
}

// countsThroughTime: at each change the page has the server's counts.
func countsThroughTime(t *testing.T, browser context.Context) {
	s := serveProduct(t, 10, func(c *product.Create) { c.HoldSeconds = 3 })
	s.createProduct("other", 3)
	const path = "/v1/products/p/reservations"
	ask := func(body string) string { return path + "/" + s.create("POST", path, body) }
	sold := ask(`{"holder":"ada","quantity":2}`)
	held := ask(`{"holder":"bob","quantity":3,"hold":true}`)
	s.send("POST", held+"/confirm", "{}")
	s.send("DELETE", sold, "")
	s.send("DELETE", ask(`{"holder":"eve","hold":true}`), "")
	s.sendWith("PATCH", "/v1/products/p", `{"stock":14}`, "If-Match", `"6"`)
	lost := ask(`{"holder":"eve","quantity":4,"hold":true}`)
	for ended := false; !ended; { // the deadline passes
		ended = getJSON[struct{ Status string }](s, lost).Status == "expired"
	}
	p := openAudit(t, browser, s, "?of=product/p")
	all := p.countChanges(9)
	for n := range all {
		c := getJSON[struct{ Remaining, Held, Sold int }](s, "/v1/products/p?at="+p.moveSlider(n))
		p.waitSummary(fmt.Sprintf("%d remaining, %d on hold, %d sold", c.Remaining, c.Held, c.Sold))
	}
	p.waitText(changed, "expired")
	p.wait(`document.querySelector("#chart").getAttribute("aria-label")
		.includes("of 14 units at most: 3 sold and 0 on hold at the last one")`)
	p.waitText(story, "expired unconfirmed")
}

// entriesThroughTime: the teams at each moment are the server's.
func entriesThroughTime(t *testing.T, browser context.Context) {
	s := serveTournament(t, 2, `,"waitlist":true`)
	s.registerTeams("a", "b", "c", "d")
	s.send("DELETE", "/v1/tournaments/cup/entries/a", "")
	s.send("DELETE", "/v1/tournaments/cup/entries/d", "")
	s.editTournament(`{"team_limit":5}`)
	p := openAudit(t, browser, s, "?of=tournament/cup")
	for n := range p.countChanges(8) {
		at := p.moveSlider(n)
		c := getJSON[struct{ Entered, Remaining, Waitlisted int }](s, "/v1/tournaments/cup?at="+at)
		p.waitSummary(fmt.Sprintf("%d entered, %d remaining, %d waitlisted", c.Entered, c.Remaining, c.Waitlisted))
		var lists [2]string
		for i, status := range []string{"entered", "waitlisted"} {
			var names []string
			for _, e := range getJSON[struct{ Items []struct{ Name string } }](s, "/v1/tournaments/cup/entries?status="+status+
				"&at="+at).Items {
				names = append(names, e.Name)
			}
			lists[i] = strings.Join(names, ", ")
		}
		p.waitLists(lists[0], lists[1])
	}
	p.search("team c")
	p.waitText(story, "promoted from the waitlist")
}

// playback runs to the end in the order of the log, can be stopped, and can run at the recorded speed.
func playback(t *testing.T, browser context.Context) {
	s, _ := sampleSale(t)
	p := openAudit(t, browser, s, "?of=performance/gig#at=1")
	all := p.countChanges(12)
	p.wait(place + `.textContent.includes("change 1 of")`)
	p.do(chromedp.Evaluate[chromedp.Void](`void (() => { window.seen = []; const place = ` + place + `;
		new MutationObserver(() => window.seen.push(Number(place.textContent.match(/change (\d+) of/)[1]))).observe(place, {
			childList: true }) })()`))
	p.click(act("play"))
	p.wait(`window.seen.at(-1) >= 4`) // a busy machine skips some
	p.do(chromedp.Evaluate[chromedp.Void](`void (` + act("play") + `.textContent === "Pause" && ` + act("play") +
		`.click())`))
	p.wait(act("play") + `.textContent === "Play"`)
	p.do(chromedp.SetValue("#speed", "10"))
	p.click(act("play"))
	p.wait(fmt.Sprintf(`%s.textContent.includes("change %d of %d") && %s.textContent === "Play"`, place, all, all,
		act("play")))
	seen := evaluate[[]int](p, `window.seen`)
	for i := range len(seen) - 1 {
		if seen[i] >= seen[i+1] && seen[i] != all { // playback restarts from the end
			t.Errorf("playback went from change %d to %d, want a later one", seen[i], seen[i+1])
		}
	}
	if seen[len(seen)-1] != all {
		t.Errorf("playback showed the changes %v, want %d last", seen, all)
	}
	p.waitText(`document.querySelector("#announcer")`, "not on sale")
	p.do(chromedp.SetValue("#speed", "1000"))
	p.click(act("play"))
	p.wait(fmt.Sprintf(`%s.textContent.includes("change %d of %d") && %s.textContent === "Play" &&
		window.seen.includes(1)`, place, all, all, act("play")))
}
