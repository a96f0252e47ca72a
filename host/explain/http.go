package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"signpost/host/config"
	"signpost/host/reply"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zonefile"
)

// The parameters of GET /explain, which ParseQuestion reads.
const (
	paramName     = "name"
	paramType     = "type"     // A if it is left out
	paramClient   = "client"   // IP or IP/len; the source if it is left out
	paramSource   = "source"   // IP; the client's if it is left out
	paramListener = "listener" // IP:PORT where the query comes in; left out: nowhere that a view names
	paramKey      = "key"      // name of the TSIG key that signs the query; left out: none
	paramDown     = "down"     // id of a candidate; may be repeated
)

// downMax bounds the candidates that a question assumes down.
const downMax = 1024

// ParseQuestion reads a question. The error names the parameter.
func ParseQuestion(values url.Values) (*Question, error) {
	q := &Question{Type: wire.TypeA, Down: map[string]bool{}}
	raw := values.Get(paramName)
	if raw == "" {
		return nil, fmt.Errorf("%s is missing", paramName)
	}
	var err error
	if q.Name, err = zonefile.ParseName(raw); err != nil {
		return nil, err
	}
	if raw := values.Get(paramType); raw != "" {
		var ok bool
		if q.Type, ok = rrdata.TypeByName([]byte(strings.ToUpper(raw))); !ok {
			return nil, fmt.Errorf("%s %q is no record type", paramType, raw)
		}
	}
	if raw = cmp.Or(values.Get(paramClient), values.Get(paramSource)); raw == "" {
		return nil, fmt.Errorf("%s is missing, as in 203.0.113.0/24: who asks decides what is answered", paramClient)
	}
	if q.Client, err = parseClient(raw); err != nil {
		return nil, fmt.Errorf("%s %w", paramClient, err)
	}
	if raw := values.Get(paramSource); raw != "" {
		if q.Source, err = netip.ParseAddr(raw); err != nil || q.Source.Zone() != "" {
			return nil, fmt.Errorf("%s %q is no IP address", paramSource, raw)
		}
		q.Source = q.Source.Unmap()
	}
	q.Listener = values.Get(paramListener)
	if raw := values.Get(paramKey); raw != "" {
		q.Key = config.KeyName(raw)
	}
	if len(values[paramDown]) > downMax {
		return nil, fmt.Errorf("%s: more than %d candidates", paramDown, downMax)
	}
	for _, id := range values[paramDown] {
		q.Down[id] = true
	}
	return q, nil
}

// v4MappedBits is the length of ::ffff:0:0/96, behind which IPv4 addresses stand in IPv6.
const v4MappedBits = 96

// parseClient reads an address or a prefix.
func parseClient(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("%q is no IP address and no prefix such as 203.0.113.0/24", text)
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= v4MappedBits { // a client of IPv4, whose view is that of its address
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-v4MappedBits)
	}
	return prefix.Masked(), nil
}

// ServeHTTP answers GET /explain with a Report, or with a reply.Refusal.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := ParseQuestion(r.URL.Query())
	if err == nil && s.Store.Load() == nil {
		reply.Refuse(w, http.StatusServiceUnavailable, errNotLoaded.Error())
		return
	}
	var report *Report
	if err == nil {
		report, err = s.explain(r.Context(), q)
	}
	if err != nil {
		reply.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	reply.JSON(w, http.StatusOK, report)
}
