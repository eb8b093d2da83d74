package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"admitone/api/payments"
)

const (
	// stripeAPI is the base URL of Stripe's API, apiVersion the version in requests.
	stripeAPI  = "https://api.stripe.com"
	apiVersion = "2026-03-25.dahlia"
	// maxResponse bounds the bytes read of a response. A page of a list has up to a hundred objects.
	maxResponse = 4 << 20
)

// client sends requests to Stripe's API.
type client struct {
	http      *http.Client
	base, key string
}

// apiError is a response other than success.
type apiError struct {
	Status  int
	Type    string `json:"type"`
	Code    string `json:"code"`
	Param   string `json:"param"`
	Message string `json:"message"`
}

// Error implements error.
func (e *apiError) Error() string {
	return fmt.Sprintf("Stripe answered %d, %s %s: %s", e.Status, e.Type, e.Code, truncate(e.Message, maxDetail))
}

// get sends a GET request and decodes the response into into.
func (c *client) get(ctx context.Context, path string, params url.Values, into any) error {
	return c.send(ctx, http.MethodGet, path+"?"+params.Encode(), nil, "", into)
}

// post sends a POST request, which Stripe executes once per idempotency key. "" sends no key.
func (c *client) post(ctx context.Context, path string, params url.Values, key string, into any) error {
	return c.send(ctx, http.MethodPost, path, strings.NewReader(params.Encode()), key, into)
}

// send sends a request and decodes the response into into. Errors: an [*apiError]; the network's.
func (c *client) send(ctx context.Context, method, path string, body io.Reader, key string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Stripe-Version", apiVersion)
	request.Header.Set("User-Agent", "admitone")
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		var problem struct {
			Error apiError `json:"error"`
		}
		_ = json.Unmarshal(text, &problem) // without a valid body the status is still reported
		problem.Error.Status = response.StatusCode
		return &problem.Error
	}
	return json.Unmarshal(text, into)
}

// asRefused converts a permanent refusal of Stripe to a [*payments.Refused], and returns any other error
// unchanged. Wrong API keys, rate limits and failures are not permanent.
func asRefused(err error) error {
	problem := (*apiError)(nil)
	if !errors.As(err, &problem) {
		return err
	}
	switch problem.Status {
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusNotFound, http.StatusUnprocessableEntity:
		return &payments.Refused{Field: fieldOf(problem.Param), Detail: truncate(problem.Message, maxDetail)}
	}
	return err
}

// fieldOf returns the field of a checkout request from which a Stripe parameter is derived, "" if none.
func fieldOf(param string) string {
	switch {
	case param == "success_url", param == "cancel_url":
		return param
	case strings.Contains(param, "unit_amount"):
		return "amount"
	}
	return ""
}

// truncate shortens text to at most limit characters.
func truncate(text string, limit int) string {
	n := 0
	for i := range text {
		if n == limit {
			return text[:i]
		}
		n++
	}
	return text
}
