package webhooktest

import (
	"bytes"
	_ "embed" // verify.cjs
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// headers are the headers that the library verifies.
var headers = []string{"webhook-id", "webhook-timestamp", "webhook-signature"}

// verifyScript is the script for Node. It is embedded, so that a test binary finds it in any folder.
//
//go:embed verify.cjs
var verifyScript string

// Verify verifies deliveries with the library of Standard Webhooks for Node. Without Node it skips
// the test with a reason.
func Verify(t testing.TB, secret string, deliveries []Delivery) {
	t.Helper()
	checkGenuine(t, secret, deliveries, len(deliveries))
}

// VerifyForged checks that the library accepts none of the deliveries.
func VerifyForged(t testing.TB, secret string, deliveries []Delivery) {
	t.Helper()
	checkGenuine(t, secret, deliveries, 0)
}

func checkGenuine(t testing.TB, secret string, deliveries []Delivery, want int) {
	t.Helper()
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
	script := exec.CommandContext(t.Context(), node, "-e", verifyScript)
	script.Env = append(os.Environ(), "NODE_PATH="+modules)
	script.Stdin, script.Stderr = &input, &failure
	out, err := script.Output()
	if genuine := strings.TrimSpace(string(out)); err != nil || genuine != strconv.Itoa(want) {
		t.Errorf("%q of %d deliveries are genuine, want %d: %v\n%.300s", genuine, len(deliveries), want, err, failure.String())
	}
}

// findNode returns the path of Node and of the folder with the library.
func findNode(t testing.TB) (node, modules string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if cache, cacheErr := os.UserCacheDir(); cacheErr == nil {
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
