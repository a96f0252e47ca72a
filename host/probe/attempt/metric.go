package attempt

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signpost/host/config"
)

// metricProber is the Prober of CheckMetric.
type metricProber struct {
	dialer
	check   config.MetricCheck
	respond time.Duration
	tls     *secure // nil: without
	port    int
	path    string // of the API, up to the query
	fields  string // the header of a request
}

func newMetric(c *config.Check, o Options) (*metricProber, error) {
	p := &metricProber{dialer: dialer{o.Resolver, c.Connect}, check: c.Metric, respond: c.Respond, port: 80}
	server := c.Metric.URL
	var err error
	if server.Scheme == "https" {
		p.port = 443
		p.tls, err = newSecure(&config.Check{TLS: config.TLSCheck{Verify: true}}, o, "http/1.1")
	}
	if port := server.Port(); port != "" {
		if p.port, err = strconv.Atoi(port); err != nil || p.port > math.MaxUint16 {
			return p, &Obstacle{c.Pos, "metric: port " + quote(port) + " is outside 1..65535"}
		}
	}
	p.path = strings.TrimSuffix(server.EscapedPath(), "/") + "/api/v1/query?query="
	p.fields = " HTTP/1.1\r\nHost: " + server.Host + "\r\nUser-Agent: Signpost\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n"
	switch password, _ := server.User.Password(); {
	case c.Metric.Token != "":
		p.fields += "Authorization: Bearer " + c.Metric.Token + "\r\n"
	case server.User != nil:
		p.fields += "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(server.User.Username()+":"+password)) + "\r\n"
	}
	p.fields += "\r\n"
	return p, err
}

func (p *metricProber) Close() {}

// Attempt asks for the value and compares it.
func (p *metricProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	answered, text := p.ask(ctx, endpoint, started)
	if text == "" {
		var values []float64
		if values, text = answered.values(); text == "" {
			return p.judge(started, values)
		}
	}
	result := failed(started, 0, text)
	result.NoData = text != stopped
	return result
}

// ask puts the query to the server. It returns why there is no answer; "": there is.
func (p *metricProber) ask(ctx context.Context, endpoint string, started time.Time) (*answered, string) {
	l, err := p.dial(ctx, p.check.URL.Hostname(), p.port, started.Add(p.within))
	if err != nil {
		return nil, reason("connect", p.within, err)
	}
	defer l.Close()
	stream := io.ReadWriter(l)
	if p.tls != nil {
		secured, text := p.tls.handshake(l, p.check.URL.Hostname(), started.Add(p.within), p.within)
		if text != "" {
			return nil, text
		}
		stream = secured
	}
	l.within(p.respond)
	query := url.QueryEscape(strings.ReplaceAll(p.check.Query, "%ENDPOINT%", endpoint))
	if _, err := io.WriteString(stream, "GET "+p.path+query+p.fields); err != nil {
		return nil, l.reason("request", p.respond, err)
	}
	reader := bufio.NewReaderSize(stream, windowLen)
	h, err := readHead(reader)
	if err != nil {
		return nil, l.reason("response", p.respond, err)
	}
	l.within(p.respond)
	a := new(answered)
	err = json.NewDecoder(newBody(reader, h, "GET")).Decode(a)
	defer l.finish(reader)
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case h.status != 200 && (err != nil || a.Error == ""):
		return nil, fmt.Sprintf("status %d, expected 200", h.status)
	case a.Error != "":
		return nil, a.ErrorType + ": " + strings.ToValidUTF8(a.Error[:min(len(a.Error), outputLen)], "")
	case errors.As(err, &syntax), errors.As(err, &shape):
		return nil, "response is not one of Prometheus"
	case err != nil:
		return nil, l.reason("body", p.respond, err)
	}
	return a, ""
}

// answered is what the API of Prometheus returns.
type answered struct {
	Status    string
	ErrorType string
	Error     string
	Data      struct {
		ResultType string
		Result     json.RawMessage
	}
}

// values returns the numbers of a result, or why there are none.
func (a *answered) values() ([]float64, string) {
	if a.Status != "success" {
		return nil, "response is not one of Prometheus"
	}
	var samples []struct{ Value sample }
	switch a.Data.ResultType {
	case "scalar":
		samples = make([]struct{ Value sample }, 1)
		if json.Unmarshal(a.Data.Result, &samples[0].Value) != nil {
			return nil, "response is not one of Prometheus"
		}
	case "vector":
		if json.Unmarshal(a.Data.Result, &samples) != nil {
			return nil, "response is not one of Prometheus"
		}
	default:
		return nil, "result is a " + quote(a.Data.ResultType) + "; a vector or a scalar can be compared"
	}
	if len(samples) == 0 {
		return nil, "no data"
	}
	var values []float64
	for _, s := range samples {
		if !s.Value.there {
			return nil, "result has a histogram; only numbers can be compared"
		}
		values = append(values, s.Value.number)
	}
	return values, ""
}

// sample is a number as Prometheus writes it: [time, "number"].
type sample struct {
	number float64
	there  bool
}

// UnmarshalJSON reads a sample.
func (s *sample) UnmarshalJSON(raw []byte) error {
	var pair [2]json.RawMessage
	var text string
	if err := json.Unmarshal(raw, &pair); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return err
	}
	var err error
	s.number, err = strconv.ParseFloat(text, 64)
	s.there = err == nil
	return err
}

// judge compares values with what is wanted of each.
func (p *metricProber) judge(started time.Time, values []float64) Result {
	var wanted []string
	if p.check.Above != nil {
		wanted = append(wanted, "above "+number(*p.check.Above))
	}
	if p.check.Below != nil {
		wanted = append(wanted, "below "+number(*p.check.Below))
	}
	for _, value := range values {
		above := p.check.Above == nil || value > *p.check.Above // a comparison with NaN is false
		below := p.check.Below == nil || value < *p.check.Below
		if !above || !below || math.IsNaN(value) {
			return failed(started, 0, number(value)+", wanted "+strings.Join(wanted, " and "))
		}
	}
	if len(values) > 1 {
		return passed(started, 0, fmt.Sprintf("%d values", len(values)))
	}
	return passed(started, 0, number(values[0]))
}

// number is a number for people.
func number(value float64) string { return strconv.FormatFloat(value, 'g', 6, 64) }
