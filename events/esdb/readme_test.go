package esdb

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestConnectionStringsOfTheReadme: all connection strings in the README can be parsed, except for the
// names of files.
func TestConnectionStringsOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("`(esdb[^` ]*://[^`]+)`").FindAllStringSubmatch(string(text), -1)
	files := regexp.MustCompile(`\?(tlsCaFile|userCertFile)=.*`)
	parsed := 0
	for _, match := range found {
		if match[1] == "esdb+discover://" {
			continue
		}
		parsed++
		if _, err := parse(files.ReplaceAllString(match[1], "")); err != nil {
			t.Errorf("parse(%s): %v, want no error", match[1], err)
		}
		for _, option := range regexp.MustCompile(`[?&](\w+)=`).FindAllStringSubmatch(match[1], -1) {
			known := false
			for _, o := range options {
				known = known || strings.EqualFold(o.name, option[1])
			}
			if !known {
				t.Errorf("%s: there is no option %s", match[1], option[1])
			}
		}
	}
	if parsed < 6 {
		t.Errorf("%d connection strings, want at least 6", parsed)
	}
}
