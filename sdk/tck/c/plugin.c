// The conformance kit's policy in C: it uses all that the SDK offers, exactly as ../tck.go does.

#include "signpost.h"

enum { SHARE, RATIO, DRAIN, ROLE, NOTE, AT, NETS, LIMIT, WAIT };

static const sp_attribute attributes[] = {
	[SHARE] = SP_INT("share", -5, 1000, "added as it is", .fallback = "7"),
	[RATIO] = SP_FLOAT("ratio", 0, 1.5, "added in thousandths", .required = true),
	[DRAIN] = SP_BOOL("drain", "no weight"),
	[ROLE] = SP_WORD("role", SP_WORDS("primary", "secondary", "spare"), "added in tens of thousands", .fallback = "secondary"),
	[NOTE] = SP_TEXT("note", "its bytes are counted; bad is refused"),
	[AT] = SP_PLACE("at", "distance in whole degrees to the client"),
	[NETS] = SP_NETWORKS("nets", "whether the client is in one"),
	[LIMIT] = SP_INT("limit", 1, 9, "how many answer", .fallback = "2", .shared = true),
	[WAIT] = SP_DURATION("wait", 0, SP_HOUR, "added in milliseconds"),
};

typedef struct {
	uint32_t base;
	bool drained;
	sp_coordinates at;
	const sp_network *nets;
	size_t net_count;
} candidate;

typedef struct {
	size_t count;
	uint32_t limit;
	bool brief;
	candidate candidates[];
} state;

static const void *configure(sp_policy *p) {
	size_t count = sp_count(p);
	state *s = sp_alloc(sizeof *s + count * sizeof *s->candidates);
	s->count = count;
	s->limit = (uint32_t)sp_int(p, 0, LIMIT);
	s->brief = sp_equal(sp_text(p, 0, NOTE), "brief");
	for (size_t i = 0; i < count; i++) {
		candidate *c = &s->candidates[i];
		const char *note = sp_text(p, i, NOTE);
		c->base = (uint32_t)sp_int(p, i, SHARE) + (uint32_t)(sp_float(p, i, RATIO) * 1000) + 10000 * (uint32_t)sp_word(p, i, ROLE);
		c->base += (uint32_t)(sp_duration(p, i, WAIT) / SP_MILLISECOND);
		c->base += sp_record_type(p) + (sp_set(p, i, SHARE) ? 100000 : 0);
		for (const char *at = note; *at; at++)
			c->base += 1000;
		c->drained = sp_bool(p, i, DRAIN);
		c->at = sp_place(p, i, AT);
		c->nets = sp_networks(p, i, NETS, &c->net_count);
		if (sp_equal(note, "crash"))
			sp_fail("told to crash");
		if (sp_equal(note, "bad"))
			sp_refuse(p, i, NOTE, "note \"", note, "\" is bad");
		if (sp_equal(sp_id(p, i), "cursed") && !sp_set(p, i, SHARE))
			sp_refuse(p, i, SP_NONE, "no share for the cursed");
	}
	return s;
}

static uint32_t degrees(double difference) { return (uint32_t)(difference < 0 ? -difference : difference); }

static void decide(const void *configured, const sp_facts *f, sp_decision *d) {
	const state *s = configured;
	sp_network client = sp_client(f);
	sp_location where = sp_where(f);
	for (size_t i = 0; i < s->count; i++) {
		const candidate *c = &s->candidates[i];
		uint32_t weight = c->base + (sp_weight(f, i) << 20), micros;
		if (c->drained || (!sp_open(f, i) && !sp_down(f, i)))
			continue;
		for (size_t j = 0; j < c->net_count; j++)
			weight += sp_contains(&c->nets[j], &client) ? 200000 : 0;
		if (sp_latency(f, i, &micros))
			weight += micros;
		if (where.at.known && c->at.known)
			weight += degrees(where.at.latitude - c->at.latitude) + degrees(where.at.longitude - c->at.longitude);
		weight += where.country == sp_code_of("de") ? 400000 : 0;
		weight += where.continent == sp_code_of("EU") ? 800000 : 0;
		weight += where.subdivision == sp_code_of("by") ? 1600000 : 0;
		sp_weigh(d, i, weight + where.asn % 1000);
	}
	sp_pick(d, s->limit);
	if (client.family)
		sp_holds_within(d, client.bits);
	if (s->brief)
		sp_holds_for(d, 30);
}

static const sp_plugin tck = {
	.name = "tck",
	.version = "1.0.0",
	.doc = "uses \"everything\"",
	.wants = SP_CLIENT | SP_GEO | SP_LATENCY,
	SP_ATTRIBUTES(attributes),
	.configure = configure,
	.decide = decide,
};

// ---- The judge, exactly as ../judge.go

enum { SLOW, BASE, REMARK, FALL };
enum { EVEN, ODD };

static const sp_attribute judge_attributes[] = {
	[SLOW] = SP_DURATION("slow", SP_MILLISECOND, SP_MINUTE, "longer attempts count twice", .fallback = "300ms"),
	[BASE] = SP_INT("base", 0, 1000, "added as it is", .required = true),
	[REMARK] = SP_TEXT("note", "quiet says nothing; bad is refused"),
	[FALL] = SP_INT("fall", 1, 32, "failures in a row", .fallback = "3"),
};

typedef struct {
	uint32_t limit, base, fall;
	bool quiet;
} check;

static const void *configure_judge(sp_policy *p) {
	check *c = sp_new(check, 1);
	const char *note = sp_text(p, 0, REMARK);
	*c = (check){(uint32_t)sp_duration(p, 0, SLOW), (uint32_t)sp_int(p, 0, BASE), (uint32_t)sp_int(p, 0, FALL), sp_equal(note, "quiet")};
	if (sp_equal(note, "bad"))
		sp_refuse(p, 0, REMARK, "note \"", note, "\" is bad");
	return c;
}

static uint32_t saw(const sp_vantage *v, uint32_t limit) {
	uint32_t sum = 100u * v->health + v->held_millis / 1000;
	for (uint32_t i = 0; i < v->attempt_count; i++) {
		const sp_attempt *a = &v->attempts[i];
		sum += a->code + a->age_millis / 1000 + a->ok;
		if (a->took_micros > limit)
			sum += a->took_micros / 1000;
		sum += a->took_micros / 1000;
	}
	return sum;
}

static void judge(const void *state, const sp_history *h, sp_verdict *v) {
	const check *c = state;
	if (c->quiet)
		return;
	uint32_t sum = c->base + 3u * h->before + 7u * h->prior + h->held_millis / 1000;
	for (uint32_t i = 0; i < h->vantage_count; i++) {
		uint32_t run;
		sum += (i + 1) * saw(&h->vantages[i], c->limit);
		sum += 1000u * sp_settle(h, i, c->fall, 2, &run);
		sum += 10000 * run;
	}
	sp_say(v, (uint8_t)(sum % 3), sum % 2 ? ODD : EVEN, sum);
	if (sum % 5)
		sp_share(v, sum % 112);
}

static const sp_plugin judging = {
	.name = "tck-judge",
	.version = "1.0.0",
	.doc = "judges by a sum",
	SP_ATTRIBUTES(judge_attributes),
	.configure = configure_judge,
	.judge = judge,
	.reasons = SP_WORDS("an even sum: #", "an odd sum, \"#\""),
};

SP_SERVE(&tck, &judging);
