package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

const (
	// attemptLimit bounds one delivery.
	attemptLimit = 10 * time.Second
	// atOnce bounds the concurrent deliveries of one webhook, and the concurrent tests of all.
	atOnce = 16
	// maxAnswer bounds the bytes read of a response.
	maxAnswer = 4 << 10
	// maxAnswerHeader bounds the headers of a response, in bytes.
	maxAnswerHeader = 16 << 10
)

// errNotAllowed is returned by a dialer for an address to which nothing may be delivered.
var errNotAllowed = errors.New("its address is not public")

// sender sends requests to one receiver.
type sender struct {
	client *http.Client
	limit  time.Duration
}

func newSender(allowPrivate bool, limit time.Duration) *sender {
	dialer := &net.Dialer{Timeout: limit, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(to.Addr(), allowPrivate) {
			return errNotAllowed
		}
		return nil
	}}
	return &sender{limit: limit, client: &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
			TLSHandshakeTimeout: limit, MaxConnsPerHost: atOnce, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: maxAnswerHeader, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// close closes the idle connections.
func (s *sender) close() { s.client.CloseIdleConnections() }

// message is one delivery.
type message struct {
	id   string
	body []byte
}

// statusError is a response other than success.
type statusError struct{ status int }

// Error implements error.
func (e *statusError) Error() string {
	if e.status >= 300 && e.status < 400 {
		return fmt.Sprintf("it answered %d, and redirects are not followed", e.status)
	}
	return fmt.Sprintf("it answered %d", e.status)
}

// send delivers a message, and returns the status of the response, 0 if there was none. Errors: a
// [*statusError]; an error of publicError, which reveals nothing about the receiver's network.
func (s *sender) send(ctx context.Context, url string, secrets [][]byte, m *message) (status int, err error) {
	attemptCtx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	request, err := http.NewRequestWithContext(attemptCtx, http.MethodPost, url, bytes.NewReader(m.body))
	if err != nil {
		return 0, errors.New("its URL can't be used")
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	request.Header = http.Header{
		"Content-Type":  {"application/json"},
		"User-Agent":    {"admitone"},
		HeaderID:        {m.id},
		HeaderTimestamp: {timestamp},
		HeaderSignature: {sign(secrets, m.id, timestamp, m.body)},
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return 0, s.publicError(attemptCtx, err)
	}
	defer answer.Body.Close()
	// A connection can be reused only if the response was read to its end.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return answer.StatusCode, &statusError{answer.StatusCode}
	}
	return answer.StatusCode, nil
}

// publicError maps an error to a fixed sentence, without any text from the receiver.
func (s *sender) publicError(ctx context.Context, err error) error {
	var (
		resolving   *net.DNSError
		certificate *tls.CertificateVerificationError
		network     net.Error
	)
	switch {
	case errors.Is(err, errNotAllowed):
		return errNotAllowed
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("it did not answer within %v", s.limit)
	case errors.As(err, &resolving):
		return errors.New("its name can't be resolved")
	case errors.As(err, &certificate):
		return errors.New("its certificate is not valid for it")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("it refused the connection")
	}
	return errors.New("the connection failed")
}
