package sdk

import (
	"slices"
	"testing"

	"signpost/sdk/abi"
)

// blocked is the manual's.
func blocked() *Plugin {
	p := Filtering("blocked", "1.0.0", "a domain that does not exist here")
	domain := p.Text("domain", "what is blocked, with all below it").Required()
	p.ConfigureFilter(func(c *Policy) Filter {
		name, ok := Domain(domain.Of(c, 0))
		if !ok {
			domain.Refuse(c, 0, "no domain name")
		}
		return func(q *Question, r *Ruling) {
			if q.Within(name) {
				r.NXDomain()
				r.Lasts(60)
			}
		}
	})
	return p
}

func TestFilter(t *testing.T) {
	trial, problems := Try(blocked(), "domain=Ads.Example.com.")
	if problems != nil {
		t.Fatal(problems)
	}
	for name, want := range map[string]uint8{
		"ads.example.com": abi.ActionNXDomain, "x.y.ads.example.com": abi.ActionNXDomain,
		"example.com": abi.ActionPass, "bads.example.com": abi.ActionPass, ".": abi.ActionPass, "ads.example.com.example.net": abi.ActionPass,
	} {
		if got := trial.Filter(Asked{Name: name, Type: 1}); got.Action != want || want == abi.ActionNXDomain && got.TTL != 60 {
			t.Errorf("%s: got %+v, want action %d", name, got, want)
		}
	}
	for _, text := range []string{"a..b", ".a", "a-label-that-is-longer-than-sixty-three-bytes-is-no-label-of-any-name.example"} {
		if _, problems := Try(blocked(), "domain="+text); !slices.Equal(problems, []string{"blocked: no domain name"}) {
			t.Errorf("%s: got %v, want no domain name", text, problems)
		}
	}
}

// A filter can answer with records until there is no room.
func TestFilterAnswers(t *testing.T) {
	other, _ := Domain("www.example.net")
	p := Filtering("all", "1", "")
	p.ConfigureFilter(func(*Policy) Filter {
		return func(q *Question, r *Ruling) {
			if q.Type() != 1 {
				r.Rewrite(other)
				return
			}
			for i := 0; r.Answer([]byte{192, 0, 2, byte(i)}); i++ {
			}
		}
	})
	trial, _ := Try(p, "")
	got := trial.Filter(Asked{Name: "example.com", Type: 1})
	if got.Action != abi.ActionAnswer || len(got.Data) != abi.RecordLenMax/6 || !slices.Equal(got.Data[9], []byte{192, 0, 2, 9}) {
		t.Errorf("A: got %+v, want %d records", got, abi.RecordLenMax/6)
	}
	if got := trial.Filter(Asked{Name: "example.com", Type: 28}); got.Action != abi.ActionRewrite || string(got.Name) != "\x03www\x07example\x03net\x00" {
		t.Errorf("AAAA: got %+v, want www.example.net", got)
	}
}
