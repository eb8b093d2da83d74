package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/whatif"
)

// TestWhatIf: the command, on a log and through a server.
func TestWhatIf(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	through, _ := must(t, exitDone, "what-if", "--url", s.url, "--set", "limit_per_holder=2")
	s.end()
	chart := filepath.Join(t.TempDir(), "sale.svg")
	stdout, _ := must(t, exitDone, "what-if", "--store", s.store, "--set", "limit_per_holder=2", "--chart", chart)
	if stdout != through {
		t.Errorf("the server's log and the directory's differ:\n%s\n%s", through, stdout)
	}
	for _, want := range []string{"positions 1 to 5, 5 wishes; what if: limit_per_holder=2", "units sold 4 1", "refused: limit_exceeded – 2"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if svg := string(contents(t, chart)); !strings.HasPrefix(svg, "<svg ") || !strings.HasSuffix(svg, "</svg>\n") {
		t.Error(svg)
	}
	stdout, _ = must(t, exitDone, "what-if", "--store", s.store, "--json")
	var answer whatif.Comparison
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || answer.Recorded.UnitsSold != 4 || answer.WhatIf.UnitsSold != 4 || answer.WhatIf.GivenBack != 1 {
		t.Errorf("%s: %v", stdout, err)
	}
	stdout, _ = must(t, exitDone, "what-if", "--store", s.store, "--from", "3", "--to", "3", "--set", "stock=3")
	if !strings.Contains(stdout, "positions 3 to 3, 1 wishes") || !strings.Contains(stdout, "refused: sold_out") {
		t.Error(stdout)
	}
	for _, args := range [][]string{{"--set", "price=1"}, {"--set", "stock"}, {"--from", "noon"}, {"--to", "noon"}, {"--from", "4", "--to", "2"},
		{"--from", "5", "--set", "stock=1"}, {"--chart", s.store}, {"more"}} {
		must(t, exitUsage, append([]string{"what-if", "--store", s.store}, args...)...)
	}
	must(t, exitUnavailable, "what-if", "--store", t.TempDir())
}
