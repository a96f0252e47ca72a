package host

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"

	"signpost/host/answer"
	"signpost/host/config"
	"signpost/host/listen/tcp"
	"signpost/host/listen/udp"
)

// listeners are the addresses that are served. Start, and then the loader's goroutine, change them; metrics read them.
type listeners struct {
	host   *Host
	limits tcp.Limits

	mu      sync.Mutex // guards what follows: the admin server reads while the loader's goroutine changes
	open    []*listener
	gone    tcp.Counters // of the TCP servers that were closed
	goneUDP udp.Counters // likewise
}

// listener is one address over UDP and TCP.
type listener struct {
	asked   place
	udp     *udp.Server
	tcp     *tcp.Server
	workers [2][]*answer.Worker // of udp and tcp
}

// The indexes of listener.workers.
const (
	overUDP = iota
	overTCP
)

// place is an address of one family; port 0 is another port for each place.
type place struct {
	addr     string
	optional bool // nobody asked for this family by name: a machine may lack it
}

// places spells addresses out: ":53" stands for all of IPv4 and all of IPv6.
func places(addrs []string) []place {
	var list []place
	usual := slices.Equal(addrs, config.Default().Listen)
	for _, addr := range addrs {
		for i, socket := range config.Sockets(addr) {
			list = append(list, place{socket, i > 0 || usual && strings.HasPrefix(socket, "[")})
		}
	}
	return list
}

func limitsOf(cfg *config.Config) tcp.Limits {
	return tcp.Limits{Connections: cfg.TCP.MaxConnections, PerClient: cfg.TCP.MaxPerClient, Idle: cfg.TCP.IdleTimeout}
}

// bind binds all addresses, or none.
func (l *listeners) bind(addrs []string, cfg *config.Config) error {
	l.limits = limitsOf(cfg)
	for _, p := range places(addrs) {
		switch opened, err := l.listen(p); {
		case err == nil:
			l.open = append(l.open, opened)
		case p.optional && absent(err):
			l.host.options.Log.Warn(fmt.Sprintf("%v; serving without it", err))
		default:
			return err
		}
	}
	return nil
}

// absent tells whether a machine does not have an address at all.
func absent(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

// portTries is how often a port that the system chose for UDP may be taken for TCP.
const portTries = 20

// listen binds one address; nothing is answered yet.
func (l *listeners) listen(p place) (*listener, error) {
	for try := 1; ; try++ {
		opened, err := l.listenOnce(p)
		if err == nil || try == portTries || !strings.HasSuffix(p.addr, ":0") {
			return opened, err
		}
	}
}

func (l *listeners) listenOnce(p place) (*listener, error) {
	n := &listener{asked: p}
	var err error
	if n.udp, err = udp.Listen(p.addr, l.host.processors.Count(), func() udp.Responder { return l.worker(n, overUDP) }); err != nil {
		return nil, err
	}
	if err = l.listenTCP(n); err != nil {
		n.udp.Close()
		return nil, err
	}
	return n, nil
}

// listenTCP binds the address that UDP has.
func (l *listeners) listenTCP(n *listener) (err error) {
	limits := l.limits
	limits.Workers = l.host.processors.Count()
	n.tcp, err = tcp.Listen(n.udp.Addr().String(), limits, func() tcp.Responder { return l.worker(n, overTCP) })
	return err
}

// worker makes one that is closed with the listener. Serve of either server calls it, on the goroutine that changes listeners.
func (l *listeners) worker(n *listener, over int) *answer.Worker {
	w := l.host.answers.NewWorkerAt(n.asked.addr)
	n.workers[over] = append(n.workers[over], w)
	return w
}

// dismiss closes the workers of a server that has ended.
func (n *listener) dismiss(over int) {
	for _, w := range n.workers[over] {
		w.Close()
	}
	n.workers[over] = nil
}

// serve starts answering on all addresses.
func (l *listeners) serve() {
	for _, n := range l.open {
		n.udp.Serve()
		n.tcp.Serve()
	}
}

// change serves these addresses and no others. An address that cannot be had is an error, and what it would have replaced stays:
// a mistyped address must not end the service.
func (l *listeners) change(addrs []string, cfg *config.Config) (errs []error) {
	wanted := places(addrs)
	limits := limitsOf(cfg)
	relimit := limits != l.limits
	l.limits = limits
	var kept, left []*listener
	for _, n := range l.open {
		if i := slices.IndexFunc(wanted, func(p place) bool { return p.addr == n.asked.addr }); i >= 0 {
			wanted = slices.Delete(wanted, i, i+1)
			kept = append(kept, n)
		} else {
			left = append(left, n)
		}
	}
	var added []*listener
	for _, p := range wanted {
		opened, err := l.replace(p, &left)
		if err != nil && !(p.optional && absent(err)) {
			errs = append(errs, fmt.Errorf("%w; not listening there", err))
		}
		if opened != nil {
			added = append(added, opened)
		}
	}
	if len(errs) > 0 {
		kept, left = append(kept, left...), nil
	}
	for _, n := range left {
		l.end(n)
		l.host.options.Log.Info("stopped listening", "addr", n.udp.Addr())
	}
	if relimit {
		for _, n := range kept {
			if err := l.restartTCP(n); err != nil {
				errs = append(errs, err)
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(kept, added...)
	return errs
}

// replace opens an address. One that is left may hold its port, as 127.0.0.1:53 does for 0.0.0.0:53: it is closed for that, and opened again
// if that was in vain.
func (l *listeners) replace(p place, left *[]*listener) (*listener, error) {
	opened, err := l.listen(p)
	if err != nil {
		for i, n := range *left {
			if portOf(n.asked.addr) != portOf(p.addr) {
				continue
			}
			l.end(n)
			if opened, err = l.listen(p); err == nil {
				*left = slices.Delete(*left, i, i+1)
				break
			}
			if again, againErr := l.listen(n.asked); againErr == nil {
				l.begin(again)
				(*left)[i] = again
			}
		}
	}
	if err != nil {
		return nil, err
	}
	l.begin(opened)
	l.host.options.Log.Info("listening", "addr", opened.udp.Addr())
	return opened, nil
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':'):] }

// begin starts answering on one address.
func (l *listeners) begin(n *listener) {
	n.udp.Serve()
	n.tcp.Serve()
}

// restartTCP has new limits take effect; connections end as they do when they are idle.
func (l *listeners) restartTCP(n *listener) error {
	n.tcp.Close()
	l.retire(n.tcp)
	n.dismiss(overTCP)
	if err := l.listenTCP(n); err != nil {
		return err
	}
	n.tcp.Serve()
	return nil
}

// end stops answering on one address and waits for its workers.
func (l *listeners) end(n *listener) {
	n.udp.Close()
	n.tcp.Close()
	l.retire(n.tcp)
	l.retireUDP(n.udp)
	n.dismiss(overUDP)
	n.dismiss(overTCP)
}

// retire keeps the counters of a closed server.
func (l *listeners) retire(s *tcp.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := s.Counters()
	l.gone.Accepted += c.Accepted
	l.gone.Evicted += c.Evicted
}

// close stops answering.
func (l *listeners) close() {
	for _, n := range l.open {
		l.end(n)
	}
}

// retireUDP keeps the counters of a closed server.
func (l *listeners) retireUDP(s *udp.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	addUDP(&l.goneUDP, s.Counters())
}

// addUDP adds what the metrics show of one server.
func addUDP(sum *udp.Counters, c udp.Counters) {
	sum.Truncated += c.Truncated
	sum.PortZero += c.PortZero
	sum.SendErrors += c.SendErrors
	sum.ReceiveErrors += c.ReceiveErrors
}

// countersUDP sums up the UDP servers, open and closed.
func (l *listeners) countersUDP() udp.Counters {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := l.goneUDP
	for _, n := range l.open {
		addUDP(&sum, n.udp.Counters())
	}
	return sum
}

// counters sums up the TCP servers, open and closed.
func (l *listeners) counters() tcp.Counters {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := l.gone
	for _, n := range l.open {
		c := n.tcp.Counters()
		sum.Open += c.Open
		sum.Accepted += c.Accepted
		sum.Evicted += c.Evicted
	}
	return sum
}

// addrs are the addresses bound, with the ports that the system chose.
func (l *listeners) addrs() []netip.AddrPort {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []netip.AddrPort
	for _, n := range l.open {
		list = append(list, n.udp.Addr())
	}
	return list
}
