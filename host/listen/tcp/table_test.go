package tcp

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// names returns the connections of t from the one that asked nothing for longest.
func names(t *table) string {
	var out []uint16
	for c := t.all.oldest; c != nil; c = c.links[byAll].newer {
		out = append(out, c.client.Port())
	}
	return fmt.Sprint(out)
}

// connAt returns a connection named by its port.
func connAt(addr string, port uint16) *conn {
	return &conn{client: netip.AddrPortFrom(netip.MustParseAddr(addr), port)}
}

// At a limit the connection that asked nothing for longest makes room: the client's own at the client's limit, anybody's
// at the total one.
func TestAdmit(t *testing.T) {
	start := time.Unix(0, 0)
	conns := map[uint16]*conn{}
	tab := newTable(Limits{Connections: 4, PerClient: 2, Idle: time.Second})
	for i, row := range []struct {
		addr    string
		port    uint16
		touch   uint16 // asks something first
		evicted uint16
		left    string
	}{
		{"192.0.2.1", 1, 0, 0, "[1]"},
		{"192.0.2.1", 2, 0, 0, "[1 2]"},
		{"192.0.2.1", 3, 1, 2, "[1 3]"},       // 1 asked after 2
		{"192.0.2.2", 4, 0, 0, "[1 3 4]"},     // another client
		{"2001:db8::1", 5, 0, 0, "[1 3 4 5]"}, // full
		{"2001:db8::2", 6, 0, 1, "[3 4 5 6]"},
		{"2001:db8::ffff:1", 7, 4, 5, "[3 6 4 7]"}, // the same /64, at its limit
		{"2001:db8:0:1::1", 8, 3, 6, "[4 7 3 8]"},  // another /64, total limit
		{"192.0.2.1", 9, 0, 4, "[7 3 8 9]"},
		{"192.0.2.1", 10, 9, 3, "[7 8 9 10]"},
	} {
		now := start.Add(time.Duration(i) * time.Millisecond)
		if row.touch != 0 {
			tab.touch(conns[row.touch], now)
		}
		c := connAt(row.addr, row.port)
		conns[row.port] = c
		evicted, ok := tab.admit(c, now)
		var got uint16
		if evicted != nil {
			got = evicted.client.Port()
		}
		if left := names(tab); !ok || got != row.evicted || left != row.left {
			t.Errorf("admit %d: got %v, evicted %d, left %s, want true, %d, %s", row.port, ok, got, left, row.evicted, row.left)
		}
	}
	for _, c := range conns { // the evicted among them are nothing to remove or touch
		tab.touch(c, start)
		tab.remove(c)
	}
	if tab.open() != 0 || len(tab.clients) != 0 || tab.all.oldest != nil || tab.all.newest != nil {
		t.Errorf("after all were removed: got %d connections, %d clients, want none", tab.open(), len(tab.clients))
	}
	tab.shut()
	if _, ok := tab.admit(connAt("192.0.2.1", 1), start); ok {
		t.Error("admit after shut: got true, want false")
	}
}

// Connections expire oldest first, sooner the fuller the table is.
func TestExpired(t *testing.T) {
	start := time.Unix(0, 0)
	tab := newTable(Limits{Connections: 4, PerClient: 4, Idle: 1000 * time.Millisecond})
	for port := range uint16(4) {
		tab.admit(connAt("192.0.2.1", port+1), start.Add(time.Duration(port)*10*time.Millisecond))
	}
	for _, row := range []struct {
		at, wait time.Duration // milliseconds
		port     uint16
	}{
		{99, 1, 0},
		{100, 0, 1},   // full: a tenth
		{100, 460, 0}, // three quarters full: 550
		{560, 0, 2},   // 10+550
		{561, 459, 0}, // half full: all of it
		{1020, 0, 3},  // 20+1000
		{1029, 1, 0},  //
		{2000, 0, 4},  // 30+1000
		{3000, 0, 0},  // empty
		{30000, 0, 0}, //
	} {
		c, wait := tab.expired(start.Add(row.at * time.Millisecond))
		var port uint16
		if c != nil {
			port = c.client.Port()
		}
		if port != row.port || wait != row.wait*time.Millisecond {
			t.Errorf("at %d ms: got connection %d, wait %v, want %d, %v", row.at, port, wait, row.port, row.wait*time.Millisecond)
		}
	}
}
