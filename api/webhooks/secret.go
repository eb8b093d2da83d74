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

// secretPrefix precedes the base64 text of a secret.
const secretPrefix = "whsec_"

// Key is the master key from which the secrets of all webhooks are derived.
type Key struct{ secret []byte }

// minKey is the minimum length of a key, in bytes.
const minKey = 32

// NewKey returns the key in the text of a key file, without surrounding white space. Error: it has less
// than 32 bytes.
func NewKey(text []byte) (*Key, error) {
	secret := bytes.TrimSpace(text)
	if len(secret) < minKey {
		return nil, errors.New("a key needs at least 32 bytes; make one with: head -c 32 /dev/urandom | base64")
	}
	return &Key{bytes.Clone(secret)}, nil
}

// derive returns the HMAC-SHA-256 of parts, each preceded by its length.
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

// Secret returns the secret of a webhook with a number, in the form that its receiver uses.
func (k *Key) Secret(id events.WebhookID, number int64) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(k.bytes(id, number))
}

// bytes returns the secret as the key of an HMAC.
func (k *Key) bytes(id events.WebhookID, number int64) []byte {
	return k.derive("secret", string(id), strconv.FormatInt(number, 10))
}

// sign returns the value of [HeaderSignature], with a signature per secret.
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
