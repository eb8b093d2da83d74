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

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/valyala/fasthttp"

	"admitone/cmd/admitone/progress"
)

const (
	// requestTimeout bounds one request.
	requestTimeout = 30 * time.Second
	// maxFailures is the number of consecutive failures after which a member stops. It pauses for
	// failurePause after each.
	maxFailures  = 50
	failurePause = 20 * time.Millisecond
)

// crowd is the group of clients that run a scenario, with their shared state.
type crowd struct {
	plan     *Plan
	client   *fasthttp.HostClient
	answered atomic.Int64
	members  []*member
	// paused is the time spent in pause, which does not count as the scenario's time.
	paused time.Duration
	pace   pace

	mu      sync.Mutex
	latency *hdrhistogram.Histogram // in microseconds; guarded by mu
}

// member is one client of the crowd, with its connection and its results.
type member struct {
	*crowd
	number   int // from 0
	request  *fasthttp.Request
	response *fasthttp.Response
	failures int // consecutive
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
		ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, MaxIdleConnDuration: time.Minute,
		// No retries: an unnoticed second request could be a second sale.
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
	c.reset()
	return c, nil
}

// reset clears the measurements.
func (c *crowd) reset() {
	c.answered.Store(0)
	c.paused = 0
	for _, m := range c.members {
		m.failures, m.codes = 0, map[string]int64{}
	}
	c.latency = newHistogram()
}

// each runs work for every member concurrently, and returns when all calls have returned.
func (c *crowd) each(bar *progress.Bar, what string, work func(*member)) {
	c.pace.begin()
	var wg sync.WaitGroup
	for _, m := range c.members {
		wg.Go(func() { work(m) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	tick := time.NewTicker(progress.TerminalInterval)
	defer tick.Stop()
	before := c.answered.Load()
	for start := time.Now(); ; {
		select {
		case <-done:
			c.client.CloseIdleConnections()
			return
		case <-tick.C:
			took, answers := time.Since(start), c.answered.Load()-before
			bar.Say("%s, %s: %d answers, %.0f/s", what, took.Round(time.Second), answers, float64(answers)/took.Seconds())
		}
	}
}

// share distributes tasks, numbered from 0, among the members. Each repeatedly takes the next task.
func (c *crowd) share(ctx context.Context, bar *progress.Bar, what string, tasks int, do func(m *member, n int)) {
	var next atomic.Int64
	c.each(bar, what, func(m *member) {
		for n := int(next.Add(1) - 1); n < tasks && m.active(ctx); n = int(next.Add(1) - 1) {
			do(m, n)
		}
	})
}

// pause waits for d or the end of ctx, and adds the time to c.paused.
func (c *crowd) pause(ctx context.Context, bar *progress.Bar, what string, d time.Duration) {
	start := time.Now()
	defer func() { c.paused += time.Since(start) }()
	end := time.NewTimer(max(d, 0))
	defer end.Stop()
	tick := time.NewTicker(progress.TerminalInterval)
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

// active reports whether a member continues: ctx has not ended, and the member has not failed too
// often in succession.
func (m *member) active(ctx context.Context) bool {
	return ctx.Err() == nil && m.failures < maxFailures
}

// do sends a request and records its latency and code. It returns the status, 0 if there was no response. The
// response is in m.response.
func (m *member) do(method, path string, body []byte) int {
	m.request.SetRequestURI(m.plan.Against + path)
	m.request.Header.SetMethod(method)
	m.request.SetBodyRaw(body)
	m.request.Header.SetContentLength(len(body)) // otherwise a GET keeps the length of the previous body
	start := m.pace.next()
	err := m.client.Do(m.request, m.response)
	m.answered.Add(1)
	if err != nil {
		m.codes["broken connection"]++
		m.failures++
		time.Sleep(failurePause)
		return 0
	}
	m.failures = 0
	m.recordLatency(time.Since(start))
	status := m.response.StatusCode()
	if status < 400 {
		m.codes[strconv.Itoa(status)]++
	} else {
		m.codes[strconv.Itoa(status)+" "+string(codeOf(m.response.Body()))]++
	}
	return status
}

// get reads a resource without recording the request, and reports whether that succeeded.
func (m *member) get(path string, into any) bool {
	var request fasthttp.Request // not m's, which may still have a body
	request.SetRequestURI(m.plan.Against + path)
	if m.plan.Token != "" {
		request.Header.Set("Authorization", "Bearer "+m.plan.Token)
	}
	return m.client.Do(&request, m.response) == nil && m.response.StatusCode() == http.StatusOK &&
		json.Unmarshal(m.response.Body(), into) == nil
}

// unknown reports whether a request with this status has an unknown outcome.
func unknown(status int) bool { return status >= 500 || status == 0 }

// codeOf returns the code in the JSON of a problem.
func codeOf(problem []byte) []byte {
	_, code, _ := bytes.Cut(problem, []byte(`"code":"`))
	code, _, _ = bytes.Cut(code, []byte(`"`))
	return code
}
