package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Histories that are too long for one page or for the page's memory.

// longHistory: a history is read page by page, in both directions.
func longHistory(t *testing.T, browser context.Context) {
	s := serveProduct(t, 1000)
	for range 120 {
		s.send("POST", "/v1/products/p/reservations", `{"holder":"ada"}`)
	}
	p := openAudit(t, browser, s, "?of=product/p")
	lines := story + `.querySelectorAll(".line")`
	p.wait(lines + `.length === 50`)
	p.waitText(lines+`[0]`, "put on sale")
	p.click(act("more"))
	p.wait(lines + `.length === 100 && document.activeElement === ` + lines + `[50]`)
	p.click(act("more"))
	p.wait(lines + `.length === 121 && ` + act("more") + `.hidden`)
	p.do(chromedp.SetValue("#order", "newest"),
		chromedp.Evaluate[chromedp.Void](`void document.querySelector("#order").dispatchEvent(new Event("change"))`))
	p.wait(lines + `.length === 50`)
	p.waitText(lines+`[0]`, "880 remain")
}

// moreThanFits: a past of very many changes is read in parts, each of which begins where the previous one
// ended.
func moreThanFits(t *testing.T, browser context.Context) {
	s := serveProduct(t, 1)
	appendSales(t, s.Log, "big", 100_300)
	p := openAudit(t, browser, s, "?of=product/big#at=99_999")
	p.waitText(`document.querySelector("#past-message")`, "neither a position nor a time")
	all := p.countChanges(99_000)
	if all > 101_000 {
		t.Fatalf("%d changes are in memory, want at most 101,000", all)
	}
	p.waitSummary(fmt.Sprintf("%s remaining, 0 on hold, %s sold", thousands(100_300-all+1), thousands(all-1)))
	p.click(act("later"))
	p.wait(place + `.textContent.includes("change 1 of ")`)
	p.waitSummary(fmt.Sprintf("%s remaining, 0 on hold, %s sold", thousands(100_300-all+1), thousands(all-1)))
	p.click(act("last"))
	p.waitSummary("0 remaining, 0 on hold, 100,300 sold")
	p.wait(act("later") + `.hidden`)
	p.click(act("begin"))
	p.waitSummary("100,300 remaining, 0 on hold, 0 sold")
	seatsInParts(t, browser)
	// A link may lead to a position beyond the first part.
	other := openAudit(t, browser, s, "?of=product/big#at=100200") // the product's events begin at 2
	other.waitSummary("102 remaining, 0 on hold, 100,198 sold")
}

// seatsInParts reads the past of a seat map in parts of a few changes, and moves back and forth in each part.
// At each change the map equals that of the server.
func seatsInParts(t *testing.T, browser context.Context) {
	t.Helper()
	s, _ := sampleSale(t)
	p := openAudit(t, browser, s, "")
	p.do(chromedp.Evaluate[chromedp.Void](`void (async () => {
		const { SeatTimeline } = await import("/assets/timeline.js"), { hallOf } = await import("/assets/hall.js"), maps = {};
		SeatTimeline.limit = 5;
		const found = await (await fetch("/v1/performances/gig")).json();
		const timeline = new SeatTimeline(found, await hallOf(found));
		timeline.path = () => "/v1/performances/gig/changes?limit=2";
		const go = (i) => {
			timeline.go(i);
			(maps[timeline.positions[i]] ??= []).push(JSON.stringify([...timeline.plan.marks]));
		};
		const all = () => { for (const i of [...timeline.positions.keys()]) { go(i); go(timeline.last); go(0); } };
		let parts = 1;
		for (await timeline.fill(); all(), !timeline.ended; parts++) await timeline.later();
		await timeline.again();
		all();
		window.parts = { parts, maps };
	})()`))
	p.wait(`window.parts !== undefined`)
	read := evaluate[struct {
		Parts int
		Maps  map[string][]string
	}](p, `window.parts`)
	if read.Parts < 3 || len(read.Maps) < 12 {
		t.Errorf("%d positions in %d parts, want at least 12 in 3", len(read.Maps), read.Parts)
	}
	marks := map[string]int{"free": 0, "held": 1, "booked": 2, "blocked": 3}
	for at, maps := range read.Maps {
		var want []string
		for _, seat := range getJSON[struct{ Items []struct{ Status string } }](s, "/v1/performances/gig/seats?at="+at).Items {
			want = append(want, strconv.Itoa(marks[seat.Status]))
		}
		for _, got := range maps {
			if got != "["+strings.Join(want, ",")+"]" {
				t.Errorf("at %s the map is %s, want %s", at, got, want)
			}
		}
	}
}

// thousands formats a number as the page does.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
