package webhooks

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"admitone/events"
)

// The headers of a delivery.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// secretPrefix marks a secret, which follows in base64.
const secretPrefix = "whsec_"

// Key is what the secrets of all webhooks are derived from.
type Key struct{ secret []byte }

// leastKey is the least length of a key in bytes.
const leastKey = 32

// NewKey takes the text of a key file: a line of at least 32 bytes. Error: it is shorter.
func NewKey(text []byte) (*Key, error) {
	secret := bytes.TrimSpace(text)
	if len(secret) < leastKey {
		return nil, errors.New("a key needs at least 32 bytes; make one with: head -c 32 /dev/urandom | base64")
	}
	return &Key{bytes.Clone(secret)}, nil
}

// derive returns the HMAC of parts, each with its length.
func (k *Key) derive(parts ...string) []byte {
	mac := hmac.New(sha256.New, k.secret)
	for _, part := range parts {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// Fingerprint identifies the key and reveals nothing about it.
func (k *Key) Fingerprint() string { return hex.EncodeToString(k.derive("fingerprint")[:8]) }

// Secret returns the secret of a webhook with a number, as its receiver gets it.
func (k *Key) Secret(id events.WebhookID, number int64) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(k.bytes(id, number))
}

// bytes are what the secret signs with.
func (k *Key) bytes(id events.WebhookID, number int64) []byte {
	return k.derive("secret", string(id), strconv.FormatInt(number, 10))
}

// sign returns the value of [HeaderSignature]: a signature per secret.
func sign(secrets [][]byte, id, timestamp string, body []byte) string {
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " ")
}
