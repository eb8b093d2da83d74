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

// makeSecret writes a new secret unless the file exists. It appears whole or not at
// all, whoever else does the same at that moment.
func makeSecret(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	secret := make([]byte, leastSecret)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.WriteString(base64.StdEncoding.EncodeToString(secret) + "\n")
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err := os.Link(fresh.Name(), file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
