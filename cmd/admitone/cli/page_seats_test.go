package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSeatsPage opens the pages of performances of a complete server in a browser.
func TestSeatsPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"two holders choose the same seats":  sameSeats,
		"a live list of performances":        performancesLive,
		"best available seats":               bestSeats,
		"a hold expires on both pages":       holdExpires,
		"an extension and a release":         extendAndRelease,
		"one of two seats is returned":       oneReturned,
		"changes during an outage":           seatsDuringOutage,
		"a lost answer is not a second hold": lostBooking,
		"a hundred thousand seats":           manySeats,
		"names with markup":                  hostileNames,
		"by keyboard":                        bookByKeyboard,
		"the focused seat is taken":          keepFocus,
		"the overview covers no seat":        overviewAside,
		"on a phone":                         bookOnPhone,
		"with a token":                       bookWithToken,
		"another holder":                     otherHolder,
		"chosen seats survive a reload":      choiceKept,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// servePerformance starts a server with a performance "gig" of sections [id, rows, seats per row, price].
// more has further members of its JSON, after a comma.
func servePerformance(t *testing.T, more string, sections ...[4]any) *testServer {
	t.Helper()
	s := serveIn(t, t.TempDir(), nil)
	s.createPerformance("gig", more, sections...)
	return s
}

// createPerformance creates a performance of such sections.
func (s *testServer) createPerformance(id, more string, sections ...[4]any) {
	s.t.Helper()
	var list []string
	for _, section := range sections {
		list = append(list, fmt.Sprintf(`{"id":%q,"name":"Section %s","rows":%d,"seats_per_row":%d,"price":%d}`, section[0], section[0],
			section[1], section[2], section[3]))
	}
	s.send("POST", "/v1/performances", fmt.Sprintf(
		`{"id":%q,"title":"The %s","venue":"Town hall","starts_at":"2999-01-01T20:00:00Z","sections":[%s]%s}`,
		id, id, strings.Join(list, ","), more))
}

// book books seats of "gig" directly through the API.
func (s *testServer) book(holder string, seats ...string) {
	s.t.Helper()
	s.send("POST", "/v1/performances/gig/bookings",
		fmt.Sprintf(`{"holder":%q,"seats":["%s"]}`, holder, strings.Join(seats, `","`)))
}

// bookingsOf returns the seats and status of each of a holder's bookings.
func (s *testServer) bookingsOf(holder string) (all []string) {
	s.t.Helper()
	var list struct {
		Items []struct {
			Seats  []string
			Status string
		}
	}
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/holders/"+holder+"/bookings", "")), &list); err != nil {
		s.t.Fatal(err)
	}
	for _, b := range list.Items {
		all = append(all, strings.Join(b.Seats, " ")+" "+b.Status)
	}
	return all
}

// guest opens the page of "gig" and enters a holder's name.
func guest(t *testing.T, browser context.Context, url, name string) *tab {
	t.Helper()
	p := openTab(t, browser, url+"/performances/gig").waitLive()
	p.enterName(name)
	return p
}

// enterName replaces the holder's name on the page.
func (p *tab) enterName(name string) {
	p.t.Helper()
	p.do(chromedp.Focus("#holder"), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(name))
	p.wait(fmt.Sprintf(`document.querySelector("#holder").value === %q`, name))
}

const (
	choiceMessage   = `document.querySelector("#choice-message")`
	bookingsMessage = `document.querySelector("#bookings-message")`
	myBookings      = `document.querySelector("#bookings")`
	balance         = `document.querySelector("#balance")`
	offers          = `document.querySelector("#offers")`
)

// seatButton returns the expression for the button of a seat.
func seatButton(name string) string {
	return fmt.Sprintf(`document.querySelector('button.seat[aria-label^="%s,"]')`, name)
}

// waitSeat waits for a seat's state, such as "free", "on hold", "booked" or "yours, booked".
func (p *tab) waitSeat(name, state string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`%s?.ariaLabel.startsWith(%q)`, seatButton(name), name+", "+state+","))
}

// waitFreeSeats waits for the number of free seats.
func (p *tab) waitFreeSeats(n int) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.querySelector('.performance [data-field="remaining"]').textContent === "%d"`, n))
}

// sameSeats: two holders choose the same seats. One gets them; the page of the other shows that, and offers
// alternatives, which can be booked and paid, and are still there after a reload.
func sameSeats(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 4, 10, 5000})
	ada, bob := guest(t, browser, s.url, "ada"), guest(t, browser, s.url, "bob")
	for _, p := range []*tab{ada, bob} {
		p.click(seatButton("A-1-1"))
		p.click(seatButton("A-1-2"))
		p.waitText(act("book"), "Book 2 seats · €100.00")
	}
	ada.recordTexts(choiceMessage)
	ada.click(act("book"))
	ada.waitText(choiceMessage, "A-1-1, A-1-2: held for you")
	ada.waitText(myBookings, "On hold · €100.00")
	ada.waitSeat("A-1-1", "yours, on hold")
	if texts := evaluate[string](ada, `sessionStorage.announced`); strings.Contains(texts, "faster") {
		t.Errorf("the messages to ada are %q, want none that somebody else was faster", texts)
	}
	// Bob's page is updated.
	bob.waitSeat("A-1-1", "on hold")
	bob.waitFreeSeats(38)
	bob.waitText(choiceMessage, "Somebody else was faster: A-1-1, A-1-2 went.")
	bob.wait(`document.querySelectorAll("#picks [data-gone]").length === 2`)
	bob.click(act("book"))
	bob.waitText(choiceMessage, "Others have A-1-1, A-1-2.")
	bob.click(offers + `.querySelector("button")`)
	bob.waitText(myBookings, "On hold · €100.00")
	bob.wait(`document.activeElement.dataset.action === "pay"`)
	// The wallet is empty. The page moves the focus there and fills in the missing amount.
	bob.click(act("pay"))
	bob.waitText(`document.querySelector("#wallet-message")`, "There is €0.00 in the wallet, and it costs €100.00.")
	bob.wait(`document.activeElement.id === "amount" && document.activeElement.value === "100.00"`)
	bob.click(act("charge"))
	bob.waitText(balance, "€100.00")
	bob.click(act("pay"))
	bob.waitText(myBookings, "Booked and paid")
	bob.waitText(balance, "€0.00")
	theirs := evaluate[string](bob, myBookings+`.querySelector(".seats").textContent`)
	first, _, _ := strings.Cut(theirs, ",")
	ada.waitSeat(first, "booked")
	// The balance and its movements are still shown after a reload.
	bob.do(chromedp.Reload())
	bob.waitLive()
	bob.waitText(myBookings, "Booked and paid")
	bob.waitSeat(first, "yours, booked")
	bob.click(`document.querySelector("#entries summary")`)
	bob.waitText(`document.querySelector("#entries")`, "Paid −€100.00 → €0.00")
	if got := s.bookingsOf("bob"); len(got) != 1 || got[0] != strings.ReplaceAll(theirs, ",", "")+" booked" {
		t.Errorf("the server has the bookings %q of bob, want %q, as on the page, booked", got, theirs)
	}
	ada.waitText(myBookings, "On hold")
}

func performancesLive(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 1, 2, 5000})
	ada := openTab(t, browser, s.url+"/performances").waitLive()
	ada.waitFreeSeats(2)
	s.book("bob", "A-1-1", "A-1-2")
	ada.waitFreeSeats(0)
	ada.wait(`document.querySelector(".performance .out").checkVisibility()`)
	s.createPerformance("next", "", [4]any{"A", 1, 5, 0})
	ada.do(chromedp.Evaluate[chromedp.Void](`void document.dispatchEvent(new Event("visibilitychange"))`))
	ada.wait(`[...document.querySelectorAll(".performance")].map((card) => card.dataset.id).join() === "gig,next"`)
	ada.navigate(chromedp.Evaluate[chromedp.Void](
		`void (() => { const to = document.querySelector("#to"); to.value = "2998-12-31";
			to.dispatchEvent(new Event("change")) })()`))
	ada.waitText(`document.querySelector("#main")`, "between these dates")
	ada.navigate(chromedp.Click(`#main a`))
	ada.waitLive()
	ada.navigate(chromedp.Click(`.performance[data-id="next"] h2 a`))
	ada.waitLive()
	ada.waitText(`document.querySelector("h1")`, "The next")
}

func bestSeats(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"limit_per_holder":4`, [4]any{"A", 1, 3, 5000}, [4]any{"B", 1, 4, 2500})
	ada := guest(t, browser, s.url, "ada")
	ada.do(chromedp.SetValue("#best-quantity", "3"), chromedp.SetValue("#best-section", "B"))
	ada.click(act("best"))
	ada.waitText(myBookings, "On hold · €75.00")
	ada.waitText(`document.querySelector("#limit")`, "At most 4 seats for one person; you have 3.")
	ada.click(act("best"))
	ada.waitText(choiceMessage, "Say how many seats: 1 to 1.")
	ada.enterName("bob")
	ada.wait(myBookings + `.childElementCount === 0 && ` + choiceMessage + `.textContent === ""`) // a message to ada is not shown to bob
	ada.click(act("best"))
	ada.waitText(choiceMessage, "Left: Section B 1.")
	ada.do(chromedp.SetValue("#best-quantity", "0"))
	ada.click(act("best"))
	ada.waitText(choiceMessage, "1 to 4")
}

// holdExpires: after the deadline the seat is free again, also on the page of another visitor. A late payment
// still books it.
func holdExpires(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"hold_seconds":3`, [4]any{"A", 2, 4, 5000})
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":9000}`)
	ada, bob := guest(t, browser, s.url, "ada"), guest(t, browser, s.url, "bob")
	for _, p := range []*tab{ada, bob} { // record the states, since wait may miss a short one
		p.wait(seatButton("A-1-1") + ` !== null`)
		p.do(chromedp.Evaluate[chromedp.Void](`void (() => { window.was = []; const seat = ` + seatButton("A-1-1") + `;
			new MutationObserver(() => window.was.push(seat.dataset.status)).observe(seat, {
				attributeFilter: ["data-status"] }) })()`))
	}
	ada.click(seatButton("A-1-1"))
	ada.click(act("book"))
	for _, p := range []*tab{ada, bob} {
		p.wait(`window.was.join() === "held,free"`)
		p.waitSeat("A-1-1", "free")
		p.waitFreeSeats(8)
	}
	ada.waitText(myBookings, "The time ran out")
	ada.click(act("pay"))
	ada.waitText(myBookings, "Booked and paid")
	ada.waitText(balance, "€40.00")
	bob.waitSeat("A-1-1", "booked")
}

func extendAndRelease(t *testing.T, browser context.Context) {
	s := servePerformance(t, `,"hold_seconds":300`, [4]any{"A", 2, 4, 5000})
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":9000}`)
	ada := guest(t, browser, s.url, "ada")
	ada.waitText(balance, "€90.00")
	ada.click(seatButton("A-1-1"))
	ada.click(act("book"))
	clock := myBookings + `.querySelector(".clock")`
	ada.wait(clock + `?.textContent.match(/^(5:00|4:\d\d)$/)`)
	before := evaluate[string](ada, clock+`.textContent`)
	ada.wait(fmt.Sprintf(`%s.textContent < %q`, clock, before))
	ada.click(act("extend"))
	ada.wait(clock + `.textContent.match(/^(10:00|[5-9]:\d\d)$/)`)
	ada.wait(act("extend") + `.hidden`)
	ada.wait(`document.activeElement !== document.body`)
	ada.click(act("pay"))
	ada.waitText(balance, "€40.00")
	// A paid booking is released only by a second click.
	ada.pressTwice(act("return"))
	ada.waitText(myBookings, "Given back")
	ada.waitText(balance, "€90.00")
	ada.waitSeat("A-1-1", "free")
	if got := s.bookingsOf("ada"); len(got) != 1 || got[0] != "A-1-1 released" {
		t.Errorf("the server has the bookings %q, want %q", got, "A-1-1 released")
	}
}

// seatsDuringOutage: changes during an outage, and those in a lost frame, are shown afterwards.
func seatsDuringOutage(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 2, 4, 5000})
	w := newWire(t, s.Address())
	ada := guest(t, browser, w.url, "ada")
	w.setState(wireCut)
	ada.wait(`document.querySelector("#state").dataset.state === "reconnecting"`)
	s.book("bob", "A-1-1", "A-2-4")
	w.setState(wireWorks)
	ada.waitLive()
	ada.waitSeat("A-1-1", "on hold")
	ada.waitSeat("A-2-4", "on hold")
	ada.waitFreeSeats(6)
	w.setState(wireLosesOne)
	s.book("bob", "A-1-2")
	w.waitLoss(t)
	s.book("bob", "A-1-3")
	ada.waitSeat("A-1-3", "on hold")
	ada.waitSeat("A-1-2", "on hold")
	ada.waitFreeSeats(4)
}

func lostBooking(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"A", 2, 4, 5000})
	w := newWire(t, s.Address())
	ada := guest(t, browser, w.url, "ada")
	ada.click(seatButton("A-1-1"))
	ada.recordTexts(choiceMessage)
	w.setState(wireLosesAnswers)
	ada.click(act("book"))
	w.waitLoss(t)
	ada.waitRecorded("trying again")
	w.setState(wireWorks)
	ada.pressUntil(act("book"), choiceMessage, "held for you")
	ada.waitLive()
	ada.waitSeat("A-1-1", "yours, on hold")
	if got := s.bookingsOf("ada"); len(got) != 1 {
		t.Errorf("one click made the bookings %q, want one", got)
	}
}

// manySeats: the page has few elements, independent of the number of seats, and each seat can be reached.
func manySeats(t *testing.T, browser context.Context) {
	s := servePerformance(t, "", [4]any{"N", 250, 200, 5000}, [4]any{"S", 200, 250, 2500})
	ada, bob := guest(t, browser, s.url, "ada"), guest(t, browser, s.url, "bob")
	checkSize := func() {
		t.Helper()
		if n := evaluate[int](ada, `document.querySelectorAll("*").length`); n > 2500 {
			t.Errorf("the page has %d elements, want at most 2500", n)
		}
	}
	checkSize()
	ada.wait(`document.querySelector(".floor canvas").ariaLabel.startsWith("100000 of 100000 seats are free.")`)
	// A click on the map zooms in.
	ada.do(chromedp.Click(".floor canvas"))
	ada.wait(`document.querySelector("button.seat") !== null`)
	checkSize()
	ada.click(`document.querySelector('.section[data-section="S"] button')`)
	ada.wait(`document.activeElement === ` + seatButton("S-1-1"))
	ada.do(chromedp.KeyEvent(kb.End))
	ada.wait(`document.activeElement === ` + seatButton("S-1-250"))
	for range 20 {
		ada.do(chromedp.KeyEvent(kb.PageDown))
	}
	ada.wait(`document.activeElement === ` + seatButton("S-200-250"))
	checkSize()
	// A seat that is scrolled out of view keeps the focus.
	ada.do(chromedp.Evaluate[chromedp.Void](`void document.querySelector(".box").scrollTo(0, 0)`))
	ada.wait(seatButton("S-200-240") + ` === null && document.activeElement === ` + seatButton("S-200-250"))
	ada.do(chromedp.KeyEvent(" "))
	ada.click(act("book"))
	ada.waitText(myBookings, "S-200-250")
	bob.wait(`document.querySelector(".floor canvas").ariaLabel.startsWith("99999 of 100000 seats are free.")`)
	bob.waitFreeSeats(99999)
	s.send("POST", "/v1/performances/gig/bookings", `{"holder":"eve","best_available":{"quantity":50}}`)
	bob.waitFreeSeats(99949)
	bob.click(`document.querySelector('[data-zoom="all"]')`)
	bob.wait(`document.querySelector(".floor canvas").ariaLabel.startsWith("99949 of")`)
}

// hostileNames: names with markup are shown as text.
func hostileNames(t *testing.T, browser context.Context) {
	s := serveIn(t, t.TempDir(), nil)
	const evil = `<img src=x onerror=document.title=1>\"'&<script>document.title=2</script>`
	s.send("POST", "/v1/performances", fmt.Sprintf(
		`{"id":"gig","title":"%s T","venue":"%s V","starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","name":"%s S","rows":2,"seats_per_row":3,"price":100}]}`, evil, evil, evil))
	shown := strings.ReplaceAll(evil, `\"`, `"`)
	list := openTab(t, browser, s.url+"/performances").waitLive()
	list.waitText(`document.querySelector(".performance")`, shown+" T")
	ada := guest(t, browser, s.url, "<img src=x>")
	for selector, end := range map[string]string{"h1": " T", ".where": " V", ".section .what": " S",
		"#best-section": " S"} {
		ada.waitText(fmt.Sprintf(`document.querySelector(%q)`, selector), shown+end)
	}
	ada.click(seatButton("A-1-1"))
	ada.click(act("book"))
	ada.waitText(myBookings, shown+" T")
	s.book("bob", "A-1-2")
	ada.waitSeat("A-1-2", "on hold")
	for _, p := range []*tab{list, ada} {
		if evaluate[bool](p, `document.querySelector("img[src=x]") !== null || document.querySelectorAll("script").length !== 1 ||
			document.title.length < 3`) {
			t.Error("a name has become an element of the page, want text only")
		}
	}
	if label := evaluate[string](ada, seatButton("A-1-1")+`.parentElement.ariaLabel`); label != shown+" S, row 1" {
		t.Errorf("the accessible name of the row is %q, want %q", label, shown+" S, row 1")
	}
}
