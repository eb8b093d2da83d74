package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/events"
)

const (
	// rushPatience bounds one request.
	rushPatience = 30 * time.Second
	// rushGivesUp is after how many failures in a row a buyer goes home, and
	// rushRests how long it rests after each.
	rushGivesUp = 50
	rushRests   = 20 * time.Millisecond
)

// rush is the buyers and what they share.
type rush struct {
	plan     *loadPlan
	client   *fasthttp.HostClient
	base     string
	asked    atomic.Int64
	answered atomic.Int64
	deadline time.Time // zero without one
	buyers   []*buyer
}

// buyer is one connection's worth of the crowd, and its journal.
type buyer struct {
	*rush
	request  *fasthttp.Request
	response *fasthttp.Response
	failures int // in a row

	latency histogram
	codes   map[string]int64
	// tickets are the reservations that were acknowledged.
	tickets []ticket
	// unknown counts the reservations whose outcome is unknown, unreadable the
	// acknowledgements that name none.
	unknown, unreadable int64
}

// ticket is a reservation that was acknowledged, and where it must stand: "" if
// that is unknown.
type ticket struct {
	id     events.ID
	status events.ReservationStatus
}

func newRush(plan *loadPlan) (*rush, error) {
	u, err := url.Parse(plan.server.url)
	if err != nil {
		return nil, err
	}
	address := u.Host
	if u.Port() == "" {
		address += map[bool]string{false: ":80", true: ":443"}[u.Scheme == "https"]
	}
	c := &rush{plan: plan, base: plan.server.url + "/v1/products/" + plan.product + "/reservations", client: &fasthttp.HostClient{
		Addr: address, IsTLS: u.Scheme == "https", MaxConns: plan.connections,
		ReadTimeout: rushPatience, WriteTimeout: rushPatience, MaxIdleConnDuration: time.Minute,
		// Once: a request that is sent again unseen would be a second sale.
		MaxIdemponentCallAttempts: 1,
		NoDefaultUserAgentHeader:  true,
	}}
	if plan.duration > 0 {
		c.deadline = time.Now().Add(plan.duration)
	}
	for range plan.connections {
		b := &buyer{rush: c, request: &fasthttp.Request{}, response: &fasthttp.Response{}, codes: map[string]int64{}}
		b.request.Header.SetContentType("application/json")
		if plan.server.token != "" {
			b.request.Header.Set("Authorization", "Bearer "+plan.server.token)
		}
		c.buyers = append(c.buyers, b)
	}
	return c, nil
}

// run returns when all have been served or have gone home.
func (c *rush) run(ctx context.Context, bar *progress) {
	var buyers sync.WaitGroup
	for _, b := range c.buyers {
		buyers.Go(func() { b.buy(ctx) })
	}
	done := make(chan struct{})
	go func() { buyers.Wait(); close(done) }()
	tick := time.NewTicker(progressOnTerminal)
	defer tick.Stop()
	for begun := time.Now(); ; {
		select {
		case <-done:
			c.client.CloseIdleConnections()
			return
		case <-tick.C:
			took := time.Since(begun)
			bar.say("%s: %d answers, %.0f/s", took.Round(time.Second), c.answered.Load(), float64(c.answered.Load())/took.Seconds())
		}
	}
}

// buy reserves one after the other.
func (b *buyer) buy(ctx context.Context) {
	var body []byte
	for ctx.Err() == nil && b.failures < rushGivesUp && (b.deadline.IsZero() || time.Now().Before(b.deadline)) {
		n := b.asked.Add(1)
		if n > b.plan.requests {
			return
		}
		// Evenly spread over the requests.
		hold := int64(float64(n)*b.plan.holds) != int64(float64(n-1)*b.plan.holds)
		body = append(body[:0], `{"holder":"buyer-`...)
		body = strconv.AppendInt(body, n, 10)
		body = append(body, `","hold":`...)
		body = append(strconv.AppendBool(body, hold), '}')
		status := b.do(fasthttp.MethodPost, b.base, body)
		switch {
		case status == fasthttp.StatusCreated:
			b.reserved(n, hold)
		case status >= 500 || status == 0:
			b.unknown++
		}
	}
}

// reserved writes an acknowledgement down; a third of the holds is confirmed then,
// and a third given back.
func (b *buyer) reserved(n int64, hold bool) {
	id, ok := reservationID(b.response.Body())
	if !ok {
		b.unreadable++
		return
	}
	t := ticket{id, events.ReservationConfirmed}
	if hold {
		t.status = events.ReservationHeld
		method, address, then := fasthttp.MethodPost, b.base+"/"+id.String(), events.ReservationConfirmed
		switch n % 3 {
		case 0:
			address += "/confirm"
		case 1:
			method, then = fasthttp.MethodDelete, events.ReservationReleased
		default:
			then = ""
		}
		if then != "" {
			switch status := b.do(method, address, nil); {
			case status == fasthttp.StatusOK:
				t.status = then
			case status >= 500 || status == 0:
				t.status = ""
			}
		}
	}
	b.tickets = append(b.tickets, t)
}

// do sends one request and takes down the answer. It returns the status, 0 if none
// came.
func (b *buyer) do(method, address string, body []byte) int {
	b.request.SetRequestURI(address)
	b.request.Header.SetMethod(method)
	b.request.SetBodyRaw(body)
	begun := time.Now()
	err := b.client.Do(b.request, b.response)
	b.answered.Add(1)
	if err != nil {
		b.codes["broken connection"]++
		b.failures++
		time.Sleep(rushRests)
		return 0
	}
	b.failures = 0
	b.latency.add(time.Since(begun))
	status := b.response.StatusCode()
	if status < 400 {
		b.codes[strconv.Itoa(status)]++
	} else {
		b.codes[strconv.Itoa(status)+" "+string(codeOf(b.response.Body()))]++
	}
	return status
}

// reservationID reads the id of an answer. It looks at the beginning first, where
// the server has it: the crowd runs on the machine that it measures.
func reservationID(body []byte) (events.ID, bool) {
	const before = `{"id":"`
	if bytes.HasPrefix(body, []byte(before)) && len(body) >= len(before)+36 {
		if id, err := events.ParseID(string(body[len(before) : len(before)+36])); err == nil {
			return id, true
		}
	}
	var answer struct{ ID string }
	if json.Unmarshal(body, &answer) != nil {
		return events.ID{}, false
	}
	id, err := events.ParseID(answer.ID)
	return id, err == nil
}

// codeOf finds the code in a problem.
func codeOf(problem []byte) []byte {
	_, code, _ := bytes.Cut(problem, []byte(`"code":"`))
	code, _, _ = bytes.Cut(code, []byte(`"`))
	return code
}
