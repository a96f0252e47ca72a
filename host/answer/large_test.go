package answer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
)

// BenchmarkLarge asks for random names of zones that fit the cache and that do not.
func BenchmarkLarge(b *testing.B) {
	for _, names := range []int{10_000, 1_000_000} {
		var text strings.Builder
		for i := range names {
			fmt.Fprintf(&text, "host%d A 10.0.%d.%d\n", i, i>>8&255, i&255)
		}
		w := workerOf(b, snapshotOf(b, config.Default(), map[string]string{"example.com.": text.String()}))
		queries := make([][]byte, 1<<16)
		for i := range queries {
			queries[i], _ = new(dns.Msg).SetQuestion(fmt.Sprintf("host%d.example.com.", rand.IntN(names)), dns.TypeA).Pack()
		}
		pkt := make([]byte, 4096)
		b.Run(fmt.Sprintf("names=%d", names), func(b *testing.B) {
			w.Begin()
			for i := range b.N {
				query := queries[i%len(queries)]
				w.Respond(pkt, copy(pkt, query), testClient, false)
			}
			w.End()
		})
	}
}
