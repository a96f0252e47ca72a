// Package attempt tries an endpoint once, as a check says, and tells what it saw.
//
// Plane: control. Floor: 4. Journey of a probe: step 2 (Prober.Attempt).
// Nothing that an endpoint does keeps an attempt longer than the check's timeouts, makes it hold more than a few kilobytes, or leaves anything
// behind: no goroutine, no socket, no process.
package attempt

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// Result is what one attempt saw.
type Result struct {
	OK     bool
	NoData bool          // nothing was learned: a metric has no value, or this machine lacks what an attempt needs; OK is false then
	Took   time.Duration // of all of it
	Code   uint16        // status of HTTP; 0 where there is none
	Text   string        // in a few words: "200 OK", "connect refused"
}

// Resolver finds the addresses of a host name, in the order in which they should be tried. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options are what attempts need of the server. The zero value will do.
type Options struct {
	Dir      string   // the data directory, which files of a check are relative to
	ExecDir  string   // where programs of exec checks are; "": there are none
	Resolver Resolver // nil: the system's
}

// Prober makes the attempts of one check. Attempt may be called by many at a time; Close once, when no Attempt is under way.
type Prober interface {
	// Attempt tries an endpoint, which is an address or a host name; checks that have no use for one ignore it. It returns soon after ctx is done.
	Attempt(ctx context.Context, endpoint string) Result
	Close()
}

// Obstacle is the error of what a check needs and does not find here: a file, a program, a permission.
type Obstacle struct {
	Pos  diag.Pos // of what names it in signpost.yaml
	Text string
}

func (o *Obstacle) Error() string { return o.Text }

// New returns the Prober of a check. An error is an *Obstacle: the Prober is good nevertheless, and its attempts fail with that text until the
// obstacle is gone. Kinds that have no attempts get nil, and no error.
func New(name string, c *config.Check, o Options) (Prober, error) {
	if o.Resolver == nil {
		// Go's own resolver gives up when its context is done; the C library's keeps a thread until it is through.
		o.Resolver = &net.Resolver{PreferGo: true}
	}
	switch c.Kind {
	case config.CheckHTTP, config.CheckHTTPS:
		return newHTTP(c, o)
	case config.CheckTCP:
		return newTCP(c, o), nil
	case config.CheckTLS:
		return newTLS(c, o)
	case config.CheckDNS:
		return newDNS(c, o)
	case config.CheckICMP:
		return newICMP(c, o)
	case config.CheckExec:
		return newExec(name, c, o)
	case config.CheckMetric:
		return newMetric(c, o)
	}
	return nil, nil
}

// textLenMax bounds the text of a Result, in bytes. Each of the timeline's 4,096 events, and each line of a chat, has one.
const textLenMax = 256

// brief makes a text one line that can be printed, and no longer than it may be: endpoints have a say in some errors.
func brief(text string) string {
	text, cut := text[:min(len(text), textLenMax)], len(text) > textLenMax
	if cut {
		text = strings.ToValidUTF8(text, "")
	}
	if text = diag.OneLine(text); len(text) > textLenMax { // what cannot be printed is longer in print
		text, cut = strings.ToValidUTF8(text[:textLenMax], ""), true
	}
	if cut {
		text += "…"
	}
	return text
}

// passed and failed make Results.
func passed(started time.Time, code uint16, text string) Result {
	return Result{OK: true, Took: time.Since(started), Code: code, Text: brief(text)}
}

func failed(started time.Time, code uint16, text string) Result {
	return Result{Took: time.Since(started), Code: code, Text: brief(text)}
}

// refused makes the Result of an attempt that met an error, which may be this machine's own.
func refused(started time.Time, text string, err error) Result {
	r := failed(started, 0, text)
	r.NoData = exhausted(err)
	return r
}
