package main

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"
)

// ask sends one query and prints the response: a line "RCODE flags", then records by section.
func ask(ts *testscript.TestScript, args []string) (*dns.Msg, string) {
	if len(args) < 2 {
		ts.Fatalf("usage: query NAME TYPE [+OPTION…]")
	}
	typ, ok := dns.StringToType[strings.ToUpper(args[1])]
	if !ok {
		ts.Fatalf("unknown type %q", args[1])
	}
	m := new(dns.Msg).SetQuestion(dns.Fqdn(args[0]), typ)
	m.RecursionDesired = true
	m.SetEdns0(1232, false)
	client, server := dns.Client{Timeout: 5 * time.Second}, running(ts).addr
	key := ""
	for _, option := range args[2:] {
		option, value, _ := strings.Cut(option, "=")
		switch option {
		case "+subnet":
			m.IsEdns0().Option = append(m.IsEdns0().Option, subnetOption(ts, value))
		case "+tcp":
			client.Net = "tcp"
		case "+do":
			m.IsEdns0().SetDo()
		case "+ch":
			m.Question[0].Qclass = dns.ClassCHAOS
		case "+nord":
			m.RecursionDesired = false
		case "+noedns":
			m.Extra = nil
		case "+from":
			client.Dialer = dialerFrom(value, client.Net == "tcp")
		case "+key":
			key = value
		case "+at":
			server = addrAt(ts, value)
		default:
			ts.Fatalf("unknown option %q", option)
		}
	}
	if key == "" {
		r, _, err := client.Exchange(m, server)
		ts.Check(err)
		return r, render(r)
	}
	algorithm, rest, _ := strings.Cut(key, ":")
	name, secret, ok := strings.Cut(rest, ":")
	if !ok {
		ts.Fatalf("usage: +key=ALGORITHM:NAME:SECRET")
	}
	m.SetTsig(dns.Fqdn(name), dns.Fqdn(algorithm), 300, time.Now().Unix())
	client.TsigSecret = map[string]string{dns.Fqdn(name): secret}
	r, _, err := client.Exchange(m, server)
	switch {
	case r == nil:
		ts.Check(err)
	case err != nil:
		return r, fmt.Sprintf("unproven: %v\n", err) + render(r)
	case r.IsTsig() == nil:
		return r, "unproven: no signature\n" + render(r)
	}
	return r, "proven\n" + render(r)
}

// subnetOption is the client subnet of a query (RFC 7871).
func subnetOption(ts *testscript.TestScript, text string) *dns.EDNS0_SUBNET {
	prefix, err := netip.ParsePrefix(text)
	ts.Check(err)
	family := uint16(1)
	if prefix.Addr().Is6() {
		family = 2
	}
	return &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: uint8(prefix.Bits()), Address: prefix.Addr().AsSlice()}
}

func render(r *dns.Msg) string {
	var b strings.Builder
	b.WriteString(dns.RcodeToString[r.Rcode])
	for _, flag := range []struct {
		name string
		set  bool
	}{{"aa", r.Authoritative}, {"tc", r.Truncated}, {"ra", r.RecursionAvailable}} {
		if flag.set {
			b.WriteString(" " + flag.name)
		}
	}
	b.WriteByte('\n')
	for _, section := range []struct {
		name    string
		records []dns.RR
	}{{"answer", r.Answer}, {"authority", r.Ns}, {"additional", r.Extra}} {
		for _, rr := range section.records {
			if opt, ok := rr.(*dns.OPT); ok {
				for _, o := range opt.Option {
					switch o := o.(type) {
					case *dns.EDNS0_EDE:
						fmt.Fprintf(&b, "ede: %d %s: %s\n", o.InfoCode, dns.ExtendedErrorCodeToString[o.InfoCode], o.ExtraText)
					case *dns.EDNS0_SUBNET:
						fmt.Fprintf(&b, "subnet: %s/%d/%d\n", o.Address, o.SourceNetmask, o.SourceScope)
					}
				}
				continue
			}
			fmt.Fprintf(&b, "%s: %s\n", section.name, strings.ReplaceAll(rr.String(), "\t", " "))
		}
	}
	return b.String()
}

func queryCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("query cannot be negated")
	}
	_, text := ask(ts, args)
	fmt.Fprint(ts.Stdout(), text)
}

func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: await REGEXP NAME TYPE [+OPTION…]")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	until(ts, fmt.Sprintf("an answer that matches %q", args[0]), func() (bool, string) {
		_, text := ask(ts, args[1:])
		return pattern.MatchString(text), text
	})
}

func shareCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 6 {
		ts.Fatalf("usage: share N NAME TYPE VALUE LOW HIGH")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	low, err := strconv.ParseFloat(args[4], 64)
	ts.Check(err)
	high, err := strconv.ParseFloat(args[5], 64)
	ts.Check(err)
	m := new(dns.Msg).SetQuestion(dns.Fqdn(args[1]), dns.StringToType[args[2]])
	conn, err := dns.Dial("udp", running(ts).addr)
	ts.Check(err)
	defer conn.Close()
	hits := 0
	for i := range n {
		m.Id = uint16(i)
		ts.Check(conn.SetDeadline(time.Now().Add(patience)))
		ts.Check(conn.WriteMsg(m))
		r, err := conn.ReadMsg()
		ts.Check(err)
		if r.Id != m.Id || len(r.Answer) != 1 {
			ts.Fatalf("query %d: got %s, want one record", i, render(r))
		}
		if strings.HasSuffix(r.Answer[0].String(), "\t"+args[3]) {
			hits++
		}
	}
	if got := 100 * float64(hits) / float64(n); got < low || got > high {
		ts.Fatalf("%s %s: %s is %.3f %% of %d answers, want %g to %g %%", args[1], args[2], args[3], got, n, low, high)
	}
}
