package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/event"
)

const (
	pauseMax       = time.Minute     // between two tries
	retryAfterMax  = 5 * time.Minute // that a receiver may ask for
	responseLenMax = 4 << 10         // that is read of a response
	saidLenMax     = 200             // of it that the log gets
	redirectsMax   = 3
	idleWait       = 2 * time.Minute // that a connection is kept without use
)

// SignatureHeader carries "t=UNIX,v1=HEX": the time, and the HMAC-SHA256 of "UNIX.BODY" under the webhook's secret. The time is signed so that
// nobody can send an old body again.
const SignatureHeader = "Signpost-Signature"

// deliveryHeader is the same for each try of one request, so that a receiver can tell what it has already.
const deliveryHeader = "Signpost-Delivery"

// webhook is one address and the connection to it.
type webhook struct {
	config config.Webhook
	format format
	agent  string
	base   time.Duration // the first pause
	now    func() time.Time
	client http.Client
}

// startWebhook makes the sink of an address. Its name says neither path nor query, which may be secret.
func (t *Teller) startWebhook(c config.Webhook) *sink {
	w := &webhook{config: c, agent: "signpost/" + t.options.Version, base: t.options.Pause, now: t.options.Now}
	w.format = formatOf(c.Format, t.options.Instance)
	w.client = http.Client{
		Timeout: c.Timeout, CheckRedirect: sameHost,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxConnsPerHost: 1, MaxIdleConns: 1, MaxIdleConnsPerHost: 1, IdleConnTimeout: idleWait,
			TLSHandshakeTimeout: c.Timeout, MaxResponseHeaderBytes: responseLenMax,
		},
	}
	s := &sink{name: fmt.Sprintf("the %s webhook at %s", c.Format, c.URL.Host), kind: c.Format, webhook: w}
	return t.start(s, func(ctx context.Context) { s.runWebhook(ctx, &t.options) })
}

// sameHost follows a redirect that keeps the method, to the same host alone: what is told must not go where nobody said.
func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0]
	if next.Method != first.Method || next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme || len(via) > redirectsMax {
		return http.ErrUseLastResponse
	}
	return nil
}

// runWebhook tells what comes until the sink is closed.
func (s *sink) runWebhook(ctx context.Context, o *Options) {
	defer s.webhook.client.CloseIdleConnections()
	var repeat <-chan time.Time
	if s.webhook.format.repeats && o.Standing != nil {
		s.repeat(ctx, o.Standing())
		ticker := time.NewTicker(o.Refresh)
		defer ticker.Stop()
		repeat = ticker.C
	}
	for {
		select {
		case <-s.closing:
			s.drain(ctx)
			return
		case <-s.queue.wake:
			if s.queue.len() < batchMax {
				s.pause(gatherWait)
			}
			s.drain(ctx)
		case <-repeat:
			s.repeat(ctx, o.Standing())
		}
	}
}

// drain tells what waits.
func (s *sink) drain(ctx context.Context) {
	for ctx.Err() == nil {
		batch, lost := s.queue.take(batchMax)
		if len(batch) == 0 {
			return
		}
		s.deliver(ctx, batch, lost)
		if rest := s.queue.len(); rest > 0 && rest < batchMax {
			s.pause(gatherWait)
		}
	}
}

// deliver tries to tell a batch, before which so many were lost, as often as the webhook is to be tried.
func (s *sink) deliver(ctx context.Context, batch []event.Event, lost int) {
	w := s.webhook
	body, err := w.format.encode(batch, lost, w.now())
	if err != nil {
		s.report(len(batch), err)
		return
	}
	if body == nil {
		return // nothing that this format tells: which says nothing of who is told
	}
	delivery := rand.Text()
	for try := 1; ; try++ {
		err := w.post(ctx, body, delivery)
		var refused *refusal
		final := errors.As(err, &refused) && refused.final
		if err == nil || final || try >= w.config.Attempts || s.isClosing() || ctx.Err() != nil {
			s.report(len(batch), err)
			return
		}
		s.pause(w.pauseAfter(try, refused))
	}
}

// repeat tells a receiver that forgets what it is not told again what is wrong at the moment, once.
func (s *sink) repeat(ctx context.Context, standing []event.Event) {
	w := s.webhook
	for len(standing) > 0 && !s.isClosing() && ctx.Err() == nil {
		batch := standing[:min(len(standing), batchMax)]
		standing = standing[len(batch):]
		body, err := w.format.encode(batch, 0, w.now())
		if err == nil {
			err = w.post(ctx, body, rand.Text())
		}
		if err != nil {
			s.report(0, err)
			return
		}
		s.report(0, nil)
	}
}

// refusal is a response that is no success.
type refusal struct {
	status string
	said   string
	final  bool          // asking again is no use
	wait   time.Duration // that the receiver asks for
}

func (r *refusal) Error() string {
	if r.said == "" {
		return r.status
	}
	return r.status + ": " + r.said
}

// post sends one request. Its error does not tell the address, which may be secret.
func (w *webhook) post(ctx context.Context, body []byte, delivery string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.format.address(w.config.URL), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", w.agent)
	request.Header.Set(deliveryHeader, delivery)
	if w.config.Token != "" {
		request.Header.Set("Authorization", "Bearer "+w.config.Token)
	}
	if w.config.Secret != "" {
		request.Header.Set(SignatureHeader, Sign(w.config.Secret, w.now(), body))
	}
	response, err := w.client.Do(request)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			if outer.Timeout() {
				return fmt.Errorf("no response within %v", w.config.Timeout)
			}
			err = outer.Err
		}
		return err
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, responseLenMax)) // what came is enough
	if response.StatusCode/100 == 2 {
		return nil
	}
	return refusalOf(response, said, w.now())
}

// Sign makes the value of SignatureHeader.
func Sign(secret string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.", at.Unix())
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// refusalOf reads what a receiver says.
func refusalOf(response *http.Response, said []byte, now time.Time) *refusal {
	r := &refusal{status: response.Status}
	first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	r.said = diag.OneLine(strings.ToValidUTF8(first[:min(len(first), saidLenMax)], ""))
	switch code := response.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		r.wait = min(retryAfter(response.Header.Get("Retry-After"), now), retryAfterMax)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly:
	case code/100 == 3:
		r.final, r.said = true, "redirects are followed to the same host alone, and if they keep the method"
	case code/100 == 4:
		r.final = true
	}
	return r
}

// retryAfter reads the header of that name (RFC 9110 §10.2.3); zero if it makes no sense.
func retryAfter(raw string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(raw, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(raw)
	if err != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}

// pauseAfter is how long to wait after a try: twice as long each time, a random half of it left out so that many servers do not come at once,
// and never less than the receiver asks for.
func (w *webhook) pauseAfter(try int, r *refusal) time.Duration {
	pause := min(w.base<<min(try-1, 16), pauseMax)
	pause -= time.Duration(mrand.Int64N(int64(pause)/2 + 1))
	if r != nil {
		pause = max(pause, r.wait)
	}
	return pause
}
