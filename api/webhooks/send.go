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
	// atOnce bounds the deliveries of one webhook at the same time.
	atOnce = 16
	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 4 << 10
	// maxAnswerHeader bounds the headers of an answer.
	maxAnswerHeader = 16 << 10
)

// errNotAllowed is returned by a dialer for an address that deliveries may not go to.
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

// close closes the connections that are not in use.
func (s *sender) close() { s.client.CloseIdleConnections() }

// message is what is delivered.
type message struct {
	id   string
	body []byte
}

// statusError is an answer that is no success.
type statusError struct{ status int }

// Error implements error.
func (e *statusError) Error() string {
	if e.status >= 300 && e.status < 400 {
		return fmt.Sprintf("it answered %d, and redirects are not followed", e.status)
	}
	return fmt.Sprintf("it answered %d", e.status)
}

// send delivers a message, and returns the status of the answer, 0 if there was none. Errors: a
// [*statusError], or what kept it from being answered, in words that do not depend on the receiver.
func (s *sender) send(ctx context.Context, url string, secrets [][]byte, m *message) (status int, err error) {
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, url, bytes.NewReader(m.body))
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
		return 0, s.inWords(limited, err)
	}
	defer answer.Body.Close()
	// What is left open is of no more use; an answer that is read to its end leaves the connection.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return answer.StatusCode, &statusError{answer.StatusCode}
	}
	return answer.StatusCode, nil
}

// inWords returns what went wrong, in words that have nothing of a receiver in them.
func (s *sender) inWords(ctx context.Context, err error) error {
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
