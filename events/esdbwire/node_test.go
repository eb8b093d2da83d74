package esdbwire

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestNodeClient: EventStoreDB's client for Node can append (in batches), read, follow and delete, with the
// results in a transcript.
func TestNodeClient(t *testing.T) {
	node, modules := findNode(t)
	address, _ := serve(t, openLog(t), Config{Writable: true})
	script := exec.CommandContext(testContext(t), node, filepath.Join("testdata", "node", "client.cjs"),
		fmt.Sprintf("esdb://%s?tls=false", address))
	script.Env = append(os.Environ(), "NODE_PATH="+modules)
	var errors bytes.Buffer
	script.Stderr = &errors
	out, err := script.Output()
	if err != nil {
		t.Errorf("the client failed: %v\n%s", err, errors.String())
	}
	compare(t, "node", string(out))
}

// findNode returns the path of Node and of the folder with its client.
func findNode(t *testing.T) (node, modules string) {
	t.Helper()
	node, err := exec.LookPath("node")
	modules = os.Getenv("NODE_PATH")
	if cache, err := os.UserCacheDir(); err == nil && modules == "" {
		modules = filepath.Join(cache, "admitone-node", "node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "@eventstore", "db-client", "package.json"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Node or its client is missing, but required in CI: %v", err)
		}
		t.Skipf("Node or its client is missing; .ci/run install installs them: %v", err)
	}
	return node, modules
}
