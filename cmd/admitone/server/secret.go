package server

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"admitone/cmd/admitone/usage"
)

// SecretFile has the secret that signs tokens, below the store's directory, if no other file is
// named.
const SecretFile = "jwt.key"

// LeastSecret is the minimum length of a secret in bytes: that of HS256's hash (RFC 7518 section
// 3.2).
const LeastSecret = 32

// JWTSecret reads the secret that signs tokens from file, or else from the store's directory, where
// it is created if needed, so that a server and the token command share it. Errors: a [usage.Error]
// for a file that can't be read or has no secret; the disk's.
func JWTSecret(file, store string) ([]byte, error) {
	if file == "" {
		file = filepath.Join(store, SecretFile)
		if err := makeSecret(file); err != nil {
			return nil, err
		}
	}
	secret, err := os.ReadFile(file)
	if err != nil {
		return nil, usage.Errorf("--jwt-secret-file: %w", err)
	}
	if fault := secretFault(secret); fault != "" {
		return nil, usage.Errorf("%s: %s; make one with: head -c 32 /dev/urandom | base64 > %s", file, fault, file)
	}
	return secret, nil
}

// secretFault returns why a text is not a valid secret, "" if it is one. A line end after it is
// part of the secret, but does not count towards its length.
func secretFault(secret []byte) string {
	text := bytes.TrimRight(secret, "\r\n")
	switch {
	case len(text) < LeastSecret:
		return fmt.Sprintf("a secret needs at least %d bytes before the end of its line, this one has %d", LeastSecret,
			len(text))
	case len(bytes.TrimSpace(text)) == 0:
		return "a secret must not consist of spaces"
	case len(bytes.Trim(text, string(text[:1]))) == 0:
		return "a secret must not repeat one byte"
	}
	return ""
}

// makeSecret creates the file of a secret, unless it exists.
func makeSecret(file string) error {
	return makeFile(file, newSecret)
}

// newSecret generates the text of a secret: a line.
func newSecret() []byte {
	secret := make([]byte, LeastSecret)
	_, _ = rand.Read(secret) // never fails; see crypto/rand
	return []byte(base64.StdEncoding.EncodeToString(secret) + "\n")
}

// makeFile creates a file of secrets that only its owner can access, unless it exists. It is
// created atomically, even with concurrent attempts.
func makeFile(file string, text func() []byte) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	fresh, err := writeFresh(file, text())
	if err != nil {
		return err
	}
	defer os.Remove(fresh)
	if err := os.Link(fresh, file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeFresh writes text to a temporary file next to file, and returns its name.
func writeFresh(file string, text []byte) (name string, err error) {
	fresh, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return "", err
	}
	_, err = fresh.Write(text)
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return "", errors.Join(err, os.Remove(fresh.Name()))
	}
	return fresh.Name(), nil
}
