package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// storeImages maps the images of stores to the prefix of their settings. The settings of a version are
// listed in testdata/<name>-<version>.txt.
var storeImages = map[string]string{
	"eventstore/eventstore":     "EVENTSTORE_",
	"kurrentplatform/kurrentdb": "KURRENTDB_",
}

// storeSettings returns the documented settings of an image, or nil if the image is not that of a store.
func storeSettings(t *testing.T, image string) (prefix string, documented map[string]bool) {
	t.Helper()
	name, version, _ := strings.Cut(image, ":")
	prefix, known := storeImages[name]
	if !known {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Join("testdata", filepath.Base(name)+"-"+version+".txt"))
	if err != nil {
		t.Fatalf("the settings of %s: %v; list those that its documentation names", image, err)
	}
	documented = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			documented[strings.TrimSpace(line)] = true
		}
	}
	return prefix, documented
}

// undocumented returns the settings of a service that its image does not document.
func undocumented(s *composeService, prefix string, documented map[string]bool) (unknown []string) {
	for variable := range s.Environment {
		if !documented[variable] {
			unknown = append(unknown, variable)
		}
	}
	for _, arg := range s.Command {
		flag, _, _ := strings.Cut(arg, "=")
		name, ok := strings.CutPrefix(flag, "--")
		if !ok || !documented[prefix+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] {
			unknown = append(unknown, arg)
		}
	}
	return unknown
}

// TestStoreSettings: the settings that the compose files give to an EventStoreDB or a KurrentDB are
// documented by the image. No Docker is needed.
func TestStoreSettings(t *testing.T) {
	files, stores := composeFiles(t), 0
	for name, file := range files {
		for service, s := range file.Services {
			prefix, documented := storeSettings(t, s.Image)
			if documented == nil {
				continue
			}
			if name == "compose.kurrentdb.yml" { // it extends compose.eventstore.yml
				s.Command = files["compose.eventstore.yml"].Services[service].Command
			}
			if len(s.Command)+len(s.Environment) == 0 {
				t.Errorf("%s: %s has no command and no environment, want settings", name, service)
			}
			for _, unknown := range undocumented(&s, prefix, documented) {
				t.Errorf("%s: %s: %s does not document %s", name, service, s.Image, unknown)
			}
			stores++
		}
	}
	if stores != 1+1+3 {
		t.Errorf("the compose files have %d stores, want 5", stores)
	}
	_, documented := storeSettings(t, "eventstore/eventstore:24.10")
	wrong := composeService{Command: []string{"--insecure", "--in-secure", "run"},
		Environment: map[string]string{"EVENTSTORE_NODE_IPS": "0.0.0.0"}}
	if found := undocumented(&wrong, "EVENTSTORE_", documented); len(found) != 3 {
		t.Errorf("undocumented(%v) = %q, want 3 settings", wrong, found)
	}
}
