package webhooktest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// headers of a delivery that a receiver verifies.
var headers = []string{"webhook-id", "webhook-timestamp", "webhook-signature"}

// Verify verifies deliveries with the library of Standard Webhooks for Node. Without Node it skips
// the test with a reason.
func Verify(t testing.TB, secret string, deliveries []Delivery) {
	t.Helper()
	verified, err := verify(t, secret, deliveries)
	if err != nil || verified != len(deliveries) {
		t.Errorf("%d of %d deliveries are genuine: %v", verified, len(deliveries), err)
	}
}

// Forged checks that none of the deliveries is genuine by a secret.
func Forged(t testing.TB, secret string, deliveries []Delivery) {
	t.Helper()
	for i := range deliveries {
		if verified, err := verify(t, secret, deliveries[i:i+1]); err == nil {
			t.Errorf("%d deliveries pass as genuine", verified)
		}
	}
}

func verify(t testing.TB, secret string, deliveries []Delivery) (verified int, err error) {
	node, modules := findNode(t)
	var input, failure bytes.Buffer
	lines := json.NewEncoder(&input)
	for i := range deliveries {
		given := map[string]string{}
		for _, name := range headers {
			given[name] = deliveries[i].Header.Get(name)
		}
		line := map[string]any{"secret": secret, "headers": given, "body": string(deliveries[i].Body)}
		if err := lines.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	_, here, _, _ := runtime.Caller(0)
	script := exec.CommandContext(t.Context(), node, filepath.Join(filepath.Dir(here), "..", "testdata", "node", "verify.cjs"))
	script.Env = append(os.Environ(), "NODE_PATH="+modules)
	script.Stdin, script.Stderr = &input, &failure
	out, err := script.Output()
	if err != nil {
		t.Logf("%.300s", failure.String())
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

// findNode returns the path of Node and of the folder with the library.
func findNode(t testing.TB) (node, modules string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if cache, failed := os.UserCacheDir(); failed == nil {
		modules = filepath.Join(cache, "admitone-webhooks", "node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "standardwebhooks", "package.json"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Node or the library of Standard Webhooks is missing, and may not be here: %v", err)
		}
		t.Skipf("Node or the library of Standard Webhooks is missing; .ci/run install installs them: %v", err)
	}
	return node, modules
}
