package server

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"os"

	"admitone/api"
	"admitone/cmd/admitone/usage"
)

// derive derives a key for a purpose from the secret of all nodes.
func derive(secret []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "admitone cluster "+purpose, sha256.Size)
	if err != nil {
		panic(err) // the length is valid for SHA-256
	}
	return key
}

// printOf identifies a secret without revealing it.
func printOf(secret []byte) string { return hex.EncodeToString(derive(secret, "print")[:4]) }

// clusterSecret returns the secret of all nodes: from a file, or that of tokens. In open mode, on
// loopback, every caller may do everything, so the log's epoch suffices.
func clusterSecret(s Settings, epoch string) ([]byte, error) {
	if file := s.Cluster.SecretFile; file != "" {
		secret, err := os.ReadFile(file)
		if err != nil {
			return nil, usage.Errorf("--cluster-secret-file: %w", err)
		}
		if fault := secretFault(secret); fault != "" {
			return nil, usage.Errorf("%s: %s", file, fault)
		}
		return secret, nil
	}
	if tokens, ok := s.Auth.(api.JWTAuth); ok && tokens.Keys == nil {
		return tokens.Secret, nil
	}
	if !IsLoopback(s.Cluster.Listen) {
		return nil, usage.Errorf("--cluster on an address that others reach needs a secret that all nodes share: give one " +
			"with --cluster-secret-file, or --auth jwt with one --secrets for all")
	}
	return []byte(epoch), nil
}
