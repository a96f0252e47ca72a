// signpost.h is what the author of a Signpost plugin in C includes: a policy in plain C, compiled to a WebAssembly module of a few
// kilobytes without a C library, and natively for its own tests (signpost_trial.h).
//
// A policy has no clock, dice, network or files. It tells how the answers are to be shared between candidates, and the host draws.
// C11 or later. Everything here is static inline; include it in as many files as you like, and say SP_SERVE in one.
#ifndef SIGNPOST_H
#define SIGNPOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifndef __wasm__
#include <stdio.h>
#include <stdlib.h>
#endif

// ---- What a plugin is

enum sp_type { SP_TYPE_INT, SP_TYPE_FLOAT, SP_TYPE_BOOL, SP_TYPE_WORD, SP_TYPE_TEXT, SP_TYPE_PLACE, SP_TYPE_NETWORKS, SP_TYPE_DURATION };

// An sp_attribute is one key that annotations may have. The host checks their values before a plugin sees them. Write one with the
// macros below; what follows their arguments are fields by name: SP_INT("weight", 0, 255, "share of the answers", .required = true).
typedef struct {
	const char *name; // lower-case letters, digits and hyphens
	enum sp_type type;
	const char *doc;           // one line
	double min, max;           // of SP_INT and SP_FLOAT; of SP_DURATION, microseconds
	const char *const *words;  // of SP_WORD, the last is NULL
	bool required;             // an annotation without the key is a mistake
	bool shared;               // one value for all candidates of a policy
	const char *fallback;      // the value when the key is missing, as it would stand in a zone file; NULL: zero
} sp_attribute;

#define SP_INT(NAME, LOW, HIGH, DOC, ...) {.name = NAME, .type = SP_TYPE_INT, .min = LOW, .max = HIGH, .doc = DOC, __VA_ARGS__}
#define SP_FLOAT(NAME, LOW, HIGH, DOC, ...) {.name = NAME, .type = SP_TYPE_FLOAT, .min = LOW, .max = HIGH, .doc = DOC, __VA_ARGS__}
#define SP_DURATION(NAME, LOW, HIGH, DOC, ...) {.name = NAME, .type = SP_TYPE_DURATION, .min = LOW, .max = HIGH, .doc = DOC, __VA_ARGS__}
#define SP_BOOL(NAME, DOC, ...) {.name = NAME, .type = SP_TYPE_BOOL, .doc = DOC, __VA_ARGS__}
#define SP_WORD(NAME, WORDS, DOC, ...) {.name = NAME, .type = SP_TYPE_WORD, .words = WORDS, .doc = DOC, __VA_ARGS__}
#define SP_TEXT(NAME, DOC, ...) {.name = NAME, .type = SP_TYPE_TEXT, .doc = DOC, __VA_ARGS__}
#define SP_PLACE(NAME, DOC, ...) {.name = NAME, .type = SP_TYPE_PLACE, .doc = DOC, __VA_ARGS__}
#define SP_NETWORKS(NAME, DOC, ...) {.name = NAME, .type = SP_TYPE_NETWORKS, .doc = DOC, __VA_ARGS__}
// Units of the time of an SP_DURATION, which is in microseconds.
#define SP_MILLISECOND 1000
#define SP_SECOND 1000000
#define SP_MINUTE (60.0 * SP_SECOND)
#define SP_HOUR (60.0 * SP_MINUTE)

#define SP_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// Facts that a plugin may ask for: sp_client, sp_where and sp_latency know nothing without them. SP_LATENCY is about each candidate's
// place, the value of the plugin's first attribute of type place.
enum { SP_CLIENT = 1, SP_GEO = 2, SP_LATENCY = 4 };

typedef struct sp_policy sp_policy;
typedef struct sp_facts sp_facts;
typedef struct sp_decision sp_decision;
typedef struct sp_history sp_history;
typedef struct sp_verdict sp_verdict;

// An sp_plugin is one plugin. configure runs once for each policy: it reads the attributes into memory from sp_new and returns it, or
// refuses what is wrong. decide runs for a query, with what configure returned: it must give the same result for the same facts.
// A health plugin has judge instead, which runs after a probe; its policies are checks, each with one candidate.
typedef struct {
	const char *name, *version, *doc; // doc is one line
	unsigned wants;                   // SP_CLIENT | SP_GEO | SP_LATENCY
	const sp_attribute *attributes;   // SP_ATTRIBUTES sets both
	size_t attribute_count;
	const void *(*configure)(sp_policy *policy);
	void (*decide)(const void *state, const sp_facts *facts, sp_decision *decision);
	void (*judge)(const void *state, const sp_history *history, sp_verdict *verdict);
	const char *const *reasons; // of judge: why, the last is NULL; the verdict's number stands for the first #
} sp_plugin;

#define SP_ATTRIBUTES(TABLE) .attributes = TABLE, .attribute_count = sizeof(TABLE) / sizeof *(TABLE)

// ---- What a decision depends on, and what it says: sdk/README.md has this layout

enum { SP_CANDIDATE_MAX = 1024 };

struct sp_facts {
	uint32_t count; // of candidates
	uint8_t family, bits, reserved1[2], address[16];
	uint8_t continent[2], country[2], subdivision[4];
	uint32_t asn;
	uint8_t located, reserved2[3];
	double latitude, longitude;
	uint8_t reserved3[8];
	struct {
		uint32_t weight;
		uint8_t health, latency_source, reserved1[2];
		uint32_t latency_micros;
		uint8_t reserved2[4];
	} candidates[SP_CANDIDATE_MAX];
};

struct sp_decision {
	uint32_t pick, ttl_cap;
	uint8_t scope4, scope6, open, reserved[5];
	uint32_t weights[SP_CANDIDATE_MAX];
};

typedef struct {
	sp_facts facts;
	sp_decision decision;
} sp_frame;

_Static_assert(offsetof(sp_frame, facts.address) == 8 && offsetof(sp_frame, facts.continent) == 24 && offsetof(sp_frame, facts.asn) == 32 &&
	offsetof(sp_frame, facts.located) == 36 && offsetof(sp_frame, facts.latitude) == 40 && offsetof(sp_frame, facts.candidates) == 64 &&
	offsetof(sp_frame, facts.candidates[1].latency_micros) == 88 && offsetof(sp_frame, decision.pick) == 16448 &&
	offsetof(sp_frame, decision.scope4) == 16456 && offsetof(sp_frame, decision.weights) == 16464 && sizeof(sp_frame) == 20560,
	"the frame is not as the ABI has it");

// ---- What a verdict depends on, and what it says

enum { SP_VANTAGE_MAX = 64, SP_ATTEMPT_MAX = 32 };

// An sp_attempt is one probe of the target.
typedef struct {
	uint32_t age_millis; // since it ended
	uint32_t took_micros;
	uint16_t code; // status of HTTP; 0 where there is none
	uint8_t ok;    // 1: it succeeded
	uint8_t reserved[5];
} sp_attempt;

// An sp_vantage is what one vantage point saw: this server, another one, or a check that this one is made of.
typedef struct {
	uint32_t attempt_count;
	uint8_t health; // its own verdict where it has one, SP_UNKNOWN otherwise
	uint8_t reserved1[3];
	uint32_t held_millis; // for which that has stood
	uint8_t reserved2[4];
	sp_attempt attempts[SP_ATTEMPT_MAX]; // the latest first
} sp_vantage;

struct sp_history {
	uint32_t vantage_count;
	uint8_t before; // the verdict so far: SP_UNKNOWN, SP_UP or SP_DOWN
	uint8_t prior;  // the verdict before that one; SP_UNKNOWN: there was none
	uint8_t reserved1[2];
	uint32_t held_millis; // for which the verdict so far has stood
	uint8_t reserved2[52];
	sp_vantage vantages[SP_VANTAGE_MAX];
};

struct sp_verdict {
	uint8_t health, share;
	uint16_t reason;
	uint32_t number;
	uint8_t reserved[8];
};

typedef struct {
	sp_history history;
	sp_verdict verdict;
} sp_judge_frame;

_Static_assert(offsetof(sp_history, held_millis) == 8 && offsetof(sp_history, vantages) == 64 && offsetof(sp_vantage, attempts) == 16 &&
	sizeof(sp_attempt) == 16 && offsetof(sp_attempt, ok) == 10 && offsetof(sp_judge_frame, verdict.share) == 33857 &&
	offsetof(sp_judge_frame, verdict.number) == 33860 && sizeof(sp_judge_frame) == 33872, "the health frame is not as the ABI has it");

// ---- Failing

#ifdef __wasm__
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int sp_fd_write(int file, const void *vectors, int count, void *written);
#endif

// sp_fail ends the call with a reason that the host shows. The query is answered with equal weights, so it is for what cannot be.
__attribute__((noreturn)) static inline void sp_fail(const char *reason) {
	size_t length = 0;
	while (reason[length])
		length++;
#ifdef __wasm__
	size_t vector[2] = {(size_t)reason, length}, written;
	sp_fd_write(2, vector, 1, &written);
	__builtin_trap();
#else
	fwrite(reason, 1, length, stderr);
	abort();
#endif
}

// ---- Memory

// sp_alloc returns zeroed memory that stays for good: for configure, not for decide. The host replaces a plugin that has used up half of
// its memory by a new one, so nothing is ever freed.
static inline void *sp_alloc(size_t size) {
#ifdef __wasm__
	static uint8_t *next, *end;
	size = (size + 7) & ~(size_t)7;
	if ((size_t)(end - next) < size) {
		size_t pages = (size + 65535) / 65536;
		size_t first = __builtin_wasm_memory_grow(0, pages);
		if (first == (size_t)-1)
			sp_fail("out of memory");
		if (end != (uint8_t *)(first * 65536))
			next = (uint8_t *)(first * 65536);
		end = (uint8_t *)((first + pages) * 65536);
	}
	void *at = next;
	next += size;
	return at;
#else
	void *at = calloc(1, size ? size : 1);
	if (!at)
		sp_fail("out of memory");
	return at;
#endif
}

// sp_new returns memory for COUNT values of TYPE, all zero.
#define sp_new(TYPE, COUNT) ((TYPE *)sp_alloc((COUNT) * sizeof(TYPE)))

// sp_text_buffer is text that is being written.
typedef struct {
	char *at;
	size_t length, room;
} sp_text_buffer;

__attribute__((noinline, unused)) static void sp_append(sp_text_buffer *b, const void *bytes, size_t length) {
	if (b->length + length > b->room) {
		b->room = (b->length + length) * 2 + 64;
		char *larger = sp_alloc(b->room);
		for (size_t i = 0; i < b->length; i++)
			larger[i] = b->at[i];
		b->at = larger;
	}
	for (size_t i = 0; i < length; i++)
		b->at[b->length++] = ((const char *)bytes)[i];
}

__attribute__((noinline, unused)) static void sp_append_text(sp_text_buffer *b, const char *text) {
	for (; *text; text++)
		sp_append(b, text, 1);
}

// sp_equal tells whether two texts are the same.
static inline bool sp_equal(const char *a, const char *b) {
	for (; *a && *a == *b; a++, b++) {
	}
	return *a == *b;
}

// ---- Reading a policy in configure

struct sp_policy {
	const sp_plugin *plugin;
	const uint8_t *message; // of configure: sdk/README.md has its layout
	sp_text_buffer problems;
	size_t problem_count;
};

// The host reads so many problems, in 64 KiB; what is beyond is left out.
enum { SP_PROBLEM_MAX = 64, SP_PROBLEM_LEN_MAX = 900 };

#define SP_NONE UINT32_MAX // for sp_refuse: no candidate or no attribute

static inline uint32_t sp_u32(const uint8_t *at) { return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24; }

static inline uint64_t sp_u64(const uint8_t *at) { return sp_u32(at) | (uint64_t)sp_u32(at + 4) << 32; }

// sp_count returns how many candidates there are, at least one. Their indexes are those of decide.
static inline size_t sp_count(const sp_policy *p) { return sp_u32(p->message); }

// sp_record_type returns the type of the candidates' records, 1 for A.
static inline uint16_t sp_record_type(const sp_policy *p) { return (uint16_t)sp_u32(p->message + 8); }

static inline const uint8_t *sp_candidate_at(const sp_policy *p, size_t candidate) {
	if (candidate >= sp_count(p))
		sp_fail("a candidate is asked for that is not there");
	return p->message + 16 + candidate * (16 + 16 * p->plugin->attribute_count);
}

static inline const uint8_t *sp_value_at(const sp_policy *p, size_t candidate, size_t attribute, enum sp_type type) {
	if (attribute >= p->plugin->attribute_count || p->plugin->attributes[attribute].type != type)
		sp_fail("an attribute is read as a type that it is not of");
	return sp_candidate_at(p, candidate) + 16 + 16 * attribute;
}

static inline const char *sp_copy_text(const sp_policy *p, const uint8_t *span) {
	size_t length = sp_u32(span + 4);
	char *text = sp_alloc(length + 1);
	for (size_t i = 0; i < length; i++)
		text[i] = (char)p->message[sp_u32(span) + i];
	return text;
}

// sp_id returns what the zone file calls the candidate.
static inline const char *sp_id(const sp_policy *p, size_t candidate) { return sp_copy_text(p, sp_candidate_at(p, candidate)); }

// sp_set tells whether the candidate's annotation has the key; otherwise its value is the fallback.
static inline bool sp_set(const sp_policy *p, size_t candidate, size_t attribute) {
	return attribute < p->plugin->attribute_count && sp_candidate_at(p, candidate)[16 + 16 * attribute + 8];
}

static inline int64_t sp_int(const sp_policy *p, size_t candidate, size_t attribute) {
	return (int64_t)sp_u64(sp_value_at(p, candidate, attribute, SP_TYPE_INT));
}

static inline double sp_float(const sp_policy *p, size_t candidate, size_t attribute) {
	union {
		uint64_t bits;
		double number;
	} value = {sp_u64(sp_value_at(p, candidate, attribute, SP_TYPE_FLOAT))};
	return value.number;
}

// sp_duration returns microseconds.
static inline int64_t sp_duration(const sp_policy *p, size_t candidate, size_t attribute) {
	return (int64_t)sp_u64(sp_value_at(p, candidate, attribute, SP_TYPE_DURATION));
}

static inline bool sp_bool(const sp_policy *p, size_t candidate, size_t attribute) {
	return sp_value_at(p, candidate, attribute, SP_TYPE_BOOL)[0];
}

// sp_word returns the index of the candidate's word.
static inline size_t sp_word(const sp_policy *p, size_t candidate, size_t attribute) {
	return sp_u32(sp_value_at(p, candidate, attribute, SP_TYPE_WORD));
}

// sp_text returns a copy of the candidate's text, which stays for good.
static inline const char *sp_text(const sp_policy *p, size_t candidate, size_t attribute) {
	return sp_copy_text(p, sp_value_at(p, candidate, attribute, SP_TYPE_TEXT));
}

// sp_coordinates are degrees north and east.
typedef struct {
	bool known;
	double latitude, longitude;
} sp_coordinates;

// sp_place returns the candidate's place.
static inline sp_coordinates sp_place(const sp_policy *p, size_t candidate, size_t attribute) {
	const uint8_t *at = sp_value_at(p, candidate, attribute, SP_TYPE_PLACE);
	union {
		uint32_t bits[2];
		float degrees[2];
	} value = {{sp_u32(at), sp_u32(at + 4)}};
	return (sp_coordinates){sp_set(p, candidate, attribute), value.degrees[0], value.degrees[1]};
}

// An sp_network is a client's network, or one of an attribute's.
typedef struct {
	uint8_t family; // 4 or 6. 0: an unknown client, or everybody as an attribute's value
	uint8_t bits;   // length of the prefix
	uint8_t reserved[2];
	uint8_t address[16]; // its first 4 bytes for family 4; zero after bits
} sp_network;

// sp_networks returns a copy of the candidate's networks, which stays for good, and sets how many there are.
static inline const sp_network *sp_networks(const sp_policy *p, size_t candidate, size_t attribute, size_t *count) {
	const uint8_t *span = sp_value_at(p, candidate, attribute, SP_TYPE_NETWORKS);
	*count = sp_u32(span + 4) / sizeof(sp_network);
	return (const sp_network *)sp_copy_text(p, span);
}

// sp_contains tells whether all of inner is in outer. Everybody contains every network, an unknown client is in nothing else.
static inline bool sp_contains(const sp_network *outer, const sp_network *inner) {
	if (outer->family == 0)
		return true;
	if (outer->family != inner->family || outer->bits > inner->bits)
		return false;
	for (unsigned bit = 0; bit < outer->bits; bit += 8) {
		unsigned left = outer->bits - bit;
		uint8_t mask = left < 8 ? (uint8_t)(0xff00 >> left) : 0xff;
		if ((outer->address[bit / 8] ^ inner->address[bit / 8]) & mask)
			return false;
	}
	return true;
}

// sp_refuse reports that the candidate's value of an attribute is wrong, or with SP_NONE the candidate or the whole policy. The texts
// are joined: sp_refuse(p, i, NOTE, "note ", note, " is bad"). The host puts file, line, column and the plugin's name before them.
#define sp_refuse(P, CANDIDATE, ATTRIBUTE, ...) sp_refuse_texts(P, (uint32_t)(CANDIDATE), (uint32_t)(ATTRIBUTE), (const char *const[]){__VA_ARGS__, NULL})

static inline void sp_refuse_texts(sp_policy *p, uint32_t candidate, uint32_t attribute, const char *const *texts) {
	sp_text_buffer text = {0};
	if (p->problem_count++ >= SP_PROBLEM_MAX)
		return;
	for (; *texts; texts++)
		sp_append_text(&text, *texts);
	if (text.length > SP_PROBLEM_LEN_MAX)
		text.length = SP_PROBLEM_LEN_MAX;
	uint32_t head[3] = {candidate, attribute, (uint32_t)text.length};
	sp_append(&p->problems, head, sizeof head);
	sp_append(&p->problems, text.at, text.length);
}

// ---- Deciding

enum { SP_UNKNOWN = 0, SP_UP = 1, SP_DOWN = 2 };

// sp_weight returns the candidate's share as the plugins before this one left it, 0 if it is not open. The host multiplies with it: a
// plugin that does not compare shares has no use for it.
static inline uint32_t sp_weight(const sp_facts *f, size_t candidate) { return f->candidates[candidate].weight; }

// sp_open tells whether the candidate can get a share: it is not down, and no plugin before this one in the chain has ruled it out.
static inline bool sp_open(const sp_facts *f, size_t candidate) { return f->candidates[candidate].weight != 0; }

// sp_down tells whether the candidate's check says so. While all are down, all are told to be up.
static inline bool sp_down(const sp_facts *f, size_t candidate) { return f->candidates[candidate].health == SP_DOWN; }

// sp_client returns the client's network, to a plugin that wants SP_CLIENT.
static inline sp_network sp_client(const sp_facts *f) {
	sp_network client = {.family = f->family, .bits = f->bits};
	for (int i = 0; i < 16; i++)
		client.address[i] = f->address[i];
	return client;
}

// An sp_code is a code of geography: a continent, a country or a subdivision. 0 is unknown.
typedef uint32_t sp_code;

// sp_code_of returns the code that text spells, in any case; 0 unless it is 1 to 4 letters and digits.
static inline sp_code sp_code_of(const char *text) {
	sp_code code = 0;
	for (unsigned i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 'a' && c <= 'z')
			c = (unsigned char)(c - 'a' + 'A');
		if (i == 4 || !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			return 0;
		code |= (sp_code)c << 8 * i;
	}
	return code;
}

// An sp_location is where a network is, as far as is known.
typedef struct {
	sp_code continent;   // AF AN AS EU NA OC SA
	sp_code country;     // ISO 3166-1 alpha-2
	sp_code subdivision; // ISO 3166-2, what stands behind the country's hyphen
	uint32_t asn;        // number of the autonomous system; 0: unknown
	sp_coordinates at;
} sp_location;

// sp_where returns where the client's network is, to a plugin that wants SP_GEO.
static inline sp_location sp_where(const sp_facts *f) {
	return (sp_location){
		.continent = f->continent[0] | f->continent[1] << 8,
		.country = f->country[0] | f->country[1] << 8,
		.subdivision = sp_u32(f->subdivision),
		.asn = f->asn,
		.at = {f->located != 0, f->latitude, f->longitude},
	};
}

// sp_latency sets *micros to the round trip in microseconds between the client's network and the candidate's place, to a plugin that
// wants SP_LATENCY; false if it is not known.
static inline bool sp_latency(const sp_facts *f, size_t candidate, uint32_t *micros) {
	*micros = f->candidates[candidate].latency_micros;
	return f->candidates[candidate].latency_source != 0;
}

// sp_weigh gives the candidate its share of the answers: weight divided by the sum of all weights. All begin with 0; if all stay so, no
// candidate is for this client.
static inline void sp_weigh(sp_decision *d, size_t candidate, uint32_t weight) { d->weights[candidate] = weight; }

// sp_pick sets how many different candidates answer together: 1 unless a plugin of the chain said otherwise.
static inline void sp_pick(sp_decision *d, uint32_t count) { d->pick = count; }

// sp_holds tells for which prefixes around the client the decision is the same, so that resolvers may keep it for all of them: 0 to 32 and
// 0 to 128 bits. Without it, it holds for the network that the facts are about. A plugin that wants the client must be right about it.
static inline void sp_holds(sp_decision *d, uint8_t v4, uint8_t v6) { d->scope4 = v4, d->scope6 = v6; }

// sp_holds_within is sp_holds for a length that only the client's own family can have.
static inline void sp_holds_within(sp_decision *d, uint8_t bits) { sp_holds(d, bits < 32 ? bits : 32, bits); }

// sp_holds_for limits the answer's TTL.
static inline void sp_holds_for(sp_decision *d, uint32_t seconds) { d->ttl_cap = seconds; }

// sp_fail_open says what happens if all that got weight are down: they answer as if they were up, because no other candidate is for this
// client (or on-all-down holds for them). Without it such a decision changes nothing.
static inline void sp_fail_open(sp_decision *d) { d->open = 1; }

// ---- Judging

// SP_NO_REASON is for sp_say: none is given.
#define SP_NO_REASON UINT16_MAX

// sp_say gives the verdict: a state, the place of its reason in the plugin's reasons, from 0, and a number. Without it all stays as it was.
static inline void sp_say(sp_verdict *v, uint8_t state, uint16_t reason, uint32_t number) {
	v->health = state;
	v->reason = (uint16_t)(reason + 1); // SP_NO_REASON + 1 is 0
	v->number = number;
}

// sp_share has the target get so many percent of its weight while it is up, 0 to 100. Without it that is 100; 0 is nothing: it counts as down.
// Less and more are taken as the nearest of these.
static inline void sp_share(sp_verdict *v, int64_t percent) { v->share = (uint8_t)(percent < 0 ? 0 : percent < 100 ? percent : 100); }

// sp_settle returns what a vantage point's attempts make of it: down after fall failures in a row, the latest among them, up after rise successes.
// *run is how many there were, 0 if they are not enough: then the state is as it was. One attempt is enough before the first verdict, and to
// confirm the verdict that stands. Without attempts it is the vantage point's own verdict.
static inline uint8_t sp_settle(const sp_history *h, size_t vantage, uint32_t fall, uint32_t rise, uint32_t *run) {
	const sp_vantage *v = &h->vantages[vantage];
	uint8_t before = v->health ? v->health : h->before, state = v->attempts[0].ok ? SP_UP : SP_DOWN;
	*run = 0;
	if (!v->attempt_count)
		return v->health;
	uint32_t count = 1;
	while (count < v->attempt_count && v->attempts[count].ok == v->attempts[0].ok)
		count++;
	if (count < (state == SP_UP ? rise : fall) && before != SP_UNKNOWN && before != state)
		return before;
	*run = count;
	return state;
}

// ---- The manifest

__attribute__((noinline, unused)) static void sp_json_text(sp_text_buffer *b, const char *text) {
	sp_append(b, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\') {
			sp_append(b, "\\", 1);
		} else if (c < ' ') {
			const char *hex = "0123456789abcdef";
			char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
			sp_append(b, escape, 6);
			continue;
		}
		sp_append(b, &c, 1);
	}
	sp_append(b, "\"", 1);
}

// sp_json_number writes a number of up to 9 decimals.
static inline void sp_json_number(sp_text_buffer *b, double number) {
	if (number < 0) {
		sp_append(b, "-", 1);
		number = -number;
	}
	if (!(number < 1e19))
		sp_fail("min and max are at most 1e19");
	uint64_t whole = (uint64_t)number, decimals = (uint64_t)((number - (double)whole) * 1e9 + 0.5);
	if (decimals == 1000000000)
		whole++, decimals = 0;
	char digits[32];
	int end = 32, at = 22;
	for (int i = 31; i > 22; i--, decimals /= 10)
		digits[i] = (char)('0' + decimals % 10);
	digits[at] = '.';
	while (digits[end - 1] == '0')
		end--;
	if (digits[end - 1] == '.')
		end--;
	do
		digits[--at] = (char)('0' + whole % 10);
	while (whole /= 10);
	sp_append(b, digits + at, (size_t)(end - at));
}

static inline void sp_json_attribute(sp_text_buffer *b, const sp_attribute *a) {
	static const char *const types[] = {"int", "float", "bool", "word", "text", "place", "networks", "duration"};
	sp_append_text(b, "{\"name\":");
	sp_json_text(b, a->name);
	sp_append_text(b, ",\"type\":");
	sp_json_text(b, types[a->type]);
	sp_append_text(b, ",\"doc\":");
	sp_json_text(b, a->doc);
	if (a->required)
		sp_append_text(b, ",\"required\":true");
	if (a->shared)
		sp_append_text(b, ",\"shared\":true");
	if (a->fallback) {
		sp_append_text(b, ",\"default\":");
		sp_json_text(b, a->fallback);
	}
	if (a->type == SP_TYPE_INT || a->type == SP_TYPE_FLOAT || a->type == SP_TYPE_DURATION) {
		sp_append_text(b, ",\"min\":");
		sp_json_number(b, a->min);
		sp_append_text(b, ",\"max\":");
		sp_json_number(b, a->max);
	}
	if (a->type == SP_TYPE_WORD) {
		for (size_t i = 0; a->words[i]; i++) {
			sp_append_text(b, i ? "," : ",\"words\":[");
			sp_json_text(b, a->words[i]);
		}
		sp_append(b, "]", 1);
	}
	sp_append(b, "}", 1);
}

static inline void sp_json_plugin(sp_text_buffer *b, const sp_plugin *p) {
	static const char *const wants[] = {"client", "geo", "latency"};
	sp_append_text(b, p->judge ? "{\"kind\":\"health\",\"name\":" : "{\"kind\":\"routing\",\"name\":");
	sp_json_text(b, p->name);
	sp_append_text(b, ",\"version\":");
	sp_json_text(b, p->version);
	sp_append_text(b, ",\"doc\":");
	sp_json_text(b, p->doc);
	sp_append_text(b, ",\"wants\":[");
	for (unsigned i = 0, first = 1; i < 3; i++) {
		if (p->wants & 1u << i) {
			sp_append_text(b, first ? "" : ",");
			sp_json_text(b, wants[i]);
			first = 0;
		}
	}
	sp_append_text(b, "],\"attributes\":[");
	for (size_t i = 0; i < p->attribute_count; i++) {
		sp_append_text(b, i ? "," : "");
		sp_json_attribute(b, &p->attributes[i]);
	}
	for (size_t i = 0; p->reasons && p->reasons[i]; i++) {
		sp_append_text(b, i ? "," : "],\"reasons\":[");
		sp_json_text(b, p->reasons[i]);
	}
	sp_append_text(b, "]}");
}

static inline sp_text_buffer sp_manifest(const sp_plugin *const *plugins) {
	sp_text_buffer b = {0};
	sp_append_text(&b, "{\"plugins\":[");
	for (size_t i = 0; plugins[i]; i++) {
		sp_append_text(&b, i ? "," : "");
		sp_json_plugin(&b, plugins[i]);
	}
	sp_append_text(&b, "]}");
	return b;
}

// ---- The module as the host drives it

typedef struct {
	const sp_plugin *plugin;
	const void *state;
} sp_decider;

typedef struct {
	sp_frame frame;
	sp_judge_frame judge_frame;
	uint8_t *message;
	size_t message_room;
	sp_decider *deciders; // by the host's number of the policy
	size_t decider_count;
} sp_guest;

static inline uint64_t sp_span(const void *at, size_t length) { return length ? (uint64_t)(uintptr_t)at << 32 | length : 0; }

static inline void *sp_message(sp_guest *g, size_t length) {
	if (length > g->message_room) {
		g->message_room = length * 2;
		g->message = sp_alloc(g->message_room);
	}
	return g->message;
}

static inline sp_text_buffer sp_configure(sp_guest *g, const sp_plugin *plugin, size_t policy) {
	if (policy >= g->decider_count) {
		sp_decider *more = sp_new(sp_decider, policy * 2 + 16);
		for (size_t i = 0; i < g->decider_count; i++)
			more[i] = g->deciders[i];
		g->deciders = more;
		g->decider_count = policy * 2 + 16;
	}
	sp_policy p = {.plugin = plugin, .message = g->message};
	const void *state = plugin->configure(&p);
	if (p.problems.length == 0)
		g->deciders[policy] = (sp_decider){plugin, state};
	return p.problems;
}

static inline uint32_t sp_judge(sp_guest *g, size_t policy) {
	if (policy >= g->decider_count || !g->deciders[policy].plugin || !g->deciders[policy].plugin->judge)
		return 1;
	g->deciders[policy].plugin->judge(g->deciders[policy].state, &g->judge_frame.history, &g->judge_frame.verdict);
	return 0;
}

static inline uint32_t sp_decide(sp_guest *g, size_t policy) {
	if (policy >= g->decider_count || !g->deciders[policy].plugin || !g->deciders[policy].plugin->decide)
		return 1;
	g->deciders[policy].plugin->decide(g->deciders[policy].state, &g->frame.facts, &g->frame.decision);
	return 0;
}

// SP_SERVE makes a module's plugins known to the host: SP_SERVE(&mine, &another) once, behind them.
#ifdef __wasm__
#define SP_EXPORT(NAME) __attribute__((export_name(#NAME))) NAME
#define SP_SERVE(...) \
	static const sp_plugin *const sp_served[] = {__VA_ARGS__, NULL}; \
	static sp_guest sp_running; \
	uint32_t SP_EXPORT(signpost_abi_v1)(void) { return (uint32_t)(uintptr_t)&sp_running.frame; } \
	uint64_t SP_EXPORT(signpost_describe)(void) { \
		sp_text_buffer b = sp_manifest(sp_served); \
		return sp_span(b.at, b.length); \
	} \
	uint32_t SP_EXPORT(signpost_alloc)(uint32_t length) { return (uint32_t)(uintptr_t)sp_message(&sp_running, length); } \
	uint64_t SP_EXPORT(signpost_configure)(uint32_t plugin, uint32_t policy, uint32_t address, uint32_t length) { \
		(void)address, (void)length; \
		sp_text_buffer b = sp_configure(&sp_running, sp_served[plugin], policy); \
		return sp_span(b.at, b.length); \
	} \
	uint32_t SP_EXPORT(signpost_decide)(uint32_t policy) { return sp_decide(&sp_running, policy); } \
	uint32_t SP_EXPORT(signpost_judge_frame)(void) { return (uint32_t)(uintptr_t)&sp_running.judge_frame; } \
	uint32_t SP_EXPORT(signpost_judge)(uint32_t policy) { return sp_judge(&sp_running, policy); } \
	_Static_assert(1, "a semicolon may follow")

// What compilers call without being asked.
__attribute__((weak, no_builtin)) void *memcpy(void *to, const void *from, size_t length) {
	for (size_t i = 0; i < length; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

__attribute__((weak, no_builtin)) void *memset(void *to, int value, size_t length) {
	for (size_t i = 0; i < length; i++)
		((char *)to)[i] = (char)value;
	return to;
}

__attribute__((weak, no_builtin)) void *memmove(void *to, const void *from, size_t length) {
	if ((uintptr_t)to <= (uintptr_t)from)
		return memcpy(to, from, length);
	while (length--)
		((char *)to)[length] = ((const char *)from)[length];
	return to;
}
#else
#define SP_SERVE(...) _Static_assert(1, "natively, sp_try runs a plugin")
#endif

#endif
