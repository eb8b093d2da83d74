package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"admitone/cmd/admitone/plandraft"
	"admitone/events"
)

// panMap moves the map during 60 of 75 frames, and returns the durations of the longest and the median
// frame, in milliseconds.
const panMap = `(async () => {
	const box = document.querySelector(".box"), frame = () => new Promise(requestAnimationFrame), took = [];
	let before = await frame();
	for (let i = 0; i < 75; i++) {
		if (i < 60) box.scrollBy(i % 20 < 10 ? 37 : -37, i % 14 < 7 ? 23 : -23);
		const now = await frame();
		took.push(now - before);
		before = now;
	}
	took.sort((a, b) => a - b);
	return [took.at(-1), took[37]];
})()`

// TestLargeHall logs how soon a hall of 100,000 seats is visible, and how long frames take while its map is
// moved. ADMITONE_FRAME_MS and ADMITONE_PICTURE_MS bound these times; 50 and 1000 suit an idle machine.
func TestLargeHall(t *testing.T) {
	var blocks []string
	for i := range 10 {
		blocks = append(
			blocks,
			fmt.Sprintf(`{"zone":"%d","category":"%s","y":175,"radius":175,"rows":100,"seats":[100],"angle":%d}`,
				i+1, []string{"Ring", "Side"}[i%2], 36*i),
		)
	}
	draft, err := plandraft.Parse([]byte(`{"name":"Arena","categories":[{"name":"Ring","color":"#0072b2"},
		{"name":"Side","color":"#d55e00"},{"name":"Floor","color":"#e69f00"}],"stage":{"width":60,"depth":30,"centre":true},
		"floors":[{"id":"floor","category":"Floor","capacity":20000,"radius":150}],"blocks":[` + strings.Join(blocks, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := draft.Plan()
	if err != nil {
		t.Fatal(err)
	}
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/plans", `{"id":"arena",`+string(events.AppendPlan(nil, plan, events.PlanComplete))[1:])
	s.send("POST", "/v1/performances", `{"id":"gig","title":"The gig","venue":"Arena","starts_at":"2999-01-01T20:00:00Z",
		"plan":"arena","prices":{"Ring":5000,"Side":4000,"Floor":3000}}`)
	ada := openTab(t, newBrowser(t), s.url+"/performances/gig").waitLive()
	const drawn = `document.querySelector(".floor canvas").ariaLabel?.startsWith("100000 of 100000 seats are free.")`
	ada.wait(drawn)
	picture := evaluate[float64](ada, `performance.getEntriesByName("seatmap")[0].startTime`)
	t.Logf("the first picture after %.0f ms", picture)
	checkBound(t, "ADMITONE_PICTURE_MS", picture)
	if n := evaluate[int](ada, `performance.getEntriesByType("resource").filter(({ name }) => name.includes("/halls/")).length`); n != 1 {
		t.Errorf("the page read the hall %d times, want once", n)
	}
	ada.do(chromedp.Reload())
	ada.waitLive()
	ada.wait(drawn)
	t.Logf("the first picture after %.0f ms, with the plan in the browser's cache",
		evaluate[float64](ada, `performance.getEntriesByName("seatmap")[0].startTime`))
	ada.click(`document.querySelector('.section[data-section="1"] button')`)
	ada.wait(`document.activeElement.matches("button.seat")`)
	ada.do(chromedp.KeyEvent(kb.PageDown), chromedp.KeyEvent(kb.PageDown))
	if _, err := chromedp.Call(ada.ctx, performance.Enable,
		performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks}); err != nil {
		t.Fatal(err)
	}
	for _, presses := range []int{0, 2, 2, 2} {
		for range presses {
			ada.click(`document.querySelector('[data-zoom="out"]')`)
		}
		before := ada.taskTime()
		took, err := chromedp.Run(ada.ctx, chromedp.Evaluate[[]float64](panMap, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		seats := evaluate[int](ada, `document.querySelectorAll("button.seat").length`)
		t.Logf("moved with %d buttons of seats: a frame takes %.0f ms, the longest %.0f ms", seats, took[1], took[0])
		t.Logf("the page's thread uses %.1f ms for each frame", (ada.taskTime()-before)/75)
		checkBound(t, "ADMITONE_FRAME_MS", took[0])
		ada.checkRedraw()
		if n := evaluate[int](ada, `document.querySelectorAll("*").length`); n > 2500 {
			t.Errorf("the page has %d elements, want at most 2500", n)
		}
	}
}

// checkRedraw checks that the picture of a moved map, which is drawn incrementally, equals a full redraw,
// except for the rounding of edges. A change of the colours causes the full redraw.
func (p *tab) checkRedraw() {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`(async () => {
		window.picture = () => {
			const canvas = document.querySelector(".floor canvas"), copy = document.createElement("canvas");
			Object.assign(copy, { width: canvas.width, height: canvas.height });
			const pen = copy.getContext("2d");
			pen.fillStyle = "#888";
			pen.fillRect(0, 0, copy.width, copy.height);
			pen.drawImage(canvas, 0, 0);
			return pen.getImageData(0, 0, copy.width, copy.height).data;
		};
		window.isMoved = () => picture().every((level, i) => Math.abs(level - moved[i]) <= 100);
		for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
		window.moved = picture();
	})()`, chromedp.EvalAwaitPromise))
	p.setMedia("prefers-color-scheme", "dark")
	p.wait(`!isMoved()`)
	p.setMedia("prefers-color-scheme", "light")
	p.wait(`isMoved()`)
}

// taskTime returns the time for which the page's thread has run tasks, in milliseconds.
func (p *tab) taskTime() float64 {
	p.t.Helper()
	figures, err := chromedp.Call(p.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, figure := range figures.Metrics {
		if figure.Name == "TaskDuration" {
			return figure.Value * 1000
		}
	}
	p.t.Fatal("the browser's metrics have no TaskDuration")
	return 0
}

// checkBound checks a time in milliseconds against the environment variable bound, if that is set.
func checkBound(t *testing.T, bound string, ms float64) {
	t.Helper()
	text := os.Getenv(bound)
	if text == "" {
		return
	}
	limit, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%s is %q, want a number of milliseconds: %v", bound, text, err)
	}
	if ms > limit {
		t.Errorf("took %.0f ms, want at most %s=%.0f", ms, bound, limit)
	}
}
