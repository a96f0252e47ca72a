// Package admin is the HTTP server for operators: is it alive, does it serve what the files say, which candidates are up, and the metrics.
//
// Plane: control. Floor: 5. Journey of an edit: step 4, where the outcome is reported.
//
// /healthz is 200 while the process runs. /readyz is 503 until the first load is done and 200 from then on: a file that does not load
// leaves its last good version serving and every other zone untouched, so taking the server out of rotation would turn one typing
// mistake, seen by all servers at once, into an outage. The body says what is not up to date and why, and /readyz?strict is 503 then,
// for whoever rolls changes out.
//
// Everything that is work takes eight requests at a time, the next gets 503, and half of the processors. Who may read and change: Access. What a page
// of another site has a browser send is refused, and so are names that are not the server's. Nobody can hold connections that others need: crowd.
package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"signpost/host/health"
	"signpost/host/metrics"
)

// Bounds of what a connection can hold.
const (
	headerLenMax      = 16 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 30 * time.Second
	closeTimeout      = 2 * time.Second // for requests under way
)

// State is asked at each request, from any goroutine.
type State interface{ Status() Status }

// Options configures a Server. State, Counters and Version must be set.
type Options struct {
	Addr      string // host:port, or unix: and the path of a socket
	State     State
	Counters  *metrics.Set
	Version   string
	Access    *Access         // who may change something; nil = everybody on loopback
	Explain   http.Handler    // of GET /explain; nil = none
	Health    *health.Table   // of GET /health; nil = none
	Overrides Overrides       // of changes of /health, and of /overrides; nil = none
	Plugins   http.Handler    // of GET /plugins; nil = none
	Timeline  http.Handler    // of GET /timeline; nil = none
	Report    func() Report   // of GET /status; nil = none
	Targets   func() []Target // of GET /health/checks, and of the metrics; nil = none
	Push      Pusher          // of POST /push/NAME; nil = none
	Cores     int             // half of them may work for operators; 0 = as many as Go may use now
	Log       *slog.Logger    // complaints of net/http; nil = dropped
}

// Server is one HTTP server.
type Server struct {
	listener net.Listener
	gate     *gate
	http     http.Server
	requests sync.WaitGroup
	served   chan struct{} // closed when Serve's goroutine ended; nil before Serve
}

// Listen binds the address; nothing is answered before Serve. The error names the address.
func Listen(o Options) (*Server, error) {
	listener, err := listen(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("admin: listen on %s: %w", o.Addr, err)
	}
	complaints := log.New(io.Discard, "", 0)
	if o.Log != nil {
		complaints = slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)
	}
	s := &Server{listener: newCrowd(listener)}
	_, unix := listener.(*socket)
	s.gate = newGate(o.Access, unix, s.Exposed())
	s.http = http.Server{
		Handler: s.counted(newHandler(o, s.gate, complaints)), ErrorLog: complaints, MaxHeaderBytes: headerLenMax,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ConnContext: introduce,
	}
	return s, nil
}

func listen(addr string) (net.Listener, error) {
	if path, unix := strings.CutPrefix(addr, "unix:"); unix {
		return listenSocket(path)
	}
	return net.Listen("tcp", addr)
}

// counted lets Close wait for handlers, which outlive http.Server.Close.
func (s *Server) counted(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		defer s.requests.Done()
		handler.ServeHTTP(w, r)
	})
}

// Addr returns the address bound.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Exposed tells whether other machines may reach the server.
func (s *Server) Exposed() bool {
	addr, tcp := s.listener.Addr().(*net.TCPAddr)
	return tcp && !addr.IP.IsLoopback()
}

// Serve starts answering, in a goroutine that Close ends. failed is called at most once, when accepting ends for another reason.
func (s *Server) Serve(failed func(error)) {
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			failed(fmt.Errorf("admin: serve %s: %w", s.listener.Addr(), err))
		}
	}()
}

// Close stops accepting, gives requests under way 2 s, and returns when the last handler has returned.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if s.served == nil {
		return s.listener.Close() // http.Server does not know it yet
	}
	<-s.served
	s.requests.Wait()
	if err != nil {
		return fmt.Errorf("admin: close %s: %w", s.listener.Addr(), err)
	}
	return nil
}
