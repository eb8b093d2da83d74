package api

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"admitone/actors/core"
	"admitone/events"
)

// metrics are the metrics of the HTTP server. The metrics of other components are read at each scrape.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	batched  *prometheus.CounterVec
	// facts are by name, problems by code. Both maps are complete and never change.
	facts    map[string]prometheus.Counter
	problems map[core.Code]prometheus.Counter
}

func newMetrics(c Config) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "admitone_http_requests_total", Help: "Requests by route and " +
				"status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "admitone_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"method", "route"}),
	}
	m.batched = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "admitone_batch_commands_total", Help: "Commands in batches by route and status."},
		[]string{"method", "route", "status"})
	facts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "admitone_facts_total", Help: "Facts that this server's callers caused, and the steps of bookings, by " +
			"type."}, []string{"type"})
	problems := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "admitone_problems_total", Help: "Problem responses, by code."}, []string{"code"})
	m.facts, m.problems = counters(facts, events.Names()), counters(problems, slices.Collect(maps.Keys(statuses)))
	c.Metrics.MustRegister(m.requests, m.seconds, m.batched, facts, problems,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if c.Bookings != nil {
		c.Bookings.Observe(m.countFacts)
	}
	m.registerDesk(c)
	m.registerViews(c)
	if c.Monitor != nil {
		m.registerMonitor(c)
	}
	if c.Refusals != nil {
		c.Metrics.MustRegister(
			prometheus.NewCounterFunc(
				prometheus.CounterOpts{
					Name: "admitone_refusals_recorded_total",
					Help: "Refusals recorded.",
				},
				func() float64 { return float64(c.Refusals.Kept()) },
			),
			prometheus.NewCounterFunc(
				prometheus.CounterOpts{
					Name: "admitone_refusals_dropped_total",
					Help: "Refusals dropped because there were too many to record.",
				},
				func() float64 { return float64(c.Refusals.Dropped()) },
			),
		)
	}
	if c.Rooms != nil {
		c.Metrics.MustRegister(newRoomCollector(c.Rooms))
	}
	if c.Rooms != nil && c.Peers != nil {
		c.Metrics.MustRegister(runningRooms(c.Rooms))
	}
	return m
}

// counters returns the counters of vec by the value of its label.
func counters[L ~string](vec *prometheus.CounterVec, values []L) map[L]prometheus.Counter {
	counters := make(map[L]prometheus.Counter, len(values))
	for _, value := range values {
		counters[value] = vec.WithLabelValues(string(value))
	}
	return counters
}

// countFacts counts the facts of a command.
func (m *metrics) countFacts(facts []events.Fact) {
	for _, fact := range facts {
		m.facts[fact.Name()].Inc()
	}
}

// countProblem counts a problem, unless its code is unknown.
func (m *metrics) countProblem(p *problem) {
	if counter := m.problems[p.code]; counter != nil {
		counter.Inc()
	}
}

func (m *metrics) registerDesk(c Config) {
	gauge := func(name, help string, value func() float64) {
		c.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		c.Metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
	}
	gauge("admitone_entities_active", "Entities in memory.", func() float64 { return float64(c.Desk.Stats().Active) })
	gauge("admitone_commands_in_flight", "Commands without an answer.",
		func() float64 { return float64(c.Desk.Stats().InFlight) })
	counter("admitone_entity_loads_total", "Entities read from the log.",
		func() float64 { return float64(c.Desk.Stats().Loads) })
	counter("admitone_entity_reloads_total", "Loads after an append that failed.",
		func() float64 { return float64(c.Desk.Stats().Reloads) })
	counter("admitone_append_conflicts_total", "Appends that lost to another writer.",
		func() float64 { return float64(c.Desk.Stats().Conflicts) })
	counter("admitone_append_unknown_total", "Appends with an unknown outcome.",
		func() float64 { return float64(c.Desk.Stats().Unknown) })
	counter("admitone_panics_total", "Panics in the rules of an entity; each is a bug.",
		func() float64 { return float64(c.Desk.Stats().Panics) })
	counter("admitone_snapshots_total", "Snapshots written.",
		func() float64 { return float64(c.Desk.Stats().Snapshots) })
}

func (m *metrics) registerViews(c Config) {
	c.Metrics.MustRegister(
		prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: "admitone_projection_position", Help: "Position the views have reached."},
			func() float64 { return float64(c.Views.Position()) },
		),
		prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: "admitone_log_position", Help: "Position of the last event."},
			func() float64 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				head, err := c.Store.Head(ctx)
				if err != nil {
					return -1
				}
				return float64(head)
			},
		),
	)
}

func (m *metrics) registerMonitor(c Config) {
	c.Metrics.MustRegister(
		prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{
				Name: "admitone_prove_position",
				Help: "Position up to which the log was checked against all rules, and is valid.",
			},
			func() float64 { return float64(c.Monitor.Position()) },
		),
		prometheus.NewCounterFunc(
			prometheus.CounterOpts{
				Name: "admitone_prove_events_total",
				Help: "Events that were checked against all rules since the start, and are valid.",
			},
			func() float64 { return float64(c.Monitor.Events()) },
		),
		prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{
				Name: "admitone_prove_violated",
				Help: "1 if the log breaks a rule; /readyz says which.",
			},
			func() float64 {
				if c.Monitor.Violation() != nil {
					return 1
				}
				return 0
			},
		),
	)
}

// routeMetrics are the metrics of one route, looked up once.
type routeMetrics struct {
	vec     *prometheus.CounterVec
	labels  [2]string           // the method and the path
	seconds prometheus.Observer // nil for a route of batches
	status  [600]atomic.Pointer[prometheus.Counter]
}

// route returns the metrics of one route.
func (m *metrics) route(method, path string) *routeMetrics {
	return &routeMetrics{
		vec:     m.requests,
		labels:  [2]string{method, path},
		seconds: m.seconds.WithLabelValues(method, path),
	}
}

// observe counts a request and records how long it took.
func (r *routeMetrics) observe(status int, took time.Duration) {
	r.seconds.Observe(took.Seconds())
	r.count(status)
}

// batchRoute returns the counters of one route for commands in batches.
func (m *metrics) batchRoute(method, path string) *routeMetrics {
	return &routeMetrics{vec: m.batched, labels: [2]string{method, path}}
}

// count counts an answer by its status.
func (r *routeMetrics) count(status int) {
	status = min(max(status, 0), len(r.status)-1)
	counter := r.status[status].Load()
	if counter == nil {
		c := r.vec.WithLabelValues(r.labels[0], r.labels[1], strconv.Itoa(status))
		counter = &c
		r.status[status].Store(counter)
	}
	(*counter).Inc()
}
