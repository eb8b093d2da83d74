package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrBadSignature is returned for a delivery that was not signed with the secret, or whose timestamp is
// more than five minutes from now in either direction.
var ErrBadSignature = errors.New("the webhook's signature is not valid")

// webhookTolerance bounds the difference between the timestamp of a delivery and now.
const webhookTolerance = 5 * time.Minute

// CheckWebhook verifies the signature of a delivery according to the Standard Webhooks specification,
// and returns its event. secret is the webhook's signing secret (whsec_…), body the raw request body.
// Deliveries are at least once: ignore an event whose ID was already processed.
//
// Errors: [ErrBadSignature]; others for an invalid secret, or a body that is not an event.
func CheckWebhook(secret string, header http.Header, body []byte) (Event, error) {
	return checkWebhook(secret, header, body, time.Now())
}

func checkWebhook(secret string, header http.Header, body []byte, now time.Time) (e Event, err error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return e, errors.New("the webhook's secret must be whsec_ followed by base64")
	}
	id, at := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return e, fmt.Errorf("%w: the header webhook-timestamp is missing or not a number", ErrBadSignature)
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > webhookTolerance {
		return e, fmt.Errorf("%w: its timestamp %q is more than five minutes from now", ErrBadSignature, at)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	want := mac.Sum(nil)
	for signature := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
		version, encoded, _ := strings.Cut(signature, ",")
		sum, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && hmac.Equal(sum, want) {
			if err := json.Unmarshal(body, &e); err != nil {
				return e, fmt.Errorf("the webhook's event: %w", err)
			}
			return e, nil
		}
	}
	return e, ErrBadSignature
}
