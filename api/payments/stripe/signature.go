package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const (
	// headerSignature is the header with the time and the signatures of a webhook.
	headerSignature = "Stripe-Signature"
	// signatureValidity is how long a signature is valid after its time.
	signatureValidity = 5 * time.Minute
)

// validSignature reports whether header, t=<Unix time>,v1=<signature>,…, has a valid signature of body
// with secret: the HMAC-SHA-256 of the time, a dot and the body. Schemes other than v1 are ignored. While
// a secret is being replaced there are two signatures.
func validSignature(header string, body []byte, secret string, now time.Time) bool {
	timestamp, signatures := "", []string(nil)
	for part := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			timestamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)) > signatureValidity {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, signature := range signatures {
		if got, err := hex.DecodeString(signature); err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}
