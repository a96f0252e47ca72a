package main

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

const (
	verifyCount       = 60  // queries of a load that are checked before it is measured
	verifyRoutedCount = 400 // enough to tell 90/10 from 50/50
)

// verify asks the first of a load's queries and compares every answer with what the zone says, so that nobody is
// measured refusing. remark tells what is correct but less than others do.
func verify(addr string, p peer, l load, list []query) (remark string, err error) {
	conn, err := dns.DialTimeout("udp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	count := verifyCount
	if l.steered() && !p.echo {
		count = verifyRoutedCount
	}
	heavy := 0
	for _, q := range list[:min(count, len(list))] {
		reply, err := ask(conn, q.name)
		if err != nil {
			return "", fmt.Errorf("%s A: %w", q.name, err)
		}
		if p.echo {
			continue // ask has checked what there is
		}
		if err := q.check(reply); err != nil {
			return "", fmt.Errorf("%s A: %w; got: %v", q.name, err, brief(reply))
		}
		if q.kind == kindAlias && len(reply.Answer) == 1 {
			remark = "returns a CNAME without its target"
		}
		if l.steered() && addressOf(reply.Answer[0]) == heavyAddr {
			heavy++
		}
	}
	if l.steered() && !p.echo {
		// 90 % of 400 has a standard deviation of 1.5 %: five of them.
		if share := 100 * float64(heavy) / float64(count); share < 82.5 || share > 97.5 {
			return remark, fmt.Errorf("weights 90/10 drew the first address %.1f %% of %d times", share, count)
		}
	}
	return remark, nil
}

// ask sends one query and returns the response with the same id and question.
func ask(conn *dns.Conn, name string) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), dns.TypeA)
	m.RecursionDesired = false
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return nil, err
	}
	if err := conn.WriteMsg(m); err != nil {
		return nil, err
	}
	for {
		reply, err := conn.ReadMsg()
		if err != nil {
			return nil, err
		}
		if reply.Id != m.Id {
			continue // late
		}
		if !reply.Response || len(reply.Question) != 1 || reply.Question[0] != m.Question[0] {
			return nil, fmt.Errorf("the reply is not a response to the question: %v", brief(reply))
		}
		return reply, nil
	}
}

// check compares a response with what the generated zones say.
func (q query) check(reply *dns.Msg) error {
	wantRcode := dns.RcodeSuccess
	if q.kind == kindMissing {
		wantRcode = dns.RcodeNameError
	}
	switch {
	case reply.Rcode != wantRcode:
		return fmt.Errorf("rcode %s, want %s", dns.RcodeToString[reply.Rcode], dns.RcodeToString[wantRcode])
	case reply.Truncated:
		return fmt.Errorf("truncated")
	case reply.Authoritative == (q.kind == kindReferral):
		return fmt.Errorf("AA %t, want %t", reply.Authoritative, q.kind != kindReferral)
	}
	switch q.kind {
	case kindHost:
		return oneAddress(reply.Answer, hostAddr(q.index).String())
	case kindWildcard:
		return oneAddress(reply.Answer, wildcardAddr)
	case kindRouted, kindGeo:
		return oneAddress(reply.Answer, heavyAddr, lightAddr)
	case kindMissing:
		if len(reply.Answer) != 0 || len(reply.Ns) != 1 || reply.Ns[0].Header().Rrtype != dns.TypeSOA {
			return fmt.Errorf("want no answer and one SOA in authority")
		}
	case kindReferral:
		if len(reply.Answer) != 0 || len(reply.Ns) != 1 || reply.Ns[0].Header().Rrtype != dns.TypeNS {
			return fmt.Errorf("want no answer and one NS in authority")
		}
		if len(reply.Extra) == 0 || addressOf(reply.Extra[0]) != glueAddr {
			return fmt.Errorf("want glue %s in additional", glueAddr)
		}
	case kindAlias:
		if len(reply.Answer) == 0 || len(reply.Answer) > 2 || reply.Answer[0].Header().Rrtype != dns.TypeCNAME {
			return fmt.Errorf("want a CNAME first in answer and at most its target after it")
		}
		if len(reply.Answer) == 2 && addressOf(reply.Answer[1]) == "" {
			return fmt.Errorf("want an address behind the CNAME")
		}
	}
	return nil
}

// oneAddress checks that the answer is a single A record with one of the addresses.
func oneAddress(answer []dns.RR, wants ...string) error {
	if len(answer) != 1 {
		return fmt.Errorf("%d records in answer, want 1", len(answer))
	}
	got := addressOf(answer[0])
	for _, want := range wants {
		if got == want {
			return nil
		}
	}
	return fmt.Errorf("address %q, want one of %q", got, wants)
}

// addressOf returns the address of an A record, "" of anything else.
func addressOf(rr dns.RR) string {
	a, ok := rr.(*dns.A)
	if !ok {
		return ""
	}
	addr, _ := netip.AddrFromSlice(a.A.To4())
	return addr.String()
}

// brief prints a message on one line, for notes.
func brief(m *dns.Msg) string {
	return fmt.Sprintf("%s aa=%t answer=%v authority=%v additional=%v", dns.RcodeToString[m.Rcode], m.Authoritative, m.Answer, m.Ns, m.Extra)
}
