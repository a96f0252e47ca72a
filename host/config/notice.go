package config

import (
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// noticesMax bounds the webhooks, and the programs, that are told of one change.
const noticesMax = 16

// noticeOptions are the rows of probing and notices.
var noticeOptions = []option{
	{"probing", "", "Bounds of all probes together.", nil, nil},
	{"probing.concurrency", "512", "Probes under way at a time, 1..10000.", number(1, 10_000, func(p *parser, _ string) *int { return &p.config.Probing.Concurrency }), nil},
	{"probing.concurrency-per-host", "64", "Of these, to one address, 1..10000.", number(1, 10_000, func(p *parser, _ string) *int { return &p.config.Probing.ConcurrencyPerHost }), nil},
	{"probing.start-wait", "", "At the start, /readyz says *waiting* until every check was probed once, for so long at most, 0s..1m. Left out: 1s more than the longest attempt of the checks may take, 10s at most.", duration(0, time.Minute, func(p *parser, _ string) *time.Duration { return &p.config.Probing.StartWait }), nil},

	{"notices", "", "Who is told when a candidate's health changes; the log always is.", nil, nil},
	{"notices.webhooks", "", "Addresses that get a POST, 16 at most.", nil, nil},
	{"notices.webhooks.-", "", "", nil, openWebhook},
	{"notices.webhooks.-.url", "", "The address; needed.", setWebhookURL, nil},
	{"notices.webhooks.-.format", "json", "`json`: Signpost's own; `alertmanager`: API v2; `/api/v2/alerts` is put behind its address; `slack`: incoming webhooks of Slack and Mattermost.", oneOf(ofWebhook(func(w *Webhook) *string { return &w.Format }), WebhookFormats...), nil},
	{"notices.webhooks.-.secret", "", "Key of the HMAC-SHA256 of time and body, which comes as `Signpost-Signature` (see below); left out: not signed.", textUpTo(tokenMax, ofWebhook(func(w *Webhook) *string { return &w.Secret })), nil},
	{"notices.webhooks.-.token", "", "Token for `Authorization: Bearer`.", textUpTo(tokenMax, ofWebhook(func(w *Webhook) *string { return &w.Token })), nil},
	{"notices.webhooks.-.timeout", "5s", "Of one try, 100ms..1m.", duration(100*time.Millisecond, time.Minute, ofWebhook(func(w *Webhook) *time.Duration { return &w.Timeout })), nil},
	{"notices.webhooks.-.attempts", "5", "Tries, each twice as long after the one before, 1..10.", number(1, 10, ofWebhook(func(w *Webhook) *int { return &w.Attempts })), nil},
	{"notices.exec", "", "Programs that run once for each change and get it as JSON on their standard input, 16 at most. They run only with `--exec-dir`.", nil, nil},
	{"notices.exec.-", "", "", nil, openNoticeExec},
	{"notices.exec.-.command", "", "Name of a program in the directory of `--exec-dir`; needed.", setCommand(ofNoticeExec(func(e *ExecCheck) *string { return &e.Command })), nil},
	{"notices.exec.-.arguments", "", "Its arguments.", setArguments(ofNoticeExec(func(e *ExecCheck) *[]string { return &e.Arguments })), nil},
}

// listed reads a list of mappings, one of which may stand without brackets. The name of a member is its number.
func (p *parser) listed(path string, v value) {
	items := []value{v}
	if list, ok := v.node.(*ast.SequenceNode); ok {
		items = nil
		for _, node := range list.Values {
			items = append(items, value{node: node, pos: p.yaml.At(node.GetToken())})
		}
	}
	if _, none := v.node.(*ast.NullNode); none {
		return
	}
	if len(items) > noticesMax {
		p.diags.Errorf(v.pos, "%s has %d members, more than %d", v.key, len(items), noticesMax)
		return
	}
	row := find(path + ".-")
	for i, item := range items {
		number := strconv.Itoa(i)
		item.key = v.key + "[" + number + "]"
		item = p.resolve(item)
		row.open(p, number, item)
		p.mapping(row.path, number, item)
	}
}

func openWebhook(p *parser, _ string, where value) {
	p.begin(where)
	p.config.Notices.Webhooks = append(p.config.Notices.Webhooks, Webhook{Pos: where.pos, Format: WebhookFormats[0], Timeout: 5 * time.Second, Attempts: 5})
}

func openNoticeExec(p *parser, _ string, where value) {
	p.begin(where)
	p.config.Notices.Exec = append(p.config.Notices.Exec, ExecCheck{})
}

// ofWebhook is a setting of the webhook that is being read, the last one.
func ofWebhook[T any](field func(*Webhook) *T) func(*parser, string) *T {
	return func(p *parser, _ string) *T {
		return field(&p.config.Notices.Webhooks[len(p.config.Notices.Webhooks)-1])
	}
}

func ofNoticeExec[T any](field func(*ExecCheck) *T) func(*parser, string) *T {
	return func(p *parser, _ string) *T { return field(&p.config.Notices.Exec[len(p.config.Notices.Exec)-1]) }
}

func setWebhookURL(p *parser, _ string, v value) {
	if address, ok := p.address(v, "https://chat.example.com/hooks/x"); ok {
		hooks := p.config.Notices.Webhooks
		hooks[len(hooks)-1].URL, hooks[len(hooks)-1].Pos = address, v.pos
	}
}

// finishNotices finds webhooks and programs without what they need, and leaves out those that were not understood.
func (p *parser) finishNotices() {
	notices := &p.config.Notices
	for i := range notices.Webhooks {
		p.need("notices.webhooks["+strconv.Itoa(i)+"]", "url", "{ url: https://chat.example.com/hooks/x }")
	}
	for i := range notices.Exec {
		p.need("notices.exec["+strconv.Itoa(i)+"]", "command", "{ command: page-somebody }")
	}
	notices.Webhooks = slices.DeleteFunc(notices.Webhooks, func(w Webhook) bool { return w.URL == nil })
	notices.Exec = slices.DeleteFunc(notices.Exec, func(e ExecCheck) bool { return e.Command == "" })
}

// begin remembers where the mapping v begins, if it is one, for need.
func (p *parser) begin(v value) {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.NullNode:
		p.seen[v.key+" begins"] = v.pos
	}
}

// need reports that the mapping at path, if it is there and one, lacks key.
func (p *parser) need(path, key, example string) {
	pos, begun := p.seen[path+" begins"]
	if _, said := p.seen[path+" key "+key]; begun && !said {
		p.diags.Errorf(pos, "%s has no %s, such as %s", path, key, example)
	}
}
