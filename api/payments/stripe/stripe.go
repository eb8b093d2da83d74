package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"admitone/api/payments"
	"admitone/events"
)

// Name is the name of Stripe in the log, and in the path of its webhooks.
const Name events.Provider = "stripe"

// The keys in the metadata of sessions and refunds.
const (
	metadataBooking = "admitone_booking"
	metadataIntent  = "admitone_intent"
	metadataRefund  = "admitone_refund"
)

const (
	// requestTimeout bounds every request; a context may end it earlier.
	requestTimeout = 10 * time.Second
	// maxTitle bounds the title of a session, in characters.
	maxTitle = 200
	// maxDetail bounds the part of Stripe's error messages that is passed on, in characters.
	maxDetail = 200
)

// Config of the provider.
type Config struct {
	// Key is the secret or restricted API key, WebhookSecret the signing secret of the endpoint
	// (whsec_…).
	Key, WebhookSecret string
	// API is the base URL of Stripe's API, "" for Stripe's own; see [CheckAPI].
	API string
}

// Provider is Stripe. It implements [payments.Provider].
type Provider struct {
	client client
	secret string
}

// New returns a provider.
func New(config Config) *Provider {
	p := &Provider{secret: config.WebhookSecret, client: client{base: stripeAPI, key: config.Key, http: &http.Client{
		Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}}
	if config.API != "" {
		p.client.base = strings.TrimSuffix(config.API, "/")
	}
	return p
}

// CheckAPI returns an error for a base URL to which the key must not be sent. The URL has to use
// https, or http with a loopback host.
func CheckAPI(api string) error {
	u, err := url.Parse(api)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return errors.New("expected an https URL, or http on a loopback address")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Name implements [payments.Provider].
func (p *Provider) Name() events.Provider { return Name }

// OpenPage implements [payments.Provider] with a Checkout session. The idempotency key is the intent's
// id.
func (p *Provider) OpenPage(ctx context.Context, page *payments.Page) (payments.Session, error) {
	const item, price = "line_items[0]", "line_items[0][price_data]"
	params := url.Values{}
	for name, value := range map[string]string{
		"mode":                         "payment",
		"client_reference_id":          string(page.Booking),
		"success_url":                  page.SuccessURL,
		"cancel_url":                   page.CancelURL,
		"expires_at":                   strconv.FormatInt(page.ExpiresAt.Unix(), 10),
		item + "[quantity]":            "1",
		price + "[currency]":           strings.ToLower(page.Currency),
		price + "[unit_amount]":        strconv.FormatInt(page.Amount, 10),
		price + "[product_data][name]": truncate(page.Title, maxTitle),
		// Without this the price may be shown, paid and reported in the payer's currency.
		"adaptive_pricing[enabled]":                              "false",
		"metadata[" + metadataBooking + "]":                      string(page.Booking),
		"metadata[" + metadataIntent + "]":                       string(page.Intent),
		"payment_intent_data[metadata][" + metadataBooking + "]": string(page.Booking),
	} {
		params.Set(name, value)
	}
	var made struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	}
	if err := p.client.post(ctx, "/v1/checkout/sessions", params, string(page.Intent), &made); err != nil {
		return payments.Session{}, asRefused(err)
	}
	if made.ID == "" || made.URL == "" {
		return payments.Session{}, errors.New("the session has no id or no URL")
	}
	return payments.Session{ID: made.ID, URL: made.URL}, nil
}

// ClosePage implements [payments.Provider].
func (p *Provider) ClosePage(ctx context.Context, session string) error {
	path := "/v1/checkout/sessions/" + url.PathEscape(session)
	var current struct {
		Status string `json:"status"`
	}
	err := p.client.post(ctx, path+"/expire", nil, "", &current)
	if !errors.As(asRefused(err), new(*payments.Refused)) {
		return err
	}
	// Stripe's refusal has no code for a session that is not open, so the session's status is read.
	switch getErr := p.client.get(ctx, path, nil, &current); {
	case isMissing(getErr):
		return nil
	case getErr != nil:
		return getErr
	case current.Status != "complete" && current.Status != "expired":
		return fmt.Errorf("the session is %s: %w", current.Status, err)
	}
	return nil
}

// isMissing reports whether Stripe has answered that there is no such object.
func isMissing(err error) bool {
	problem := (*apiError)(nil)
	return errors.As(err, &problem) && problem.Status == http.StatusNotFound && problem.Code == codeMissing
}

// codeMissing is Stripe's code for an object that the account does not have.
const codeMissing = "resource_missing"

// Refunds implements [payments.Provider].
func (p *Provider) Refunds(ctx context.Context, payment string) (all []payments.Refund, err error) {
	params := url.Values{"payment_intent": {payment}, "limit": {"100"}}
	for {
		var page struct {
			Data    []refund `json:"data"`
			HasMore bool     `json:"has_more"`
		}
		if err := p.client.get(ctx, "/v1/refunds", params, &page); err != nil {
			return nil, asRefused(err)
		}
		for i := range page.Data {
			all = append(all, page.Data[i].toRefund(payment))
		}
		if !page.HasMore || len(page.Data) == 0 {
			return all, nil
		}
		params.Set("starting_after", page.Data[len(page.Data)-1].ID)
	}
}

// codeInsufficient is Stripe's code for a balance that does not cover a refund yet.
const codeInsufficient = "balance_insufficient"

// Refund implements [payments.Provider]. The idempotency key is the refund's id.
func (p *Provider) Refund(ctx context.Context, order *payments.RefundOrder) (payments.Refund, error) {
	params := url.Values{"payment_intent": {order.Payment}, "amount": {strconv.FormatInt(order.Amount, 10)},
		"metadata[" + metadataRefund + "]": {string(order.ID)}}
	var made refund
	err := p.client.post(ctx, "/v1/refunds", params, string(order.ID), &made)
	if problem := (*apiError)(nil); errors.As(err, &problem) && problem.Code == codeInsufficient {
		return payments.Refund{}, err
	}
	if err != nil {
		return payments.Refund{}, asRefused(err)
	}
	return made.toRefund(order.Payment), nil
}
