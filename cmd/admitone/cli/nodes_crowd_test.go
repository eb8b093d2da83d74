package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// buyers buy single units of products at some of the nodes, and record the answers.
type buyers struct {
	stop    chan struct{}
	callers sync.WaitGroup

	mu       sync.Mutex
	acked    map[string]int // by product; guarded by mu, like the following fields
	unknown  map[string]int // by product
	refused  []string       // failed requests
	slowest  time.Duration  // of the answers
	last     time.Time      // of the last acknowledgement
	gap      time.Duration  // the longest time without an acknowledgement
	answered int            // acknowledged purchases
}

// soldProducts is the number of products for sale, with the ids p0, p1 and so on.
const soldProducts = 12

func newBuyers() *buyers {
	return &buyers{stop: make(chan struct{}), acked: map[string]int{}, unknown: map[string]int{}, last: time.Now()}
}

// startBuyers starts eight buyers of all products, which send their requests to these nodes in turn.
func startBuyers(nodes ...*serverProcess) *buyers { return startBuyersOf(8, soldProducts, nodes...) }

// startBuyersOf starts buyers of the first products.
func startBuyersOf(callers, products int, nodes ...*serverProcess) *buyers {
	c := newBuyers()
	c.start(callers, products, 0, urlsOf(nodes)...)
	return c
}

// start starts buyers of the first products, which pause before each purchase.
func (c *buyers) start(callers, products int, pause time.Duration, urls ...string) {
	for caller := range callers {
		c.callers.Go(func() {
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := caller; ; i++ {
				select {
				case <-c.stop:
					return
				case <-time.After(pause):
				}
				c.buy(client, i, urls, fmt.Sprintf("p%d", i%products))
			}
		})
	}
}

// sendBalanced sends the nth request to one of several nodes or, like a load balancer, to the next if that
// one accepts no connection.
func sendBalanced(n int, urls []string, send func(url string) (*http.Response, error)) (r *http.Response, err error) {
	for next := range urls {
		r, err = send(urls[(n+next)%len(urls)])
		if dial := (*net.OpError)(nil); !errors.As(err, &dial) || dial.Op != "dial" {
			return r, err
		}
	}
	return r, err
}

// urlsOf returns the addresses of nodes.
func urlsOf(nodes []*serverProcess) (urls []string) {
	for _, s := range nodes {
		urls = append(urls, s.url)
	}
	return urls
}

func (c *buyers) buy(client *http.Client, n int, urls []string, product string) {
	start := time.Now()
	response, err := sendBalanced(n, urls, func(url string) (*http.Response, error) {
		return client.Post(url+"/v1/products/"+product+"/reservations", "application/json",
			strings.NewReader(`{"holder":"ann"}`))
	})
	var text []byte
	if err == nil {
		text, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowest = max(c.slowest, time.Since(start))
	switch {
	case err != nil:
		c.unknown[product]++
		c.refused = append(c.refused, err.Error())
	case response.StatusCode != http.StatusCreated:
		if response.StatusCode >= 500 {
			c.unknown[product]++
		}
		c.refused = append(c.refused, fmt.Sprintf("%d %s", response.StatusCode, text))
	default:
		c.acked[product]++
		c.answered++
		c.recordGap()
	}
}

// recordGap records the time since the last acknowledgement, at the next one or at the end. The caller
// holds mu, or is the only user.
func (c *buyers) recordGap() {
	now := time.Now()
	c.gap, c.last = max(c.gap, now.Sub(c.last)), now
}

// waitForPurchases waits for a number of further acknowledged purchases.
func (c *buyers) waitForPurchases(t *testing.T, more int) {
	t.Helper()
	c.mu.Lock()
	want := c.answered + more
	c.mu.Unlock()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		enough := c.answered >= want
		c.mu.Unlock()
		if enough {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d further purchases were acknowledged within %v", more-(want-c.answered), more, patience)
		}
	}
}

// problemCode finds the code in the body of a problem.
var problemCode = regexp.MustCompile(`"code":"(\w+)"`)

// refusals counts the failed requests by the status and code of the answer, or by the error.
func (c *buyers) refusals() map[string]int {
	counts := map[string]int{}
	for _, text := range c.refused {
		if code := problemCode.FindStringSubmatch(text); code != nil {
			text = text[:3] + " " + code[1]
		} else if at := strings.LastIndex(text, ": "); at >= 0 {
			text = text[at+2:]
		}
		counts[fmt.Sprintf("%.60s", text)]++
	}
	return counts
}

// end stops the buyers and waits for their last answers.
func (c *buyers) end() {
	close(c.stop)
	c.callers.Wait()
	c.recordGap()
}

// sold compares the sold units of each product with the answers to buyers. over is the number of units sold
// beyond the acknowledged and unknown ones, lost the number of acknowledged units that are not sold.
func (n *nodes) sold(at *serverProcess, groups ...*buyers) (over, lost int) {
	n.t.Helper()
	for i := range soldProducts {
		product := fmt.Sprintf("p%d", i)
		acked, unknown := 0, 0
		for _, c := range groups {
			acked, unknown = acked+c.acked[product], unknown+c.unknown[product]
		}
		p := decode[struct{ Sold int }](n.t, at.must(200, "GET", "/v1/products/"+product, ""))
		over, lost = over+max(0, p.Sold-acked-unknown), lost+max(0, acked-p.Sold)
	}
	return over, lost
}
