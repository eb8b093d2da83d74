package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// newBrowser starts Chromium: its headless shell if that is installed, because the whole browser also renders its own
// windows and takes twice as long. Without both the test is skipped, except on an integration machine.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium-headless-shell")
	if err != nil {
		path, err = exec.LookPath("chromium")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, and CI=true says that the page has to be tested")
		}
		t.Skip("skipped: the pages are tested in chromium, which is not installed; apt-get install chromium-headless-shell")
	}
	limit := t.Context()
	if end, ok := t.Deadline(); ok { // a step that hangs is reported with its line
		within, cancel := context.WithDeadline(limit, end.Add(-30*time.Second))
		t.Cleanup(cancel)
		limit = within
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
	}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update",
		"disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, cancel := chromedp.NewExecAllocator(limit, options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		chromedp.Cancel(browser) // waits until the browser has ended
		cancel()
	})
	if err := chromedp.Do(browser); err != nil {
		t.Fatal("chromium does not start:", err)
	}
	return browser
}

// tab is an open page.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens an address in a tab of its own. The test fails if the page throws, lacks one of its
// files or violates its policy.
func openTab(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	p := &tab{t: t, ctx: ctx}
	p.do(chromedp.EmulateViewport(1000, 800))
	messages := chromedp.Console(ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			// Requests to a server that has ended may fail.
			lacking := strings.HasPrefix(m.Text, "Failed to load resource: the server responded") &&
				strings.Contains(m.URL, "/assets/")
			if m.IsException() || lacking || strings.Contains(m.Text, "Content Security Policy") {
				t.Errorf("the page says: %s %s", m, m.URL)
			}
		}
	})
	t.Cleanup(func() { cancel(); reading.Wait() })
	p.do(chromedp.Navigate(url))
	return p
}

// live waits until the page indicates that its counts are live.
func (p *tab) waitLive() *tab {
	p.t.Helper()
	p.wait(`document.querySelector("#state").textContent === "Live"`)
	return p
}

// found checks that no file of the page was missing.
func (p *tab) checkResources() {
	p.t.Helper()
	const missing = `performance.getEntriesByType("resource")
		.filter((asked) => asked.responseStatus === 404).map((asked) => asked.name).join()`
	if names := evaluate[string](p, missing); names != "" {
		p.t.Errorf("the page requested a missing resource: %s; want %q", names, "")
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// navigate runs steps that lead to another page, and returns when that is loaded.
func (p *tab) navigate(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if _, err := chromedp.RunResponse(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns when a JavaScript expression is true. While the page lacks the elements, or is
// replaced, the expression is evaluated again.
func (p *tab) wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	requested := fmt.Sprintf(`(() => { try { return (%s) } catch { return false } })()`, expression)
	poll := chromedp.Poll[chromedp.Void](requested, chromedp.WithPollingInterval(30*time.Millisecond),
		chromedp.WithPollingTimeout(0))
	for {
		err := chromedp.Do(ctx, poll)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			shown, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
			p.t.Fatalf("waiting for %s: %v; the page shows:\n%s", expression, err, shown)
		}
		select {
		case <-ctx.Done():
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// recordTexts records the texts of an element from now on, so that waitRecorded finds short-lived ones, also
// across pages.
func (p *tab) recordTexts(element string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
		`void new MutationObserver(() => sessionStorage.announced = (sessionStorage.announced ?? "") + %s.textContent + "\n")
		.observe(%s, { childList: true, characterData: true, subtree: true })`, element, element)))
}

// waitRecorded waits for a recorded text.
func (p *tab) waitRecorded(text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`sessionStorage.announced?.includes(%q)`, text))
}

// of evaluates an expression on the page, which must not be about to be left.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// in is an element of a product's card.
func inCard(product, selector string) string {
	return fmt.Sprintf(`document.querySelector('.product[data-id="%s"] %s')`, product, selector)
}

// button is a button of a product.
func button(product, action string) string {
	return inCard(product, fmt.Sprintf(`> .buttons [data-action="%s"]`, action))
}

func (p *tab) click(element string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`%s && !%s.disabled && %s.ariaDisabled !== "true"`, element, element,
		element)) // an earlier click is done
	p.do(chromedp.Click(chromedp.JSPath(element)))
}

// pressTwice presses a button that requires confirmation, twice.
func (p *tab) pressTwice(element string) {
	p.t.Helper()
	p.click(element)
	p.wait(element + `?.dataset.sure === "asked"`)
	p.click(element)
}

// waitText waits for a text within an element.
func (p *tab) waitText(element, text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`%s?.textContent.includes(%q)`, element, text))
}

// waitRemaining waits for the remaining units of a product.
func (p *tab) waitRemaining(product string, n int) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`%s.textContent === "%d"`, inCard(product, `[data-field="remaining"]`), n))
}

// pressUntil presses a button until a message appears. If the page has given up on the server, it
// tries again.
func (p *tab) pressUntil(button, message, text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[%q, "Try again:"].some((text) => %s.textContent.includes(text))`, text, message))
	if evaluate[bool](p, message+`.textContent.includes("Try again:")`) {
		p.click(button)
	}
	p.waitText(message, text)
}

// press presses Tab until an element has the focus, visibly.
func (p *tab) tabTo(element string) {
	p.t.Helper()
	for range 100 {
		p.do(chromedp.KeyEvent("\t"))
		if evaluate[bool](p, `document.activeElement === `+element) {
			if evaluate[string](p, `getComputedStyle(document.activeElement).outlineStyle`) == "none" {
				p.t.Errorf("%s has the focus, but it does not show", element)
			}
			return
		}
	}
	p.t.Fatalf("the Tab key does not lead to %s", element)
}

// The states of a wire.
const (
	wireWorks = iota
	// wireCut ends every connection, also new ones.
	wireCut
	// wireLosesAnswers forwards requests, and ends the connection at the answer. A single lost
	// answer is not enough: the browser retries automatically.
	wireLosesAnswers
	// wireLosesOne drops the next message of a socket, and then forwards again.
	wireLosesOne
	// wireSilent drops everything and ends nothing: a dead network.
	wireSilent
)

// wire is the connection between the browser and the server.
type wire struct {
	url      string
	listener net.Listener
	running  sync.WaitGroup
	lost     chan struct{} // signals that a message, or the answer of a command, is lost

	mu     sync.Mutex
	target string            // guarded by mu
	state  int               // guarded by mu
	open   map[net.Conn]bool // guarded by mu
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &wire{url: "http://" + listener.Addr().String(), target: target, listener: listener, lost: make(chan struct{}, 1),
		open: map[net.Conn]bool{}}
	l.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		l.setState(wireCut)
		l.running.Wait()
	})
	return l
}

// is changes the state; wireCut ends open connections.
func (w *wire) setState(state int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = state
	for conn := range w.open {
		if state == wireCut {
			conn.Close()
		}
	}
}

// keep tracks a connection, so that it can be cut.
func (w *wire) keep(conn net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[conn] = true
	return w.state != wireCut
}

func (w *wire) drop(conn net.Conn) {
	conn.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, conn)
}

// setTarget changes the target of new connections.
func (w *wire) setTarget(target string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target = target
}

// waitLoss waits for the loss of a message.
func (w *wire) waitLoss(t *testing.T) {
	t.Helper()
	select {
	case <-w.lost:
	case <-time.After(patience):
		t.Fatal("the server has not reported what will be lost")
	}
}

func (w *wire) dial() (net.Conn, error) {
	w.mu.Lock()
	target := w.target
	w.mu.Unlock()
	return net.Dial("tcp", target)
}

// passes reports whether to forward something from the server, and whether to end the connection.
func (w *wire) passes(said []byte) (through, end bool) {
	const text = 0x80 | 1 // the first byte of a socket's message
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.state == wireLosesOne && said[0] == text:
		w.state = wireWorks
		w.lost <- struct{}{}
		return false, false
	case w.state == wireLosesAnswers && bytes.HasPrefix(said, []byte("HTTP/1.1 201 ")):
		select {
		case w.lost <- struct{}{}:
		default: // a loss has already been signalled
		}
	}
	through = w.state == wireWorks || w.state == wireLosesOne
	return through, !through && w.state != wireSilent
}

func (w *wire) carry(near net.Conn) {
	defer w.drop(near)
	if !w.keep(near) {
		return
	}
	far, err := w.dial()
	if err != nil {
		return
	}
	defer w.drop(far)
	if !w.keep(far) {
		return
	}
	w.running.Go(func() {
		io.Copy(far, near)
		far.Close()
	})
	buffer := make([]byte, 32<<10)
	for {
		n, err := far.Read(buffer)
		if err != nil {
			return
		}
		through, end := w.passes(buffer[:n])
		if end {
			return
		}
		if !through {
			continue
		}
		if _, err := near.Write(buffer[:n]); err != nil {
			return
		}
	}
}
