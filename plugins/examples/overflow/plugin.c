// Fills tiers of capacity in order: what the live part of one cannot take goes to the next.

#include "signpost.h"

enum { CAPACITY, TIER, TARGET };

enum { TIER_MAX = 9 };

static const sp_attribute attributes[] = {
	[CAPACITY] = SP_INT("capacity", 1, 100000, "what this candidate can take, in any unit", .required = true),
	[TIER] = SP_INT("tier", 1, TIER_MAX, "the order in which capacity is used", .fallback = "1"),
	[TARGET] = SP_INT("target", 1, 100, "percent of the first tier's capacity that is wanted live; below it the next tier helps", .fallback = "100", .shared = true),
};

typedef struct {
	size_t count;
	uint64_t wanted; // capacity
	struct {
		uint32_t capacity;
		uint32_t tier; // from 0
	} candidates[];
} state;

static const void *configure(sp_policy *p) {
	state *s = sp_alloc(sizeof *s + sp_count(p) * sizeof *s->candidates);
	uint32_t first = TIER_MAX;
	s->count = sp_count(p);
	for (size_t i = 0; i < s->count; i++) {
		s->candidates[i].capacity = (uint32_t)sp_int(p, i, CAPACITY);
		s->candidates[i].tier = (uint32_t)sp_int(p, i, TIER) - 1;
		if (s->candidates[i].tier < first)
			first = s->candidates[i].tier;
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->candidates[i].tier == first)
			s->wanted += s->candidates[i].capacity;
	s->wanted = s->wanted * (uint64_t)sp_int(p, 0, TARGET) / 100;
	if (s->wanted == 0)
		s->wanted = 1;
	return s;
}

static void decide(const void *configured, const sp_facts *f, sp_decision *d) {
	const state *s = configured;
	uint64_t live[TIER_MAX] = {0}, taken[TIER_MAX] = {0}, wanted = s->wanted;
	for (size_t i = 0; i < s->count; i++)
		if (sp_open(f, i))
			live[s->candidates[i].tier] += s->candidates[i].capacity;
	for (int tier = 0; tier < TIER_MAX && wanted > 0; tier++) {
		taken[tier] = live[tier] < wanted ? live[tier] : wanted;
		wanted -= taken[tier];
	}
	for (size_t i = 0; i < s->count; i++) {
		uint32_t tier = s->candidates[i].tier;
		if (!sp_open(f, i) || taken[tier] == 0)
			continue;
		uint32_t weight = (uint32_t)(s->candidates[i].capacity * 1000 * taken[tier] / live[tier]);
		sp_weigh(d, i, weight > 0 ? weight : 1);
	}
}

static const sp_plugin plugin = {
	.name = "overflow",
	.version = "1.0.0",
	.doc = "capacity in tiers; what the live part of a tier cannot take goes to the next",
	SP_ATTRIBUTES(attributes),
	.configure = configure,
	.decide = decide,
};

SP_SERVE(&plugin);
