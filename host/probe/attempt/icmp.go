package attempt

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"signpost/host/config"
	"signpost/host/diag"
)

// icmpProber is the Prober of CheckICMP.
type icmpProber struct {
	dialer
	respond time.Duration
	pos     diag.Pos
}

func newICMP(c *config.Check, o Options) (*icmpProber, error) {
	p := &icmpProber{dialer{o.Resolver, c.Connect}, c.Respond, c.Pos}
	conn, _, err := p.listen(netip.IPv4Unspecified())
	if err != nil {
		return p, err
	}
	conn.Close()
	return p, nil
}

func (p *icmpProber) Close() {}

// listen opens a socket that may send echo requests to an address: one for everybody's pings where the system lets this user have it, else a raw
// one. raw tells which.
func (p *icmpProber) listen(to netip.Addr) (conn *icmp.PacketConn, raw bool, err error) {
	network, rawNetwork, any := "udp4", "ip4:icmp", "0.0.0.0"
	if to.Is6() {
		network, rawNetwork, any = "udp6", "ip6:ipv6-icmp", "::"
	}
	if conn, err = icmp.ListenPacket(network, any); err == nil {
		return conn, false, nil
	}
	if conn, err = icmp.ListenPacket(rawNetwork, any); err == nil {
		return conn, true, nil
	}
	if exhausted(err) {
		return nil, false, err
	}
	return nil, false, &Obstacle{p.pos, "icmp is not permitted here: it needs this user's group in the sysctl net.ipv4.ping_group_range, or CAP_NET_RAW"}
}

// Attempt sends an echo request and waits for its reply, to the addresses of a host name in turn until one replies.
func (p *icmpProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	addresses, err := p.addresses(ctx, endpoint, started.Add(p.within))
	if err != nil {
		return refused(started, reason("connect", p.within, err), err)
	}
	var first, result Result
	err = each(ctx, addresses, time.Now().Add(p.respond), func(to netip.Addr, deadline time.Time) error {
		result = p.echo(ctx, started, to, deadline)
		switch {
		case result.OK:
			return nil
		case first.Text == "" || first.NoData:
			first = result
		}
		return errNoReply
	})
	if err != nil {
		return first
	}
	return result
}

// errNoReply has another address tried; the Result says why.
var errNoReply = errors.New("no reply")

// echo asks one address.
func (p *icmpProber) echo(ctx context.Context, started time.Time, to netip.Addr, deadline time.Time) Result {
	conn, raw, err := p.listen(to)
	if err != nil {
		text := err.Error()
		if exhausted(err) {
			text = reason("icmp", p.within, err)
		}
		return refused(started, text, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(deadline)
	sent := time.Now()
	text := p.ping(conn, to, raw)
	switch {
	case ctx.Err() != nil:
		return failed(started, 0, stopped)
	case text != "":
		return failed(started, 0, text)
	}
	result := passed(started, 0, "echo reply")
	result.Took = time.Since(sent)
	return result
}

// ping returns why there was no reply; "": there was.
func (p *icmpProber) ping(conn *icmp.PacketConn, to netip.Addr, raw bool) string {
	nonce := make([]byte, 24)
	rand.Read(nonce) // never fails
	id, sequence := binary.BigEndian.Uint16(nonce), binary.BigEndian.Uint16(nonce[2:])
	message := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(id), Seq: int(sequence), Data: nonce}}
	reply, protocol := icmp.Type(ipv4.ICMPTypeEchoReply), 1
	if to.Is6() {
		message.Type, reply, protocol = ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply, 58
	}
	packet, err := message.Marshal(nil)
	if err != nil {
		return reason("ping", p.respond, err)
	}
	var address net.Addr = &net.UDPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	if raw {
		address = &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	}
	if _, err := conn.WriteTo(packet, address); err != nil {
		return reason("ping", p.respond, err)
	}
	room := make([]byte, 512)
	for {
		n, from, err := conn.ReadFrom(room)
		if err != nil {
			return reason("response", p.respond, err)
		}
		if source(from) != to.WithZone("") {
			continue
		}
		received, err := icmp.ParseMessage(protocol, room[:n])
		if err != nil || received.Type != reply {
			continue
		}
		echo, ok := received.Body.(*icmp.Echo)
		if ok && echo.Seq == int(sequence) && bytes.Equal(echo.Data, nonce) && (echo.ID == int(id) || !raw) { // a system's own socket has an id of its own
			return ""
		}
	}
}

// source is the address that a packet came from.
func source(from net.Addr) netip.Addr {
	var ip net.IP
	switch from := from.(type) {
	case *net.UDPAddr:
		ip = from.IP
	case *net.IPAddr:
		ip = from.IP
	}
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}
