package cli

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
)

// dashboard is the part of Grafana's dashboard that is checked.
type dashboard struct {
	Panels []struct {
		Type, Title string
		Datasource  struct{ UID string }
		Targets     []struct{ Expr string }
	}
}

var (
	sample   = regexp.MustCompile(`(?m)^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? `)
	label    = regexp.MustCompile(`(\w+)="`)
	selector = regexp.MustCompile(`([a-zA-Z_:][\w:]*)\{([^}]*)\}`)
	matched  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	grouped  = regexp.MustCompile(`\bby \(([^)]*)\)`)
	// ours matches metrics of this program, with or without a selector.
	ours = regexp.MustCompile(`\b(?:admitone|process|go)_\w+`)
)

// metricsOf returns the labels of each metric in a Prometheus exposition.
func metricsOf(exposition string) map[string][]string {
	metrics := map[string][]string{}
	for _, line := range sample.FindAllStringSubmatch(exposition, -1) {
		labels := metrics[line[1]]
		for _, l := range label.FindAllStringSubmatch(line[2], -1) {
			labels = append(labels, l[1])
		}
		metrics[line[1]] = labels
	}
	return metrics
}

// faultsOfQuery returns the faults of a query: a metric that no server exposes, or a label that the
// metric lacks. Prometheus adds job and instance to each metric, and up itself.
func faultsOfQuery(query string, metrics map[string][]string) (faults []string) {
	labels := []string{"job", "instance"}
	var selected []string
	for _, s := range selector.FindAllStringSubmatch(query, -1) {
		name := s[1]
		selected = append(selected, name)
		own, ok := metrics[name]
		if !ok && name != "up" {
			faults = append(faults, "no server shows "+name)
			continue
		}
		labels = append(labels, own...)
		for _, m := range matched.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(own, m[1]) && m[1] != "job" && m[1] != "instance" {
				faults = append(faults, name+" has no label "+m[1])
			}
		}
	}
	for _, name := range ours.FindAllString(query, -1) {
		if !slices.Contains(selected, name) {
			faults = append(faults, name+" is asked for without a selector of the job")
		}
	}
	if len(selected) == 0 {
		faults = append(faults, "nothing is selected")
	}
	for _, g := range grouped.FindAllStringSubmatch(query, -1) {
		for name := range strings.SplitSeq(g[1], ",") {
			if name = strings.TrimSpace(name); !slices.Contains(labels, name) {
				faults = append(faults, "no label "+name+" to group by")
			}
		}
	}
	return faults
}

// TestDashboard: a node of a cluster exposes every metric and label that the dashboard queries.
func TestDashboard(t *testing.T) {
	var board dashboard
	if err := json.Unmarshal([]byte(dockerText(t, "grafana/dashboard.json")), &board); err != nil {
		t.Fatal(err)
	}
	var provisioned struct {
		Datasources []struct{ UID string }
	}
	dockerYAML(t, "grafana/datasource.yml", &provisioned)

	s := nodeIn(t, server.Settings{Listen: "127.0.0.1:0", Store: newEventStore(t).address(), Data: t.TempDir(),
		Cluster: server.ClusterSettings{Listen: freeAddress(t)}})
	s.sell("poster")
	metrics := metricsOf(s.send("GET", "/metrics", ""))
	queries := 0
	for _, panel := range board.Panels {
		if panel.Type == "row" {
			continue
		}
		if panel.Datasource.UID != provisioned.Datasources[0].UID {
			t.Errorf("%s: the datasource is %q, want %q as in datasource.yml", panel.Title, panel.Datasource.UID,
				provisioned.Datasources[0].UID)
		}
		for _, target := range panel.Targets {
			queries++
			for _, fault := range faultsOfQuery(target.Expr, metrics) {
				t.Errorf("%s: %s: %s", panel.Title, target.Expr, fault)
			}
		}
	}
	if queries < 20 {
		t.Errorf("the dashboard has %d queries, want at least 20", queries)
	}
}

// TestFaultsOfQuery checks that faultsOfQuery finds faults.
func TestFaultsOfQuery(t *testing.T) {
	metrics := metricsOf("# HELP a_total A.\na_total{kind=\"x\"} 1\nadmitone_b 2\n")
	for query, want := range map[string]string{
		`sum by (kind) (rate(a_total{kind="x", job="admitone"}[5m]))`: "",
		`sum(up{job="admitone"})`:                                     "",
		`admitone_b{instance=~"$node"} - admitone_b{job="a"}`:         "",
		`rate(c_total{}[5m])`:                                         "no server shows c_total",
		`a_total{code="x"}`:                                           "a_total has no label code",
		`sum by (code) (a_total{})`:                                   "no label code to group by",
		`admitone_b`:                                                  "without a selector",
		`vector(1)`:                                                   "nothing is selected",
	} {
		faults := strings.Join(faultsOfQuery(query, metrics), "; ")
		if want == "" && faults != "" || !strings.Contains(faults, want) {
			t.Errorf("%s: %q, want %q", query, faults, want)
		}
	}
}
