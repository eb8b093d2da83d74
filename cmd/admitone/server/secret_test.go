package server

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/usage"
)

// TestInvalidSecrets: JWTSecret refuses weak and short secrets, and returns a good one unchanged, with its
// newline.
func TestInvalidSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for _, text := range []string{"", "short", strings.Repeat(" ", 40), strings.Repeat("\x00", 40),
		strings.Repeat("\x00", 31) + "\n",
		"thirty-one bytes and a newline.\n", "thirty-one bytes and two of them\r\n"[1:], strings.Repeat("a", 64) + "\n",
		strings.Repeat(" \t", 20) + "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var usageError usage.Error
		if _, err := JWTSecret(file, ""); !errors.As(err, &usageError) || !strings.Contains(err.Error(), file) {
			t.Errorf("JWTSecret of %q = %v, want a usage error that names the file", text, err)
		}
	}
	good := []byte("thirty-two bytes with a newline.\n")
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if secret, err := JWTSecret(file, ""); err != nil || !bytes.Equal(secret, good) {
		t.Errorf("JWTSecret = %q, %v; want the whole file, %q", secret, err, good)
	}
}
