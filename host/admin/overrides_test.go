package admin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Protects the list of overrides: what was said, by whom, until when, and what it holds; and taking one back.
func TestOverrides(t *testing.T) {
	url, log := startHealth(t)
	for _, body := range []string{
		`{"pattern":"*/main","state":"drain","over":"0s","reason":"kernel","by":"ann","until":"2030-01-01T00:00:00Z"}`,
		`{"pattern":"internal/*/*/main","state":"up","reason":"<sure>","by":"bob"}`,
	} {
		code, text, _ := send(t, http.DefaultClient, "POST", url+"/overrides", body)
		if code != 200 || !strings.Contains(text, `"warning": "this counts, but a restart forgets it: there is no state directory`) {
			t.Errorf("%s: got %d %s", body, code, text)
		}
	}
	_, text, _ := get(t, url+"/overrides")
	var list OverrideList
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Overrides) != 2 || list.Unsaved != 2 || list.Trouble == "" {
		t.Fatalf("got %s, %v", text, err)
	}
	drain, up := list.Overrides[0], list.Overrides[1]
	if drain.Pattern != "*/main" || drain.State != "drain" || drain.Over != "0s" || drain.By != "ann" || drain.Reason != "kernel" || drain.At.IsZero() ||
		drain.Until == nil || drain.Until.Year() != 2030 || drain.Candidates != 3 || drain.Held != 2 {
		t.Errorf("got %+v", drain)
	}
	if up.Pattern != "internal/*/*/main" || up.Until != nil || up.Over != "" || up.Candidates != 1 || up.Held != 1 {
		t.Errorf("got %+v", up)
	}
	_, text, _ = get(t, url+"/health?name=app.*&type=A")
	var states Health
	if err := json.Unmarshal([]byte(text), &states); err != nil || len(states.Candidates) != 2 {
		t.Fatalf("got %s, %v", text, err)
	}
	if c := states.Candidates[0]; c.State != "down" || c.Share != 0 || c.Override != "drain" || c.Pattern != "*/main" || c.Until == nil || c.Why != "kernel" {
		t.Errorf("got %+v, want it drained", c)
	}
	if code, text, _ := get(t, url+"/health?name=ap.example.com"); code != 404 || !strings.Contains(text, `did you mean \"app.example.com.\"?`) {
		t.Errorf("got %d %s for a name that is not routed", code, text)
	}
	for _, c := range []struct {
		query, says string
		code        int
	}{
		{"", "pattern is needed", 400},
		{"?pattern=main", "is not NAME/ID", 400},
		{"?pattern=*%2Fmian", `(did you mean \"main\"?)`, 404},
		{"?pattern=app.example.com%2FA%2Fmain", "what it names is held by */main (drain, by ann)", 404},
		{"?pattern=*%2Fmain&by=a%0Ab", "by is not one line", 400},
		{"?pattern=*%2Fmain&by=eve", `"state": "up"`, 200},
	} {
		code, text, _ := send(t, http.DefaultClient, "DELETE", url+"/overrides"+c.query, "")
		if code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s: got %d %s, want %d %s", c.query, code, text, c.code, c.says)
		}
	}
	if !strings.Contains(log.String(), `msg="override */main: auto" by=eve`) {
		t.Errorf("got log %s, want who took it back", log)
	}
}
