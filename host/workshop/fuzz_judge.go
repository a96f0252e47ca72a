package workshop

import (
	"fmt"
	"slices"
	"strings"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
)

// What a Find about a health plugin is about, beside findConfigure.
const (
	findJudge   = "judge fails"
	findVerdict = "a verdict depends on what was judged before"
)

// docket is a check and what is judged about it, one after the other: a scene of a health plugin.
type docket struct {
	spec      policy.Spec
	histories []plugin.Evidence
}

// check draws one check and has it judged.
func (f *fuzzer) check() {
	d := &docket{spec: f.urn.check()}
	j, diags := f.bench.host.Judge(&d.spec, f.terms)
	if j == nil {
		f.report.Refused++
		if text := failure(diags); text != "" && !f.found[findConfigure] {
			f.foundCheck(d, text)
		}
		return
	}
	f.report.Policies++
	for range batchLen {
		d.histories = append(d.histories, f.urn.evidence())
	}
	verdicts := make([]plugin.Verdict, batchLen)
	for i := range d.histories {
		f.judge(f.used, j, &d.histories[i], &verdicts[i])
		if verdicts[i].Problem != "" {
			f.foundJudge(d, i, verdicts[i].Problem)
			return
		}
	}
	if f.found[findVerdict] {
		return
	}
	worker := f.bench.host.NewWorker()
	defer worker.Close()
	var other []plugin.Evidence
	for _, i := range f.urn.Perm(batchLen) {
		var v plugin.Verdict
		other = append(other, d.histories[i])
		f.judge(worker, j, &d.histories[i], &v)
		if v.Problem != "" {
			f.foundJudge(&docket{d.spec, other}, len(other)-1, v.Problem)
			return
		}
		if !sameVerdict(&v, &verdicts[i]) {
			f.foundVerdict(d.spec, &v, &verdicts[i], d.histories[:i+1], other)
			return
		}
	}
}

// sameVerdict tells whether two say the same; what it cost may differ.
func sameVerdict(a, b *plugin.Verdict) bool {
	return a.Health == b.Health && a.Share == b.Share && a.Reason == b.Reason && a.Problem == b.Problem
}

// judge is one verdict, counted.
func (f *fuzzer) judge(worker *plugin.Worker, j *plugin.Judge, e *plugin.Evidence, v *plugin.Verdict) {
	worker.Judge(j, e, v)
	f.report.Decisions++
	if v.Fuel > f.report.FuelMost {
		f.report.FuelMost, f.report.FuelLimit = v.Fuel, f.bench.Module.Limits.VerdictFuel(len(e.Vantages))
	}
}

// hearAll judges a docket on an instance of its own, up to the first problem; nil if the check is refused.
func (f *fuzzer) hearAll(d *docket) []plugin.Verdict {
	j, _ := f.bench.host.Judge(&d.spec, f.terms)
	if j == nil {
		return nil
	}
	worker := f.bench.host.NewWorker()
	defer worker.Close()
	defer f.bench.host.Forgive(f.bench.About.Name)
	verdicts := make([]plugin.Verdict, len(d.histories))
	for i := range d.histories {
		worker.Judge(j, &d.histories[i], &verdicts[i])
		if verdicts[i].Problem != "" {
			return verdicts[:i+1]
		}
	}
	return verdicts
}

// foundCheck reports a check on which configure traps or runs out of fuel.
func (f *fuzzer) foundCheck(d *docket, detail string) {
	f.found[findConfigure] = true
	d, detail = smallestFailure(d, detail, "checks", func(d *docket) diag.List {
		_, diags := f.bench.host.Judge(&d.spec, f.terms)
		return diags
	})
	f.report.Finds = append(f.report.Finds, Find{findConfigure, detail, d.text(findConfigure, nil) + "want refused what is wrong with it\n"})
}

// foundJudge reports a verdict that failed.
func (f *fuzzer) foundJudge(d *docket, i int, detail string) {
	f.bench.host.Forgive(f.bench.About.Name)
	f.used.Close()
	f.used = f.bench.host.NewWorker()
	if f.found[findJudge] {
		return
	}
	f.found[findJudge] = true
	problem := func(d *docket) string {
		if verdicts := f.hearAll(d); len(verdicts) > 0 {
			return verdicts[len(verdicts)-1].Problem
		}
		return ""
	}
	bad := func(d *docket) bool { return problem(d) != "" }
	small := &docket{d.spec, d.histories[i : i+1]}
	if !bad(small) {
		small = &docket{d.spec, d.histories[:i+1]}
	}
	if bad(small) {
		small = shrink(small, bad)
		detail = problem(small)
	}
	f.report.Finds = append(f.report.Finds, Find{findJudge, detail, small.text(findJudge, f.hearAll(small))})
}

// foundVerdict reports a verdict that another past changes: one of two that end in it may show that.
func (f *fuzzer) foundVerdict(spec policy.Spec, one, two *plugin.Verdict, pasts ...[]plugin.Evidence) {
	f.found[findVerdict] = true
	bad := func(d *docket) bool {
		verdicts := f.hearAll(d)
		if len(verdicts) == 0 || verdicts[len(verdicts)-1].Problem != "" {
			return false
		}
		fresh := f.hearAll(&docket{d.spec, d.histories[len(d.histories)-1:]})
		return !sameVerdict(&fresh[0], &verdicts[len(verdicts)-1])
	}
	small := &docket{spec, pasts[0][len(pasts[0])-1:]}
	detail := fmt.Sprintf("got %s, and %s after other verdicts", strings.Join(describeVerdict(one), ", "), strings.Join(describeVerdict(two), ", "))
	for _, histories := range pasts {
		if tried := (&docket{spec, histories}); bad(tried) {
			small = shrink(tried, bad)
			break
		}
	}
	if len(small.histories) == 1 {
		detail += "; only verdicts about other checks show it"
	}
	var verdicts []plugin.Verdict // what each is by itself
	for i := range small.histories {
		verdicts = append(verdicts, f.hearAll(&docket{spec: small.spec, histories: small.histories[i : i+1]})[0])
	}
	f.report.Finds = append(f.report.Finds, Find{findVerdict, detail, small.text(findVerdict, verdicts)})
}

// text writes the docket as a golden case that wants what came out.
func (d *docket) text(name string, verdicts []plugin.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "case %s\n%s\n", name, writeCheck(&d.spec))
	for i := range verdicts {
		for _, line := range writeHistory(&d.histories[i]) {
			fmt.Fprintln(&b, strings.TrimSpace("given "+line))
		}
		for _, want := range describeVerdict(&verdicts[i]) {
			fmt.Fprintln(&b, "want "+want)
		}
	}
	return b.String()
}

// smaller yields dockets with one thing less.
func (d *docket) smaller(yield func(*docket) bool) {
	for half := len(d.histories) / 2; half > 0; half /= 2 { // earlier verdicts: many at once first
		for at := 0; at+half <= len(d.histories); at += half {
			if !yield(&docket{d.spec, slices.Delete(slices.Clone(d.histories), at, at+half)}) {
				return
			}
		}
	}
	attrs := d.spec.Candidates[0].Attrs
	for j := range attrs {
		spec := d.spec
		spec.Candidates = slices.Clone(spec.Candidates)
		spec.Candidates[0].Attrs = slices.Delete(slices.Clone(attrs), j, j+1)
		if !yield(&docket{spec, d.histories}) {
			return
		}
	}
	for i := range d.histories {
		for simpler := range simplerHistories(&d.histories[i]) {
			histories := slices.Clone(d.histories)
			histories[i] = simpler
			if !yield(&docket{d.spec, histories}) {
				return
			}
		}
	}
}

// simplerHistories yields evidence with less in it: half of the vantage points, one of them less, half of one's attempts, one of them less, a
// usual time, and no past.
func simplerHistories(e *plugin.Evidence) func(func(plugin.Evidence) bool) {
	return func(yield func(plugin.Evidence) bool) {
		for half := len(e.Vantages) / 2; half > 0; half /= 2 {
			for at := 0; at+half <= len(e.Vantages); at += half {
				simpler := *e
				simpler.Vantages = slices.Delete(slices.Clone(e.Vantages), at, at+half)
				if !yield(simpler) {
					return
				}
			}
		}
		for i := range e.Vantages {
			attempts := e.Vantages[i].Attempts
			for half := (len(attempts) + 1) / 2; half > 0; half /= 2 {
				simpler := *e
				simpler.Vantages = slices.Clone(e.Vantages)
				simpler.Vantages[i].Attempts = attempts[:len(attempts)-half]
				if !yield(simpler) {
					return
				}
			}
		}
		if e.Held > 0 || e.Prior != policy.Unknown {
			simpler := *e
			simpler.Held, simpler.Prior = 0, policy.Unknown
			yield(simpler)
		}
	}
}
