package load

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/cmd/admitone/progress"
)

const (
	// crowdPatience bounds one request.
	crowdPatience = 30 * time.Second
	// crowdTimeout is the number of failures in a row after which a member stops, and crowdRests
	// how long it pauses after each.
	crowdTimeout = 50
	crowdRests   = 20 * time.Millisecond
)

// crowd has the members of a scenario, with a connection each, and their shared state.
type crowd struct {
	plan     *Plan
	client   *fasthttp.HostClient
	answered atomic.Int64
	members  []*member
	// rested is the time between the parts of a scenario, in which nothing was requested.
	rested time.Duration
}

// member is one client of the crowd, with its connection and its results.
type member struct {
	*crowd
	number   int // from 0
	request  *fasthttp.Request
	response *fasthttp.Response
	failures int // in a row
	latency  histogram
	codes    map[string]int64
}

func newCrowd(plan *Plan) (*crowd, error) {
	u, err := url.Parse(plan.Against)
	if err != nil {
		return nil, err
	}
	address := u.Host
	if u.Port() == "" {
		address += map[bool]string{false: ":80", true: ":443"}[u.Scheme == "https"]
	}
	c := &crowd{plan: plan, client: &fasthttp.HostClient{
		Addr: address, IsTLS: u.Scheme == "https", MaxConns: plan.Connections,
		ReadTimeout: crowdPatience, WriteTimeout: crowdPatience, MaxIdleConnDuration: time.Minute,
		// No retries: a request that is repeated unnoticed would be a second sale.
		MaxIdemponentCallAttempts: 1,
		NoDefaultUserAgentHeader:  true,
	}}
	for number := range plan.Connections {
		m := &member{crowd: c, number: number, request: &fasthttp.Request{}, response: &fasthttp.Response{}}
		m.request.Header.SetContentType("application/json")
		if plan.Token != "" {
			m.request.Header.Set("Authorization", "Bearer "+plan.Token)
		}
		c.members = append(c.members, m)
	}
	c.forget()
	return c, nil
}

// forget resets the measurements.
func (c *crowd) forget() {
	c.answered.Store(0)
	c.rested = 0
	for _, m := range c.members {
		m.failures, m.latency, m.codes = 0, histogram{}, map[string]int64{}
	}
}

// each runs work for every member at once, and returns when all are done or have stopped.
func (c *crowd) each(bar *progress.Bar, what string, work func(*member)) {
	var members sync.WaitGroup
	for _, m := range c.members {
		members.Go(func() { work(m) })
	}
	done := make(chan struct{})
	go func() { members.Wait(); close(done) }()
	tick := time.NewTicker(progress.OnTerminal)
	defer tick.Stop()
	before := c.answered.Load()
	for begun := time.Now(); ; {
		select {
		case <-done:
			c.client.CloseIdleConnections()
			return
		case <-tick.C:
			took, answers := time.Since(begun), c.answered.Load()-before
			bar.Say("%s, %s: %d answers, %.0f/s", what, took.Round(time.Second), answers, float64(answers)/took.Seconds())
		}
	}
}

// share distributes numbered tasks among the members, each the next that is not taken.
func (c *crowd) share(ctx context.Context, bar *progress.Bar, what string, errands int, do func(m *member, n int)) {
	var next atomic.Int64
	c.each(bar, what, func(m *member) {
		for n := int(next.Add(1) - 1); n < errands && m.stays(ctx); n = int(next.Add(1) - 1) {
			do(m, n)
		}
	})
}

// rest pauses for a time that is not counted as the scenario's.
func (c *crowd) rest(ctx context.Context, bar *progress.Bar, what string, d time.Duration) {
	begun := time.Now()
	defer func() { c.rested += time.Since(begun) }()
	end := time.NewTimer(max(d, 0))
	defer end.Stop()
	tick := time.NewTicker(progress.OnTerminal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-tick.C:
			bar.Say("%s", what)
		}
	}
}

// stays reports whether a member goes on.
func (m *member) stays(ctx context.Context) bool {
	return ctx.Err() == nil && m.failures < crowdTimeout
}

// do sends one request and records the answer. It returns the status, 0 without an answer; the body
// is in m.response.
func (m *member) do(method, path string, body []byte) int {
	m.request.SetRequestURI(m.plan.Against + path)
	m.request.Header.SetMethod(method)
	m.request.SetBodyRaw(body)
	m.request.Header.SetContentLength(len(body)) // a GET would announce the body before it
	begun := time.Now()
	err := m.client.Do(m.request, m.response)
	m.answered.Add(1)
	if err != nil {
		m.codes["broken connection"]++
		m.failures++
		time.Sleep(crowdRests)
		return 0
	}
	m.failures = 0
	m.latency.add(time.Since(begun))
	status := m.response.StatusCode()
	if status < 400 {
		m.codes[strconv.Itoa(status)]++
	} else {
		m.codes[strconv.Itoa(status)+" "+string(codeOf(m.response.Body()))]++
	}
	return status
}

// get reads a resource without counting the request. It reports whether an answer came.
func (m *member) get(path string, into any) bool {
	var request fasthttp.Request // not m's, which may still announce a body
	request.SetRequestURI(m.plan.Against + path)
	if m.plan.Token != "" {
		request.Header.Set("Authorization", "Bearer "+m.plan.Token)
	}
	return m.client.Do(&request, m.response) == nil && m.response.StatusCode() == http.StatusOK &&
		json.Unmarshal(m.response.Body(), into) == nil
}

// unknown reports whether a status leaves the outcome unknown.
func unknown(status int) bool { return status >= 500 || status == 0 }

// codeOf returns the code of a problem.
func codeOf(problem []byte) []byte {
	_, code, _ := bytes.Cut(problem, []byte(`"code":"`))
	code, _, _ = bytes.Cut(code, []byte(`"`))
	return code
}
