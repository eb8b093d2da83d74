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

// ErrBadSignature: a delivery was not signed with the secret, or too long ago or too far ahead.
var ErrBadSignature = errors.New("the webhook's signature is not valid")

// webhookTolerance is how far the time of a delivery may be from now.
const webhookTolerance = 5 * time.Minute

// CheckWebhook checks the signature of a delivery as the Standard Webhooks specification has it, and
// returns its event. secret is what the webhook was made with (whsec_…), body is as it came. The
// same event may come more than once: its ID is in the header webhook-id too.
//
// Errors: [ErrBadSignature]; one that says that the secret, or the event, is none.
func CheckWebhook(secret string, header http.Header, body []byte) (Event, error) {
	return checkWebhook(secret, header, body, time.Now())
}

func checkWebhook(secret string, header http.Header, body []byte, now time.Time) (e Event, err error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return e, errors.New("the secret of a webhook is whsec_ and base64")
	}
	id, at := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > webhookTolerance {
		return e, fmt.Errorf("%w: the time %q is too far from now", ErrBadSignature, at)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	want := mac.Sum(nil)
	for signature := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
		version, encoded, _ := strings.Cut(signature, ",")
		sum, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && hmac.Equal(sum, want) {
			if err := json.Unmarshal(body, &e); err != nil {
				return e, fmt.Errorf("the event of a webhook: %w", err)
			}
			return e, nil
		}
	}
	return e, ErrBadSignature
}
