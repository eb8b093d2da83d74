package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"admitone/cmd/admitone/plandraft"
	"admitone/events"
)

// TestHallPage opens the page of a performance with a seating plan in a browser.
func TestHallPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"seats and standing places":     hallBooked,
		"best seats by price type":      hallBest,
		"by keyboard":                   hallByKeyboard,
		"zooming and dragging":          hallMoved,
		"an edit of prices":             hallRepriced,
		"past states on the audit page": hallThroughTime,
		"on a phone":                    hallOnPhone,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// serveHall starts a server with a performance "gig" in the hall of the demo, and tops up ada's wallet.
func serveHall(t *testing.T) *testServer {
	t.Helper()
	draft, err := plandraft.Parse(plandraft.Example)
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := draft.Plan()
	if err != nil {
		t.Fatal(err)
	}
	s := serveSigned(t, t.TempDir())
	s.send("POST", "/v1/plans", `{"id":"hall",`+string(events.AppendPlan(nil, plan, events.PlanComplete))[1:])
	s.send("POST", "/v1/performances", `{"id":"gig","title":"The gig","venue":"Town hall","limit_per_holder":6,
		"starts_at":"2999-01-01T20:00:00Z","plan":"hall","prices":{"Front stalls":8900,"Balcony":3900,"Boxes":9900,
		"Stalls":[{"type":"adult","amount":6900},{"type":"student","amount":3500},{"type":"press","amount":0,"restricted":true}],
		"Standing":[{"type":"adult","amount":2500},{"type":"student","amount":1500}]}}`)
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":90000}`)
	return s
}

// zoomTo zooms the map to a section, and waits for the button of a seat.
func (p *tab) zoomTo(section, seat string) {
	p.t.Helper()
	p.click(fmt.Sprintf(`document.querySelector('.section[data-section=%q] button')`, section))
	p.wait(seatButton(seat) + ` !== null`)
}

const (
	boxOfMap = `document.querySelector(".box")`
	tip      = `document.querySelector(".tip")`
)

// hallBooked: one booking can have seats of chosen price types and standing places.
func hallBooked(t *testing.T, browser context.Context) {
	s := serveHall(t)
	ada, bob := guest(t, browser, s.url, "ada"), guest(t, browser, s.url, "bob")
	ada.waitText(`document.querySelector(".prices")`, "Stalls · adult €69.00, student €35.00")
	ada.zoomTo("Stalls", "Stalls-A-25")
	ada.wait(seatButton("Stalls-D-27") + `.ariaLabel === "Stalls-D-27, free, €69.00, Stalls"`)
	ada.click(seatButton("Stalls-D-27"))
	ada.do(chromedp.Evaluate[chromedp.Void](`void (() => { const select = document.querySelector("#picks select");
		select.value = "student"; select.dispatchEvent(new Event("change")) })()`))
	ada.waitText(`document.querySelector("#picks button")`, "Stalls-D-27 · €35.00")
	const more = `document.querySelectorAll('.area[data-area="floor"] [data-step="1"]')`
	ada.click(more + `[0]`)
	ada.click(more + `[0]`)
	ada.click(more + `[1]`)
	ada.waitText(act("book"), "Book 1 seat, 3 standing · €100.00")
	ada.do(chromedp.Reload())
	ada.waitLive()
	ada.waitText(act("book"), "Book 1 seat, 3 standing · €100.00")
	ada.click(act("book"))
	ada.waitText(myBookings, "Stalls-D-27, 3 × Standing")
	ada.waitText(`document.querySelector("#limit")`, "At most 6 seats for one person; you have 4.")
	bob.waitText(`document.querySelector('.area [data-field="remaining"]')`, "197")
	ada.click(act("pay"))
	ada.waitText(balance, "€800.00")
	// The best seats of a category.
	ada.do(chromedp.SetValue("#best-category", "Balcony"), chromedp.SetValue("#best-quantity", "2"))
	ada.click(act("best"))
	ada.waitText(myBookings, "On hold · €78.00")
	ada.waitText(myBookings, "Balcony-A-")
	if got := strings.Join(s.bookingsOf("ada"), "; "); !strings.Contains(got, "Stalls-D-27 booked; Balcony-A-") {
		t.Errorf("the bookings of ada are %q, want %q in them", got, "Stalls-D-27 booked; Balcony-A-")
	}
	// The page shows the seats that others take, and when the limit is reached.
	bob.zoomTo("Stalls", "Stalls-D-27")
	bob.waitSeat("Stalls-D-27", "booked")
	for range 6 {
		bob.click(more + `[0]`)
	}
	bob.waitText(choiceMessage, "That is all: one person may have 6 seats here.")
	bob.wait(more + `[0].ariaDisabled === "true"`)
}

// hallBest: the best remaining seats can be requested by price type. Restricted types are not offered.
func hallBest(t *testing.T, browser context.Context) {
	s := serveHall(t)
	ada := guest(t, browser, s.url, "ada")
	const types = `document.querySelector("#best-types")`
	const student = `document.querySelector('#best-types [data-type="student"] input')`
	ada.wait(types + `.checkVisibility() && ` + types + `.textContent.trim() === "of which student"`)
	ada.do(chromedp.SetValue("#best-category", "Balcony"))
	ada.wait(`!` + types + `.checkVisibility()`)
	ada.do(chromedp.SetValue("#best-category", "Stalls"), chromedp.SetValue("#best-quantity", "3"))
	ada.wait(types + `.checkVisibility()`)
	ada.do(chromedp.SetValue(`#best-types input`, "4"))
	ada.click(act("best"))
	ada.waitText(choiceMessage, "You want 3 seats, so at most 3 can have another price.")
	ada.wait(`document.activeElement === ` + student)
	ada.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent("1"))
	ada.wait(choiceMessage + `.textContent === ""`)
	ada.click(act("best"))
	ada.waitText(myBookings, "On hold · €173.00")
	ada.do(chromedp.SetValue("#best-category", ""), chromedp.SetValue("#best-quantity", "1"))
	ada.click(act("best"))
	ada.waitText(myBookings, "On hold · €35.00")
}

// hallByKeyboard: the arrow keys move between rows of different lengths, with gaps. When the map is too small
// for buttons of seats, it gets the focus itself.
func hallByKeyboard(t *testing.T, browser context.Context) {
	s := serveHall(t)
	ada := guest(t, browser, s.url, "ada")
	ada.do(chromedp.Focus(".box"), chromedp.KeyEvent("\r"))
	ada.wait(`document.activeElement.matches("button.seat")`)
	ada.zoomTo("Stalls", "Stalls-A-25")
	for _, step := range []struct{ key, seat string }{
		{kb.ArrowRight, "Stalls-A-23"}, {kb.End, "Stalls-A-24"}, {kb.ArrowDown, "Stalls-B-26"}, {kb.Home, "Stalls-B-25"},
		{kb.PageDown, "Stalls-L-35"}, {kb.PageDown, "Stalls-O-35"}, {kb.ArrowDown, "Balcony-A-1"}, {kb.ArrowUp, "Stalls-O-35"},
	} {
		ada.do(chromedp.KeyEvent(step.key))
		ada.wait(`document.activeElement === ` + seatButton(step.seat))
	}
	if name := evaluate[string](ada, `document.activeElement.ariaLabel`); name != "Stalls-O-35, free, €69.00, Stalls, wheelchair place" {
		t.Errorf("the accessible name is %q, want %q", name, "Stalls-O-35, free, €69.00, Stalls, wheelchair place")
	}
	ada.waitText(tip, "wheelchair place")
	ada.do(chromedp.KeyEvent("-"), chromedp.KeyEvent("-"))
	ada.wait(`document.activeElement === ` + boxOfMap + ` && document.querySelector("button.seat") === null`)
	ada.do(chromedp.KeyEvent("0"))
	ada.wait(boxOfMap + `.scrollWidth === ` + boxOfMap + `.clientWidth`)
}

// middle returns the middle of a seat's button once it no longer moves, since zooming and scrolling take
// several frames.
func (p *tab) middle(seat string) (x, y float64) {
	p.t.Helper()
	p.wait(seatButton(seat) + ` !== null`)
	read := func() []float64 {
		return evaluate[[]float64](
			p,
			`(({ x, y, width, height }) => [x + width / 2, y + height / 2])(`+seatButton(seat)+`.getBoundingClientRect())`,
		)
	}
	last := read()
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		at := read()
		if slices.Equal(at, last) {
			return at[0], at[1]
		}
		last = at
	}
	p.t.Fatalf("the button of %s still moves after 10 s", seat)
	return 0, 0
}

func (p *tab) mouse(kind input.DispatchMouseEventType, x, y float64, more func(*input.DispatchMouseEventParams)) {
	p.t.Helper()
	event := input.DispatchMouseEventParams{Type: kind, X: x, Y: y}
	if more != nil {
		more(&event)
	}
	if _, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, event); err != nil {
		p.t.Fatal(err)
	}
}

// hallMoved checks the card of the seat under the pointer, the wheel, dragging and the overview map.
func hallMoved(t *testing.T, browser context.Context) {
	s := serveHall(t)
	ada := guest(t, browser, s.url, "ada")
	ada.wait(`document.querySelector(".mini").hidden`)
	ada.zoomTo("Stalls", "Stalls-A-25")
	ada.wait(`document.querySelector(".mini").checkVisibility()`)
	x, y := ada.middle("Stalls-D-25")
	ada.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, nil)
	ada.waitText(tip, "Stalls, row D, seat 25")
	ada.waitText(tip, "Stalls · adult €69.00, student €35.00")
	before := evaluate[float64](ada, boxOfMap+`.scrollWidth`)
	ada.mouse(input.DispatchMouseEventTypeMouseWheel, x, y,
		func(e *input.DispatchMouseEventParams) { e.DeltaX, e.DeltaY = .01, -120 })
	ada.wait(fmt.Sprintf(boxOfMap+`.scrollWidth > %f`, before))
	if nowX, nowY := ada.middle("Stalls-D-25"); nowX < x-3 || nowX > x+3 || nowY < y-3 || nowY > y+3 {
		t.Errorf("after zooming, the seat under the pointer is at %.0f,%.0f, want %.0f,%.0f, give or take 3", nowX, nowY, x, y)
	}
	scrolled := evaluate[float64](ada, boxOfMap+`.scrollLeft`)
	pressed := func(e *input.DispatchMouseEventParams) {
		e.Button, e.Buttons, e.ClickCount = input.MouseButtonLeft, 1, 1
	}
	ada.mouse(input.DispatchMouseEventTypeMousePressed, x, y, pressed)
	for step := range 5 {
		ada.mouse(input.DispatchMouseEventTypeMouseMoved, x-20*float64(step), y, pressed)
	}
	ada.mouse(input.DispatchMouseEventTypeMouseReleased, x-80, y, pressed)
	ada.wait(fmt.Sprintf(boxOfMap+`.scrollLeft === %f`, scrolled+80))
	if evaluate[int](ada, `document.querySelectorAll("#picks li").length`) != 0 {
		t.Error("the end of a drag chose a seat, want none chosen")
	}
	ada.checkRedraw()
	x, y = ada.middle("Stalls-D-21")
	ada.mouse(input.DispatchMouseEventTypeMousePressed, x, y, pressed)
	ada.mouse(input.DispatchMouseEventTypeMouseReleased, x, y, pressed)
	ada.waitText(act("book"), "Book 1 seat")
}

func hallRepriced(t *testing.T, browser context.Context) {
	s := serveHall(t)
	ada := guest(t, browser, s.url, "ada")
	ada.zoomTo("Balcony", "Balcony-A-1")
	ada.click(seatButton("Balcony-A-2"))
	ada.waitText(act("book"), "€39.00")
	s.sendWith("PATCH", "/v1/performances/gig", `{"prices":{"Balcony":4100}}`, "If-Match", `"e0"`)
	ada.waitText(act("book"), "€41.00")
	ada.waitText(`document.querySelector(".prices")`, "Balcony · €41.00")
	ada.waitText(`document.querySelector('.section[data-section="Balcony"]')`, "€41.00")
}

// hallThroughTime: the audit page draws past states on the map of the same hall.
func hallThroughTime(t *testing.T, browser context.Context) {
	s := serveHall(t)
	s.book("bob", "Stalls-A-1", "L1-2-3")
	p := openAudit(t, browser, s, "?of=performance/gig")
	p.countChanges(3)
	p.moveSlider(2)
	p.waitSummary("817 free, 2 on hold, 0 booked, 0 not on sale")
	p.navigate(chromedp.Navigate(s.url + "/audit?of=seat/gig~L1-2-3"))
	p.waitText(act("seat"), "L1-2-3 is on hold")
	p.click(act("seat"))
	p.wait(`document.activeElement.ariaLabel === "L1-2-3, on hold; show its history"`)
}

// hallOnPhone: two fingers zoom, and the chosen seats stay visible with their price.
func hallOnPhone(t *testing.T, browser context.Context) {
	s := serveHall(t)
	ada := openTab(t, browser, s.url+"/performances/gig")
	ada.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateTouch))
	ada.do(chromedp.Reload())
	ada.waitLive()
	ada.do(chromedp.Evaluate[chromedp.Void](`void document.querySelector(".seatmap").scrollIntoView()`))
	before := evaluate[float64](ada, boxOfMap+`.scrollWidth`)
	at := evaluate[[]float64](
		ada,
		`(({ x, y, width, height }) => [x + width / 2, y + height / 2])(`+boxOfMap+`.getBoundingClientRect())`,
	)
	fingers := func(kind input.DispatchTouchEventType, apart float64) {
		t.Helper()
		event := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
		if kind != input.DispatchTouchEventTypeTouchEnd {
			event.TouchPoints = []*input.TouchPoint{
				{X: at[0] - apart/2, Y: at[1], ID: new(1.0)},
				{X: at[0] + apart/2, Y: at[1], ID: new(2.0)},
			}
		}
		if _, err := chromedp.Call(ada.ctx, input.DispatchTouchEvent, event); err != nil {
			t.Fatal(err)
		}
	}
	fingers(input.DispatchTouchEventTypeTouchStart, 60)
	for apart := 80.0; apart <= 240; apart += 40 {
		fingers(input.DispatchTouchEventTypeTouchMove, apart)
	}
	fingers(input.DispatchTouchEventTypeTouchEnd, 0)
	ada.wait(fmt.Sprintf(boxOfMap+`.scrollWidth > %f`, 3*before))
	ada.zoomTo("Stalls", "Stalls-A-25")
	ada.click(seatButton("Stalls-D-27"))
	ada.click(seatButton("Stalls-E-29"))
	ada.waitText(`document.querySelector(".chosen")`, "2 seats · €138.00")
	if !evaluate[bool](ada, trayBook+`.getBoundingClientRect().bottom <= innerHeight`) {
		t.Error("the booking button is outside the screen, want it visible")
	}
	if wide := evaluate[int](ada, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("the page is %d pixels wide on a phone, want at most 390", wide)
	}
}
