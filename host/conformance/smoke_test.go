package conformance
import ("testing";"time")
func TestSmoke(t *testing.T) {
	for _, inst := range []string{"main","root","rootsigned"} {
		dir := t.TempDir()
		zones := readZones(t, inst, dir)
		qs := questionsOf(zones)
		t0 := time.Now()
		servers := startPeers(t, zones, dir, map[int]bool{})
		for i, s := range servers { awaitZones(t, s, i, zones); t.Log(s.name, time.Since(t0)) }
		t.Log(inst, len(zones), len(qs))
	}
}
