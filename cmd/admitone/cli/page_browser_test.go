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

// newBrowser starts Chromium: preferably its headless shell, since the whole browser takes twice as long.
// Without either it skips the test, or fails it in CI.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium-headless-shell")
	if err != nil {
		path, err = exec.LookPath("chromium")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, but CI=true requires the tests of the pages")
		}
		t.Skip("skipped: the pages are tested in chromium, which is not installed; apt-get install chromium-headless-shell")
	}
	limit := t.Context()
	if end, ok := t.Deadline(); ok { // report a step that hangs, with its line
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
		chromedp.Cancel(browser) // waits for the exit of the browser
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

// openTab opens an address in a new tab, with storage of its own. The test fails if the page throws, lacks
// one of its files or violates its content security policy.
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
			missing := strings.HasPrefix(m.Text, "Failed to load resource: the server responded") &&
				strings.Contains(m.URL, "/assets/")
			if m.IsException() || missing || strings.Contains(m.Text, "Content Security Policy") {
				t.Errorf("the page logs %s %s, want no exception, missing file or violation", m, m.URL)
			}
		}
	})
	t.Cleanup(func() { cancel(); reading.Wait() })
	p.do(chromedp.Navigate(url))
	return p
}

// waitLive waits until the page shows that its counts are live.
func (p *tab) waitLive() *tab {
	p.t.Helper()
	p.wait(`document.querySelector("#state").textContent === "Live"`)
	return p
}

// checkResources checks that no request of the page was answered with 404.
func (p *tab) checkResources() {
	p.t.Helper()
	const missing = `performance.getEntriesByType("resource")
		.filter((asked) => asked.responseStatus === 404).map((asked) => asked.name).join()`
	if names := evaluate[string](p, missing); names != "" {
		p.t.Errorf("the page requested missing resources: %s; want none", names)
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// navigate runs steps that lead to another page, and waits until that is loaded.
func (p *tab) navigate(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if _, err := chromedp.RunResponse(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits until a JavaScript expression is true. An exception counts as false, since the page may lack
// the elements or be replaced meanwhile.
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

// recordTexts starts to record the texts of an element, so that waitRecorded finds short-lived ones, also on
// a later page.
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

// evaluate evaluates an expression on the page. The page must not be navigating.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// inCard returns the expression for an element in the card of a product.
func inCard(product, selector string) string {
	return fmt.Sprintf(`document.querySelector('.product[data-id="%s"] %s')`, product, selector)
}

// button returns the expression for a button of a product.
func button(product, action string) string {
	return inCard(product, fmt.Sprintf(`> .buttons [data-action="%s"]`, action))
}

// click clicks an element when it is enabled.
func (p *tab) click(element string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`%s && !%s.disabled && %s.ariaDisabled !== "true"`, element, element, element))
	p.do(chromedp.Click(chromedp.JSPath(element)))
}

// pressTwice presses a button that requires confirmation, and confirms.
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

// pressUntil waits for a text in a message. If the page asks to try again instead, it presses the button.
func (p *tab) pressUntil(button, message, text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[%q, "Try again:"].some((text) => %s.textContent.includes(text))`, text, message))
	if evaluate[bool](p, message+`.textContent.includes("Try again:")`) {
		p.click(button)
	}
	p.waitText(message, text)
}

// tabTo presses Tab until an element has the focus, and checks that the focus is visible.
func (p *tab) tabTo(element string) {
	p.t.Helper()
	for range 100 {
		p.do(chromedp.KeyEvent("\t"))
		if evaluate[bool](p, `document.activeElement === `+element) {
			if evaluate[string](p, `getComputedStyle(document.activeElement).outlineStyle`) == "none" {
				p.t.Errorf("%s has the focus without an outline, want a visible focus", element)
			}
			return
		}
	}
	p.t.Fatalf("100 presses of the Tab key do not reach %s", element)
}

// The states of a wire, which simulate faults of the network.
const (
	wireWorks = iota
	// wireCut closes every connection, also new ones.
	wireCut
	// wireLosesAnswers forwards requests, and closes the connection at each answer: after a single lost
	// answer, the browser would retry on its own.
	wireLosesAnswers
	// wireLosesOne drops the next message of a WebSocket, and then forwards again.
	wireLosesOne
	// wireSilent drops everything and closes nothing, like a dead network.
	wireSilent
)

// wire is a TCP proxy between the browser and the server.
type wire struct {
	url      string
	listener net.Listener
	running  sync.WaitGroup
	lost     chan struct{} // receives a value when a message, or the answer to a command, was dropped

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

// setState changes the state; wireCut closes open connections.
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

// keep tracks a connection, so that it can be cut. It returns false if the wire is cut.
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

// waitLoss waits until a message or an answer was dropped.
func (w *wire) waitLoss(t *testing.T) {
	t.Helper()
	select {
	case <-w.lost:
	case <-time.After(patience):
		t.Fatalf("nothing was dropped within %v", patience)
	}
}

func (w *wire) dial() (net.Conn, error) {
	w.mu.Lock()
	target := w.target
	w.mu.Unlock()
	return net.Dial("tcp", target)
}

// passes reports whether to forward data of the server, and whether to close the connection.
func (w *wire) passes(data []byte) (forward, end bool) {
	const text = 0x80 | 1 // the first byte of a WebSocket's text message
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.state == wireLosesOne && data[0] == text:
		w.state = wireWorks
		w.lost <- struct{}{}
		return false, false
	case w.state == wireLosesAnswers && bytes.HasPrefix(data, []byte("HTTP/1.1 201 ")):
		select {
		case w.lost <- struct{}{}:
		default: // a loss has already been signalled
		}
	}
	forward = w.state == wireWorks || w.state == wireLosesOne
	return forward, !forward && w.state != wireSilent
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
		forward, end := w.passes(buffer[:n])
		if end {
			return
		}
		if !forward {
			continue
		}
		if _, err := near.Write(buffer[:n]); err != nil {
			return
		}
	}
}
