package esdbwire

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecorded compares the transcripts with those recorded from EventStoreDB 23.10.8 and 24.6.0, whose
// answers were identical. read-refused was recorded only from 24.6.0, append-refused only from 23.10.8.
// testdata/recorded/differences.txt lists the lines that differ, and doc.go states the reasons.
func TestRecorded(t *testing.T) {
	names, err := filepath.Glob("testdata/recorded/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	var found strings.Builder
	for _, name := range names {
		name = filepath.Base(name)
		if name == "differences.txt" {
			continue
		}
		fmt.Fprintf(&found, "%s\n", name)
		compared++
		theirs, ours := recordedLines(t, "recorded", name), recordedLines(t, "transcripts", name)
		for _, line := range onlyIn(theirs, ours) {
			fmt.Fprintf(&found, "  EventStoreDB: %s\n", line)
		}
		for _, line := range onlyIn(ours, theirs) {
			fmt.Fprintf(&found, "  here:         %s\n", line)
		}
	}
	if compared != 9 {
		t.Errorf("%d transcripts were compared, want 9", compared)
	}
	path := "testdata/recorded/differences.txt"
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && *writeNew {
		err = os.WriteFile(path, []byte(found.String()), 0o644)
		want = []byte(found.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	if found.String() != string(want) {
		t.Errorf("the answers differ from the recorded ones in these lines, want those in %s:\n%s", path, &found)
	}
}

func recordedLines(t *testing.T, folder, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// onlyIn returns the lines of a that are not in the longest common subsequence of a and b.
func onlyIn(a, b []string) (lines []string) {
	common := make([][]int, len(a)+1)
	common[len(a)] = make([]int, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		common[i] = make([]int, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a); i++ {
		for j < len(b) && a[i] != b[j] && common[i][j+1] == common[i][j] && common[i+1][j] < common[i][j] {
			j++
		}
		if j < len(b) && a[i] == b[j] && common[i][j] == common[i+1][j+1]+1 {
			j++
			continue
		}
		lines = append(lines, a[i])
	}
	return lines
}
