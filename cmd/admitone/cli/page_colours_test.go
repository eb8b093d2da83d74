package cli

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestLayoutOfEveryPage opens all pages in a browser and checks their common properties, such as legible
// colours and aligned edges.
func TestLayoutOfEveryPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"edges, names and legibility": everyPage,
		"contrast of seats":           contrastOfSeats,
		"forced colours":              forcedColours,
		"the menu of a phone":         menuOnPhone,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// serveAllPages starts a server with content on every page, and returns the paths of the pages.
func serveAllPages(t *testing.T) (s *testServer, paths []string) {
	t.Helper()
	s = servePerformance(t, `,"limit_per_holder":4`, [4]any{"A", 4, 10, 5000})
	s.sell("p")
	s.send("POST", "/v1/products", `{"id":"none","name":"Sold out","stock":0,"limit_per_holder":2}`)
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"The cup","team_limit":1,"waitlist":true,
		"register_deadline":"2999-01-01T00:00:00Z"}`)
	s.registerTeams("a", "b")
	s.send("PUT", "/v1/waiting-rooms/r", roomWith(1, 5, 30, ""))
	s.book("bob", "A-2-1", "A-2-2")
	return s, []string{"/", "/performances", "/performances/gig", "/tournaments", "/tournaments/cup",
		"/waiting-rooms", "/waiting-rooms/r", "/audit", "/cluster", "/docs", "/nothing"}
}

// setMedia sets media features, given as names and values in turn.
func (p *tab) setMedia(features ...string) {
	p.t.Helper()
	var list []*emulation.MediaFeature
	for i := 0; i+1 < len(features); i += 2 {
		list = append(list, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: list}); err != nil {
		p.t.Fatal(err)
	}
}

// markControls marks one control of each kind on a page, including hidden ones, and returns their number.
const markControls = `(() => {
	const seen = new Set();
	for (const template of document.querySelectorAll("template")) document.querySelector("main")
		.append(template.content.cloneNode(true));
	for (const element of document.querySelectorAll("*")) if (!element.closest("canvas, head")) element.hidden = false;
	for (const element of document.querySelectorAll("a, button, summary, input, select, .message, .outcome, .state")) {
		const parts = [];
		for (let at = element; at && parts.length < 4; at = at.parentElement) parts.push(at.tagName + "." + at.className);
		const kind = parts.join(" ") + ["data-sure", "data-status", "data-mark",
			"aria-current"].map((name) => element.getAttribute(name)).join();
		if (seen.has(kind)) continue;
		seen.add(kind);
		element.setAttribute("data-probe", element.dataset.action ?? "");
	}
	return seen.size;
})()`

// listIllegible lists the marked elements whose text has too little contrast to a possible background, in all
// states that attributes can produce, or whose focus ring is not visible. States of the pointer and the
// keyboard are set before, with force.
const listIllegible = `(() => {
	const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return { r, g, b, a }; };
	const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a),
		b: top.b * top.a + under.b * (1 - top.a), a: 1 });
	const light = ({ r, g, b }) => [r, g, b].map((c) => (c /= 255) <= .03928 ?
		c / 12.92 : ((c + .055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
	const ratio = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
	const behind = (element) => {
		if (!element) return [parse(getComputedStyle(document.body).backgroundColor)];
		const style = getComputedStyle(element), ground = behind(element.parentElement).map((under) =>
			over(parse(style.backgroundColor), under));
		const stops = (style.backgroundImage.match(/rgba?\([^)]*\)/g) ?? []).map(parse);
		return stops.length === 0 ? ground : ground.flatMap((under) => stops.map((stop) => over(stop, under)));
	};
	const opacity = (element) => element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
	const faults = new Set();
	const look = (element, state) => {
		const style = getComputedStyle(element), px = parseFloat(style.fontSize), required = px >= 24 || px >= 18.66 &&
			style.fontWeight >= 700 ? 3 : 4.5;
		const check = (what, colour, grounds, required) => {
			const worst = Math.min(...grounds.map((ground) => ratio(over(colour, ground), ground)));
			if (worst < required) faults.add(element.tagName + "." + element.className + " " + element.dataset.probe + " "
				+ element.textContent.trim().slice(0, 30) + " (" + state + "): " + what + " " + worst.toFixed(2) + ", want "
					+ required);
		};
		const ink = parse(style.color);
		check("words", { ...ink, a: ink.a * opacity(element) }, behind(element), required);
		if (element.matches(":focus-visible") && style.outlineStyle !== "none") check("ring", parse(style.outlineColor),
			behind(element.parentElement), 3);
		if (element.matches(":focus-visible") && style.outlineStyle === "none") faults.add(element.outerHTML.slice(0,
			80) + ": no ring");
	};
	const states = {
		plain: [() => {}, () => {}],
		disabled: [(e) => e.setAttribute("disabled", ""), (e) => e.removeAttribute("disabled")],
		busy: [(e) => e.setAttribute("aria-disabled", "true"), (e) => e.removeAttribute("aria-disabled")],
		asked: [(e) => { if ("sure" in e.dataset) e.dataset.sure = "asked"; },
			(e) => { if ("sure" in e.dataset) e.dataset.sure = ""; }],
		good: [(e) => { e.dataset.tone = "good"; }, (e) => { delete e.dataset.tone; }],
			bad: [(e) => { e.dataset.tone = "bad"; }, (e) => { delete e.dataset.tone; }],
		warn: [(e) => { e.dataset.tone = "warn"; }, (e) => { delete e.dataset.tone; }],
		live: [(e) => { e.dataset.state = "live"; }, () => {}], offline: [(e) => { e.dataset.state = "offline"; }, () => {}],
	};
	for (const [state, [on, off]] of Object.entries(states))
		for (const element of document.querySelectorAll("[data-probe]")) {
		const had = element.disabled, tones = ["good", "bad", "warn"].includes(state), pill = ["live",
			"offline"].includes(state);
		if (tones !== element.matches(".message, .outcome") && state !== "plain" || pill &&
			!element.matches(".state")) continue;
		if (state === "disabled" && !("disabled" in element)) continue;
		if (state === "plain" && had) element.disabled = false;
		on(element); look(element, state); off(element);
		if (had) element.disabled = true;
	}
	return [...faults];
})()`

// markedNodes returns the nodes of the marked elements.
func (p *tab) markedNodes() []cdp.NodeID {
	p.t.Helper()
	root, err := chromedp.Call(p.ctx, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := chromedp.Call(p.ctx, dom.QuerySelectorAll, dom.QuerySelectorAllParams{NodeID: root.Root.NodeID,
		Selector: "[data-probe]"})
	if err != nil {
		p.t.Fatal(err)
	}
	return found.NodeIDs
}

// force sets the pseudo-classes of elements, such as hover.
func (p *tab) force(nodes []cdp.NodeID, classes ...string) {
	p.t.Helper()
	for _, id := range nodes {
		if _, err := chromedp.Call(p.ctx, css.ForcePseudoState, css.ForcePseudoStateParams{NodeID: id,
			ForcedPseudoClasses: classes}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// everyPage checks the accessible names, the edges and the legibility of each page.
func everyPage(t *testing.T, browser context.Context) {
	s, paths := serveAllPages(t)
	p := openTab(t, browser, s.url)
	for _, call := range []func() error{
		func() error { _, err := chromedp.Call(p.ctx, dom.Enable, dom.EnableParams{}); return err },
		func() error { _, err := chromedp.Call(p.ctx, css.Enable, cdp.Empty{}); return err },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range paths {
		p.do(chromedp.Navigate(s.url + path))
		p.wait(`document.readyState === "complete"`)
		if path == "/performances/gig" {
			p.waitLive()
			p.click(seatButton("A-1-1"))
			p.waitText(`document.querySelector("#picks button")`, "A-1-1 · €50.00")
		}
		p.checkAccessibleNames(path)
		p.checkEdges(path)
		p.checkLegibility(path)
	}
}

// checkLegibility checks the controls of a page, in both themes and in every state of the pointer and the
// keyboard. It changes the page, which can't be used afterwards.
func (p *tab) checkLegibility(path string) {
	p.t.Helper()
	if n := evaluate[int](p, markControls); n < 5 {
		p.t.Errorf("%s has %d kinds of controls, want at least 5", path, n)
	}
	nodes := p.markedNodes()
	for _, state := range [][]string{{}, {"hover"}, {"focus", "focus-visible"}, {"hover", "active"}, {"hover", "focus",
		"focus-visible", "active"}} {
		p.force(nodes, state...)
		for _, theme := range []string{"light", "dark"} {
			p.setMedia("prefers-color-scheme", theme)
			for _, fault := range evaluate[[]string](p, listIllegible) {
				p.t.Errorf("%s, %s, %s: %s", path, theme, strings.Join(state, "+"), fault)
			}
		}
	}
}

// paintSeats paints one seat of each kind at a size in pixels. It returns the colours of each, the most
// frequent one first, and that of the ground.
const paintSeats = `Promise.all(["seatpaint", "seatplan", "seatsigns"].map((name) => import("/assets/" + name + ".js")))
	.then(([{ paint }, { planOfSections }, { Signs, coloursOf, kinds }]) => {
	const cell = %d, canvas = document.createElement("canvas"), floor = document.querySelector(".floor");
	floor.append(canvas);
	const plan = planOfSections([{ id: "A", name: "", rows: 1, seats_per_row: 12, price: 1 }]);
	const colour = coloursOf(floor, plan.categories);
	paint(canvas, { width: plan.width * cell, height: plan.height * cell, x: 0, y: 0 }, { plan, left: 0, top: 0, cell,
		numbers: false, colour, signs: new Signs(colour), kindOf: (seat) => seat %% 2 ? "blocked" : kinds[seat / 2] });
	const pen = canvas.getContext("2d"), ratio = devicePixelRatio, { ground } = colour;
	const seats = Object.fromEntries(kinds.map((kind, i) => {
		const { data } = pen.getImageData((plan.xs[2 * i] - .5) * cell * ratio, (plan.ys[2 * i] - .5) * cell * ratio,
			cell * ratio, cell * ratio), counts = new Map();
		for (let at = 0; at < data.length; at += 4) {
			const a = data[at + 3] / 255, colour = [0, 1, 2].map((c) => Math.round(data[at + c] * a
				+ ground[c] * (1 - a))).join();
			counts.set(colour, (counts.get(colour) ?? 0) + 1);
		}
		return [kind, [...counts].sort((a, b) => b[1] - a[1]).map(([colour, n]) => colour + " " + n)];
	}));
	canvas.remove();
	return { ground: ground.join(), seats };
})`

// seatColours returns the colour of the map's ground, and those of each kind of seat at a size in pixels.
func (p *tab) seatColours(cell int) (ground string, seats map[string][]string) {
	p.t.Helper()
	type colours struct {
		Ground string
		Seats  map[string][]string
	}
	c, err := chromedp.Run(p.ctx, chromedp.Evaluate[colours](fmt.Sprintf(paintSeats, cell), chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return c.Ground, c.Seats
}

// contrastOfSeats: each kind of seat, except those not on sale, contrasts with the ground of the map, also
// where seats are too small to be buttons.
func contrastOfSeats(t *testing.T, browser context.Context) {
	s, _ := serveAllPages(t)
	p := openTab(t, browser, s.url+"/performances/gig").waitLive()
	for _, theme := range []string{"light", "dark"} {
		p.setMedia("prefers-color-scheme", theme)
		for _, cell := range []int{2, 4, 8, 16} {
			ground, seats := p.seatColours(cell)
			for kind, colours := range seats {
				best := 0.0
				for _, colour := range colours {
					name, _, _ := strings.Cut(colour, " ")
					best = max(best, contrast(t, name, ground))
				}
				if best < 3 && kind != "blocked" {
					t.Errorf("%s, %d pixels: a seat that is %s has a contrast of %.2f to the ground, want at least 3",
						theme, cell, kind, best)
				}
			}
		}
	}
}

// contrast returns the contrast ratio of two colours, each "r,g,b", by WCAG 2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	lights := []float64{luminance(t, a), luminance(t, b)}
	return (slices.Max(lights) + .05) / (slices.Min(lights) + .05)
}

// photographLegend returns a picture of each seat of the legend: its pixels by lightness.
func (p *tab) photographLegend() (pictures map[string]string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`void document.querySelector(".legend").scrollIntoView({ block: "center" })`))
	type rect struct {
		Name       string
		X, Y, Size int
	}
	seats := evaluate[[]rect](p, `[...document.querySelectorAll(".legend .seat")].map((seat) => {
		const { x, y, width } = seat.getBoundingClientRect();
		return { name: seat.parentElement.textContent.trim(), x: Math.round(x), y: Math.round(y), size: Math.floor(width) };
	})`)
	screen, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(screen))
	if err != nil {
		p.t.Fatal(err)
	}
	pictures = map[string]string{}
	for _, seat := range seats {
		var pixels strings.Builder
		for y := range seat.Size {
			for x := range seat.Size {
				r, g, b, _ := picture.At(seat.X+x, seat.Y+y).RGBA()
				pixels.WriteByte(byte((r + g + b) / 3 >> 13)) // eight steps from dark to light
			}
		}
		pictures[seat.Name] = pixels.String()
	}
	return pictures
}

// pixelDifference returns the share of pixels at which two pictures differ in lightness.
func pixelDifference(a, b string) float64 {
	n := 0
	for i := range len(a) {
		if i >= len(b) || a[i] != b[i] {
			n++
		}
	}
	return float64(n) / float64(len(a))
}

// forcedColours: with the visitor's own colours (forced-colors), the kinds of seats can still be
// distinguished, at every size.
func forcedColours(t *testing.T, browser context.Context) {
	s, _ := serveAllPages(t)
	p := openTab(t, browser, s.url+"/performances/gig").waitLive()
	for _, theme := range []string{"light", "dark"} {
		p.setMedia("prefers-color-scheme", theme, "forced-colors", "active")
		p.wait(`matchMedia("(forced-colors: active)").matches`)
		legend := p.photographLegend()
		for name, picture := range legend {
			for other, second := range legend {
				if name < other && pixelDifference(picture, second) < .08 {
					t.Errorf("%s: %s and %s differ in %.2f of their pixels, want at least 0.08",
						theme, name, other, pixelDifference(picture, second))
				}
			}
		}
		if len(legend) != 6 {
			t.Errorf("%s: the legend has %d seats, want 6", theme, len(legend))
		}
		for _, cell := range []int{4, 8, 16} {
			_, seats := p.seatColours(cell)
			kinds := map[string]string{}
			for kind, colours := range seats {
				if kind == "mine" && cell < 16 {
					continue // it has the visitor's colour, like picked seats
				}
				look := strings.Join(colours, "; ")
				if other, taken := kinds[look]; taken {
					t.Errorf("%s, %d pixels: %s and %s have the same colours, %s, want different ones", theme, cell, kind, other, look)
				}
				kinds[look] = kind
			}
		}
		if ring := evaluate[string](p, `getComputedStyle(document.querySelector(".dot.sold")).backgroundColor`); ring == evaluate[string](
			p, `getComputedStyle(document.body).backgroundColor`) {
			t.Errorf("%s: the dot of sold seats has the colour of the page, want a visible one", theme)
		}
	}
}
