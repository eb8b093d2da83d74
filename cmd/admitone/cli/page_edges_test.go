package cli

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// luminance returns the relative luminance of a colour "r,g,b", by WCAG 2.
func luminance(t *testing.T, colour string) (sum float64) {
	t.Helper()
	for i, text := range strings.Split(colour, ",") {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || i > 2 {
			t.Fatalf("the colour is %q, want the form r,g,b", colour)
		}
		c := n / 255
		if c <= .03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += c * [...]float64{.2126, .7152, .0722}[i]
	}
	return sum
}

// measureEdges returns the horizontal bounds of the header and of the page's content, the height of the
// header, the width of the page, and the position of the footer.
const measureEdges = `(() => {
	const seen = (element) => element.checkVisibility() && !element.closest(".unseen, [popover]") &&
		element.getBoundingClientRect().width > 1;
	const span = (list) => {
		const rects = list.filter(seen).map((element) => element.getBoundingClientRect());
		return [Math.min(...rects.map((rect) => rect.left)), Math.max(...rects.map((rect) => rect.right))];
	};
	const header = document.querySelector(".top"), row = [...header.children].filter(seen).map((element) => element
		.getBoundingClientRect());
	const [left, right] = span([...document.querySelectorAll("main > :not(.mine), .mine > *")]), [near,
		far] = span([...header.querySelectorAll(".brand, .state, .menu")]);
	return { left, right, near, far: header.querySelector(".state:not([hidden]), .menu") &&
		seen(header.querySelector(".state:not([hidden])") ?? header.querySelector(".menu")) ? far : right,
		foot: document.querySelector("footer a").getBoundingClientRect().left, high: header.offsetHeight,
			wide: document.documentElement.scrollWidth,
		rows: new Set(row.map((rect) => Math.round((rect.top + rect.bottom) / 8))).size,
			bottom: document.querySelector("footer").getBoundingClientRect().bottom };
})()`

// checkEdges checks that header, content and footer have the same edges at every width, that the header has
// one row, and that the footer is at the bottom.
func (p *tab) checkEdges(path string) {
	p.t.Helper()
	for _, width := range []int64{320, 390, 800, 1920, 1280} {
		p.do(chromedp.EmulateViewport(width, 844))
		type box struct{ Left, Right, Near, Far, Foot, High, Wide, Rows, Bottom float64 }
		at := evaluate[box](p, measureEdges)
		if math.Abs(at.Left-at.Near) > 1 || math.Abs(at.Right-at.Far) > 1 || math.Abs(at.Left-at.Foot) > 1 {
			p.t.Errorf("%s at %d: the content is from %.0f to %.0f, the header from %.0f to %.0f, the footer from %.0f; "+
				"want equal edges", path, width, at.Left, at.Right, at.Near, at.Far, at.Foot)
		}
		if at.Rows != 1 || at.High > 60 {
			p.t.Errorf("%s at %d: the header has %.0f rows and is %.0f pixels high, want one row of at most 60", path, width,
				at.Rows, at.High)
		}
		if int64(at.Wide) > width || at.Bottom < 843 {
			p.t.Errorf("%s at %d: the page is %.0f pixels wide and its footer ends at %.0f, want at most %[2]d and at least 843",
				path, width, at.Wide, at.Bottom)
		}
	}
}

// menuOnPhone: on a phone the navigation is a menu, also without scripts.
func menuOnPhone(t *testing.T, browser context.Context) {
	s, _ := serveAllPages(t)
	p := openTab(t, browser, s.url+"/nothing")
	p.waitText(`document.querySelector("h1")`, "There is nothing at this address")
	p.do(chromedp.EmulateViewport(390, 844))
	if evaluate[bool](p, `document.scripts.length > 0 || document.querySelector(".places").checkVisibility()`) {
		t.Error("the menu of a new page is open, or the page has a script; want neither")
	}
	p.tabTo(`document.querySelector(".menu")`)
	p.do(chromedp.KeyEvent("\r"))
	p.tabTo(`document.querySelectorAll(".places a")[1]`)
	p.navigate(chromedp.KeyEvent("\r"))
	p.waitText(`document.querySelector("h1")`, "Performances")
}

// checkAccessibleNames checks that the accessible name of each control contains its visible label, so that
// it can be addressed by voice, and that landmarks have unique names.
func (p *tab) checkAccessibleNames(path string) {
	p.t.Helper()
	mismatched := evaluate[[]string](p, `[...document.querySelectorAll("button[aria-label], a[aria-label]")].filter((control) => {
		const words = control.innerText.replace(/[^\p{L}\p{N}.,· -]/gu, "").trim();
		return !control.ariaLabel.toLowerCase().includes(words.toLowerCase());
	}).map((control) => control.ariaLabel + " / " + control.innerText)`)
	if len(mismatched) > 0 {
		p.t.Errorf("%s: the controls %q don't have their label in their name, want none", path, mismatched)
	}
	duplicates := evaluate[[]string](p, `[...document.querySelectorAll('[role="region"][aria-label], nav[aria-label]')]
		.map((mark) => mark.tagName + " " + mark.ariaLabel)
		.filter((name, i, names) => names.indexOf(name) !== i)`)
	if len(duplicates) > 0 {
		p.t.Errorf("%s: several landmarks have the names %q, want unique names", path, duplicates)
	}
}
