package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// secretFile is where the secret that signs tokens lies if no other file is named,
// below the store's directory.
const secretFile = "jwt.key"

// leastSecret is how many bytes a secret has at least: as many as HS256's hash (RFC
// 7518 section 3.2).
const leastSecret = 32

// jwtSecret reads the secret that signs tokens: from file, or else from the store's
// directory, where it is made at the first need. So a server and the token command
// agree without further ado.
func jwtSecret(file, store string) ([]byte, error) {
	if file == "" {
		file = filepath.Join(store, secretFile)
		if err := makeSecret(file); err != nil {
			return nil, err
		}
	}
	secret, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("--jwt-secret-file: %w", err)
	}
	if len(secret) < leastSecret {
		return nil, usagef("%s: a secret needs at least %d bytes, this one has %d; make one with: head -c 32 /dev/urandom | base64 > %s",
			file, leastSecret, len(secret), file)
	}
	return secret, nil
}

// makeSecret writes a new secret unless the file exists.
func makeSecret(file string) error {
	return makeFile(file, func() []byte {
		secret := make([]byte, leastSecret)
		_, _ = rand.Read(secret) // never fails; see crypto/rand
		return []byte(base64.StdEncoding.EncodeToString(secret) + "\n")
	})
}

// makeFile writes a new file of secrets, for its owner alone, unless it exists. It
// appears whole or not at all, whoever else does the same at that moment.
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

// writeFresh writes text into a new file beside the one that it is to become, and
// returns its name.
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
