package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// cluster is a group of nodes on one log. Without --cluster, they do not know of each other.
type cluster struct {
	log   *server
	nodes []*server
}

// startNodes starts nodes on a new log. If clustered, they run with --cluster, and startNodes waits until they agree
// on the members.
func (b *bench) startNodes(name string, count int, clustered bool) (*cluster, error) {
	dir := filepath.Join(b.dir, name)
	address, log, err := b.startEventStore(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	c := &cluster{log: log}
	for i := range count {
		if err := b.addNode(c, address, dir, fmt.Sprint("n", i+1), clustered); err != nil {
			c.stop()
			return nil, err
		}
	}
	if clustered {
		if err := c.waitForAgreement(); err != nil {
			c.stop()
			return nil, err
		}
	}
	return c, nil
}

func (b *bench) addNode(c *cluster, log, dir, name string, clustered bool) error {
	args := []string{"--data", filepath.Join(dir, name), "--secrets", filepath.Join(dir, "secrets"), "--log-level", "warn"}
	if clustered {
		port, err := freePort()
		if err != nil {
			return err
		}
		args = append(args, "--cluster", "127.0.0.1:"+port, "--node", name)
	}
	s, err := b.serve(log, args...)
	if err == nil {
		c.nodes = append(c.nodes, s)
	}
	return err
}

func (c *cluster) stop() {
	for _, s := range c.nodes {
		s.stop()
	}
	c.log.stop()
}

// waitForAgreement waits until every node sees that all of them serve.
func (c *cluster) waitForAgreement() error {
	for range 300 {
		views := map[string]bool{}
		serving := 0
		for _, s := range c.nodes {
			var seen struct {
				View  string
				Nodes []struct{ State string }
			}
			if err := s.get("/v1/cluster", &seen); err != nil {
				return err
			}
			views[seen.View] = true
			for _, n := range seen.Nodes {
				if n.State == "serving" {
					serving++
				}
			}
		}
		if serving == len(c.nodes)*len(c.nodes) && len(views) == 1 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the nodes did not agree on the members")
}

// usage is the CPU time of the nodes and of the log, and the number of the nodes' appends that conflicted with
// another.
type usage struct {
	nodes, log time.Duration
	conflicts  int
}

// measureUsage waits until the nodes are idle, and returns their usage since they were started.
func (c *cluster) measureUsage() (u usage, err error) {
	for _, s := range c.nodes {
		if err := s.settle(); err != nil {
			return u, err
		}
		conflicts, err := s.metric("admitone_append_conflicts_total")
		if err != nil {
			return u, err
		}
		u.nodes, u.conflicts = u.nodes+s.cpu(), u.conflicts+int(conflicts)
	}
	u.log = c.log.cpu()
	return u, nil
}

// metric returns the value of a metric without labels, or 0 if the server does not have the metric.
func (s *server) metric(name string) (value float64, err error) {
	response, err := http.Get(s.url + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+" "); found {
			_, err = fmt.Sscan(rest, &value)
			return value, err
		}
	}
	return 0, nil
}

// loadResult has the costs of a load.
type loadResult struct {
	nodes, log float64 // CPU time per successful request, in µs
	conflicts  float64 // appends that conflicted with another, in percent of the successful requests
}

// load runs wrk at some of the nodes, with a thread for each.
func (c *cluster) load(b *bench, at []*server, path, request string) (result loadResult, err error) {
	before, err := c.measureUsage()
	if err != nil {
		return result, err
	}
	seen, err := b.wrkThreads(len(at), at[0].url+path, roundRobin(at)+request)
	if err != nil {
		return result, err
	}
	after, err := c.measureUsage()
	if err != nil {
		return result, err
	}
	count := seen.count - seen.refused
	if seen.refused > seen.count/100 {
		return result, fmt.Errorf("%s: %d of %d answers are refusals or failures", path, seen.refused, seen.count)
	}
	perRequest := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(count) }
	return loadResult{
		nodes:     perRequest(after.nodes - before.nodes),
		log:       perRequest(after.log - before.log),
		conflicts: 100 * float64(after.conflicts-before.conflicts) / float64(count),
	}, nil
}

// roundRobin returns the part of a script that assigns the nodes to wrk's threads in turn.
func roundRobin(at []*server) string {
	var nodes []string
	for _, s := range at {
		host, port, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
		nodes = append(nodes, fmt.Sprintf("{%q,%q}", host, port))
	}
	return "local nodes, threads = {" + strings.Join(nodes, ",") + `}, 0
function setup(thread)
  local at = nodes[threads % #nodes + 1]
  threads = threads + 1
  thread.addr = wrk.lookup(at[1], at[2])[1]
end
`
}

// spreadProducts is the number of products among which the requests are distributed.
const spreadProducts = 1000

// spreadScript returns a script that posts each reservation to a random one of the products.
func spreadScript() string {
	return wrkScript + fmt.Sprintf(`function request()
  return wrk.format(nil, '/v1/products/p' .. math.random(0, %d) .. '/reservations')
end
`, spreadProducts-1)
}

// measureNodes measures a hop between two nodes, and compares three nodes that form a cluster with three that don't.
func measureNodes(b *bench) ([]row, error) {
	rows, err := measureHop(b)
	if err != nil {
		return rows, err
	}
	shared, err := measureCluster(b)
	return append(rows, shared...), err
}

// measureHop compares reservations of one product that are sent to the node that owns it with those sent to
// the other node.
func measureHop(b *bench) ([]row, error) {
	c, err := b.startNodes("hop", 2, true)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	product, err := ownedByFirst(c)
	if err != nil {
		return nil, err
	}
	path := "/v1/products/" + product + "/reservations"
	var yardstick, direct, passed, hop []float64
	for range b.turns {
		for _, side := range []struct {
			at      *server
			path    string
			figures *[]float64
		}{{c.nodes[0], "/yardstick", &yardstick}, {c.nodes[0], path, &direct}, {c.nodes[1], path, &passed}} {
			result, err := c.load(b, []*server{side.at}, side.path, wrkScript)
			if err != nil {
				return nil, err
			}
			*side.figures = append(*side.figures, result.nodes)
		}
		hop = append(hop, passed[len(passed)-1]-direct[len(direct)-1])
	}
	return []row{
		{"one hot product of two nodes, sent to its owner: CPU of both nodes", spread(direct, "%.1f µs"), ""},
		{"… sent to the other node", spread(passed, "%.1f µs"), ""},
		{"… so a hop, both ends", spread(hop, "%.1f µs"), "≤ 30 µs"},
		{"… as a ratio to the yardstick's CPU", spread(ratios(hop, yardstick), "%.2f"), "≤ 1.2"},
	}, nil
}

// ownedByFirst creates products until the second node forwards a reservation to the first, and returns that
// product's id.
func ownedByFirst(c *cluster) (string, error) {
	for i := range 100 {
		id := fmt.Sprint("hop", i)
		body := fmt.Sprintf(`{"id":%q,"name":"x","stock":1000000000}`, id)
		if err := c.nodes[0].post("/v1/products", body, nil); err != nil {
			return "", err
		}
		response, err := http.Post(c.nodes[1].url+"/v1/products/"+id+"/reservations", "application/json",
			strings.NewReader(`{"holder":"ann"}`))
		if err != nil {
			return "", err
		}
		response.Body.Close()
		if response.Header.Get("Admitone-Node") == "n1" {
			return id, nil
		}
	}
	return "", errors.New("the second node forwarded none of 100 reservations to the first")
}

// nodeWorkload is a load on three nodes, and its figures: at index 0 with --cluster, at 1 without.
type nodeWorkload struct {
	name, script string
	cpu          [2][]float64 // of the nodes and the log, in µs per request
	conflicts    [2][]float64 // in percent of the requests
}

// measureCluster sends reservations of one product, and then of many, to three nodes in turn, with and without
// --cluster.
func measureCluster(b *bench) ([]row, error) {
	var sides [2]*cluster
	for i, name := range []string{"clustered", "apart"} {
		c, err := b.startNodes(name, 3, i == 0)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		for k := range spreadProducts {
			body := fmt.Sprintf(`{"id":"p%d","name":"x","stock":1000000000}`, k)
			if err := c.nodes[0].post("/v1/products", body, nil); err != nil {
				return nil, err
			}
		}
		sides[i] = c
	}
	workloads := []*nodeWorkload{{name: "one hot product", script: wrkScript},
		{name: fmt.Sprint(spreadProducts, " products"), script: spreadScript()}}
	for range b.turns {
		for _, s := range workloads {
			for i, c := range sides {
				result, err := c.load(b, c.nodes, "/v1/products/p0/reservations", s.script)
				if err != nil {
					return nil, err
				}
				s.cpu[i] = append(s.cpu[i], result.nodes+result.log)
				s.conflicts[i] = append(s.conflicts[i], result.conflicts)
			}
		}
	}
	var rows []row
	for _, s := range workloads {
		rows = append(rows,
			row{s.name + " at three nodes in turn: CPU of the nodes and of the log for each request",
				fmt.Sprintf("%s; without --cluster %s", spread(s.cpu[0], "%.1f µs"), spread(s.cpu[1], "%.1f µs")), ""},
			row{"… as a share of without --cluster", spread(ratios(s.cpu[0], s.cpu[1]), "%.2f"), "≤ 0.8"},
			row{"… conflicts per request", fmt.Sprintf("%s; without --cluster %s", spread(s.conflicts[0], "%.3f %%"),
				spread(s.conflicts[1], "%.2f %%")), "≤ 0.1 %"})
	}
	return rows, nil
}
