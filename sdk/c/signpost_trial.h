// signpost_trial.h tries a plugin natively: the same code as in the sandbox, for the plugin's own tests.
//
//	sp_trial *t = sp_try(&weighted, "weight=90", "weight=10");
//	assert(!t->problem);
//	const sp_outcome *o = sp_run(t, .down = (bool[]){true, false});
//	assert(o->weights[1] == 10);
#ifndef SIGNPOST_TRIAL_H
#define SIGNPOST_TRIAL_H

#include "signpost.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

// An sp_outcome is what the plugin said.
typedef struct {
	const uint32_t *weights; // by candidate
	uint32_t pick;           // 0: no opinion
	int scope4, scope6;      // -1: no opinion
	int64_t ttl_cap;         // -1: none
} sp_outcome;

// An sp_opinion is what a health plugin said.
typedef struct {
	uint8_t state, share; // SP_UP …; percent, 100 if nothing was said
	const char *reason;   // without its number; "" if none was given
	uint32_t number;
} sp_opinion;

// An sp_trial is a policy that a plugin accepted, or the first problem that it has.
typedef struct {
	const char *problem; // as the host would report it but without its place; NULL: accepted
	size_t count;
	const sp_plugin *plugin;
	sp_guest guest;
	sp_outcome outcome;
	sp_opinion opinion;
} sp_trial;

// An sp_given is what a trial decides from. What is left out: all are up, nothing is known of the client.
typedef struct {
	const bool *down;       // by candidate
	const uint32_t *before; // weights from the plugins before this one, by candidate
	const char *client;     // a prefix or an address; seen only by a plugin that wants SP_CLIENT
	sp_location where;      // seen only by a plugin that wants SP_GEO
	const uint32_t *micros; // by candidate, 0: unknown; seen only by a plugin that wants SP_LATENCY
} sp_given;

// What configure gets for one attribute.
typedef struct {
	uint64_t bits;
	sp_text_buffer text;
	bool set, known;
} sp_value;

static inline const char *sp_join(const char *a, const char *b, const char *c, const char *d, const char *e) {
	sp_text_buffer text = {0};
	const char *parts[] = {a, b, c, d, e};
	for (int i = 0; i < 5; i++)
		sp_append_text(&text, parts[i]);
	sp_append(&text, "", 1);
	return text.at;
}

// sp_parse_network reads a prefix, an address or *.
static inline bool sp_parse_network(const char *text, sp_network *n) {
	char address[64];
	*n = (sp_network){0};
	size_t length = strcspn(text, "/,");
	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = 0;
	if (!strcmp(address, "*"))
		return text[length] != '/';
	n->family = strchr(address, ':') ? 6 : 4;
	if (inet_pton(n->family == 4 ? AF_INET : AF_INET6, address, n->address) != 1)
		return false;
	unsigned size = n->family == 4 ? 32 : 128, bits = size;
	if (text[length] == '/') {
		char *end;
		bits = (unsigned)strtoul(text + length + 1, &end, 10);
		if (end == text + length + 1 || (*end && *end != ',') || bits > size)
			return false;
	}
	n->bits = (uint8_t)bits;
	for (unsigned bit = bits; bit < size; bit++)
		n->address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return true;
}

// sp_parse_duration reads a time with its units, as 300ms, 1.5s or 1h30m, in microseconds; -1 if it is none.
static inline double sp_parse_duration(const char *text) {
	static const struct {
		const char *name;
		double micros;
	} units[] = {{"ns", 0.001}, {"us", 1}, {"ms", SP_MILLISECOND}, {"s", SP_SECOND}, {"m", SP_MINUTE}, {"h", SP_HOUR}};
	double micros = 0;
	if (!strcmp(text, "0"))
		return 0;
	do {
		char *end;
		size_t digits = strspn(text, "0123456789."), unit = 0;
		double number = strtod(text, &end);
		if (digits == 0 || end != text + digits)
			return -1;
		size_t length = strspn(end, "numsh");
		while (unit < 6 && (strlen(units[unit].name) != length || strncmp(units[unit].name, end, length)))
			unit++;
		if (unit == 6)
			return -1;
		micros += number * units[unit].micros;
		text = end + length;
	} while (*text);
	return micros;
}

// sp_parse converts a value as it stands in an annotation, or returns what is wrong with it.
static inline const char *sp_parse(const sp_attribute *a, const char *text, sp_value *value) {
	char *end = "", low[32], high[32];
	union {
		double number;
		float degrees[2];
		uint64_t bits;
	} as = {0};
	value->set = value->known = true;
	snprintf(low, sizeof low, "%g", a->min);
	snprintf(high, sizeof high, "%g", a->max);
	bool plain = *text && strspn(text, "0123456789.-eE,") == strlen(text);
	switch (a->type) {
	case SP_TYPE_INT:
		value->bits = (uint64_t)strtoll(text, &end, 10);
		if (!plain || *end)
			return sp_join(a->name, " \"", text, "\" is not a whole number", "");
		if ((double)(int64_t)value->bits < a->min || (double)(int64_t)value->bits > a->max)
			return sp_join(a->name, " ", text, " is outside ", sp_join(low, "..", high, "", ""));
		break;
	case SP_TYPE_FLOAT:
		as.number = strtod(text, &end);
		value->bits = as.bits;
		if (!plain || *end)
			return sp_join(a->name, " \"", text, "\" is not a number", "");
		if (as.number < a->min || as.number > a->max)
			return sp_join(a->name, " ", text, " is outside ", sp_join(low, "..", high, "", ""));
		break;
	case SP_TYPE_DURATION:
		as.number = sp_parse_duration(text);
		value->bits = (uint64_t)as.number;
		if (as.number < 0)
			return sp_join(a->name, " \"", text, "\" is no time with its unit, as 300ms, 1.5s or 1h30m", "");
		if (as.number < a->min || as.number > a->max)
			return sp_join(a->name, " ", text, " is outside ", sp_join(low, "..", high, " microseconds", ""));
		break;
	case SP_TYPE_BOOL:
		value->bits = !strcmp(text, "yes") || !strcmp(text, "true");
		if (!value->bits && strcmp(text, "no") && strcmp(text, "false"))
			return sp_join(a->name, " \"", text, "\" is neither yes nor no", "");
		break;
	case SP_TYPE_WORD:
		while (a->words[value->bits] && strcmp(a->words[value->bits], text))
			value->bits++;
		if (!a->words[value->bits])
			return sp_join(a->name, " \"", text, "\" is not one of its words", "");
		break;
	case SP_TYPE_PLACE: {
		double lat = strtod(text, &end), lon = *end == ',' ? strtod(end + 1, &end) : 1000;
		if (!plain || *end || fabs(lat) > 90 || fabs(lon) > 180)
			return sp_join(a->name, " \"", text, "\" is neither a known region nor LATITUDE,LONGITUDE", "");
		as.degrees[0] = (float)lat, as.degrees[1] = (float)lon;
		value->bits = as.bits;
		break;
	}
	case SP_TYPE_NETWORKS:
		for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
			sp_network n;
			if (!sp_parse_network(at, &n))
				return sp_join(a->name, " \"", text, "\" has what is no prefix, no address and no known collection", "");
			sp_append(&value->text, &n, sizeof n);
		}
		break;
	default:
		sp_append_text(&value->text, text);
	}
	return NULL;
}

// sp_read_line converts one candidate's line: values by attribute, and its id.
static inline const char *sp_read_line(const sp_plugin *plugin, const char *line, sp_value *values, sp_text_buffer *id) {
	for (;;) {
		line += strspn(line, " ");
		if (!*line)
			return NULL;
		size_t length = strcspn(line, " ");
		char *pair = sp_new(char, length + 1);
		memcpy(pair, line, length);
		line += length;
		char *text = strchr(pair, '=');
		if (text)
			*text++ = 0;
		else
			text = pair + length;
		size_t j = 0;
		while (j < plugin->attribute_count && strcmp(plugin->attributes[j].name, pair))
			j++;
		const char *message = NULL;
		if (j < plugin->attribute_count)
			message = sp_parse(&plugin->attributes[j], text, &values[j]);
		else if (!strcmp(pair, "id"))
			sp_append_text(id, text);
		else
			message = sp_join("unknown key ", pair, "", "", "");
		if (message)
			return message;
	}
}

// sp_fill_in gives the values that no line has: those that are shared, then the fallbacks.
static inline const char *sp_fill_in(const sp_plugin *plugin, sp_value *values, size_t count) {
	for (size_t j = 0; j < plugin->attribute_count; j++) {
		const sp_attribute *a = &plugin->attributes[j];
		const sp_value *said = NULL;
		for (size_t i = 0; i < count && a->shared && !said; i++)
			said = values[i * plugin->attribute_count + j].known ? &values[i * plugin->attribute_count + j] : NULL;
		for (size_t i = 0; i < count; i++) {
			sp_value *value = &values[i * plugin->attribute_count + j];
			if (value->known)
				continue;
			if (said) {
				*value = *said;
			} else if (a->required) {
				return sp_join(a->name, " is missing", "", "", "");
			} else if (a->fallback) {
				const char *message = sp_parse(a, a->fallback, value);
				if (message)
					return message;
				value->set = false;
			}
		}
	}
	return NULL;
}

// sp_write_message writes the message of configure as a host does, for records of type A.
static inline void sp_write_message(sp_trial *t, const sp_value *values, const sp_text_buffer *ids) {
	size_t columns = t->plugin->attribute_count, length = 16 + t->count * (16 + 16 * columns);
	sp_text_buffer fixed = {0}, texts = {0};
	uint32_t head[4] = {(uint32_t)t->count, (uint32_t)columns, t->plugin->judge ? 0 : 1, 0};
	sp_append(&fixed, head, sizeof head);
	for (size_t i = 0; i < t->count; i++) {
		uint32_t id[4] = {(uint32_t)(length + texts.length), (uint32_t)ids[i].length, 0, 0};
		sp_append(&fixed, id, sizeof id);
		sp_append(&texts, ids[i].at, ids[i].length);
		for (size_t j = 0; j < columns; j++) {
			const sp_value *v = &values[i * columns + j];
			enum sp_type type = t->plugin->attributes[j].type;
			uint64_t raw[2] = {v->bits, v->set};
			if (type == SP_TYPE_TEXT || type == SP_TYPE_NETWORKS)
				raw[0] = (length + texts.length) | (uint64_t)v->text.length << 32;
			sp_append(&fixed, raw, sizeof raw);
			sp_append(&texts, v->text.at, v->text.length);
		}
	}
	sp_append(&fixed, texts.at, texts.length);
	t->guest.message = (uint8_t *)fixed.at;
}

static inline sp_trial *sp_try_lines(const sp_plugin *plugin, const char *const *lines) {
	sp_trial *t = sp_new(sp_trial, 1);
	t->plugin = plugin;
	while (lines[t->count])
		t->count++;
	sp_value *values = sp_new(sp_value, t->count * plugin->attribute_count + 1);
	sp_text_buffer *ids = sp_new(sp_text_buffer, t->count);
	for (size_t i = 0; i < t->count && !t->problem; i++)
		t->problem = sp_read_line(plugin, lines[i], &values[i * plugin->attribute_count], &ids[i]);
	if (!t->problem)
		t->problem = sp_fill_in(plugin, values, t->count);
	if (t->problem)
		return t;
	sp_write_message(t, values, ids);
	sp_text_buffer problems = sp_configure(&t->guest, plugin, 1);
	if (problems.length) {
		char *first = sp_new(char, problems.length);
		memcpy(first, problems.at + 12, sp_u32((const uint8_t *)problems.at + 8));
		t->problem = first;
	}
	return t;
}

// sp_try configures a plugin for candidates that are written as in an annotation without quotes: "weight=90 id=canary". An id is optional.
#define sp_try(PLUGIN, ...) sp_try_lines(PLUGIN, (const char *const[]){__VA_ARGS__, NULL})

static inline const sp_outcome *sp_run_given(sp_trial *t, sp_given given) {
	if (t->problem)
		sp_fail(t->problem);
	sp_facts *f = &t->guest.frame.facts;
	sp_decision *d = &t->guest.frame.decision;
	memset(&t->guest.frame, 0, sizeof t->guest.frame);
	f->count = (uint32_t)t->count;
	for (size_t i = 0; i < t->count; i++) {
		bool down = given.down && given.down[i];
		f->candidates[i].health = down ? SP_DOWN : SP_UP;
		f->candidates[i].weight = down ? 0 : given.before ? given.before[i] : 1;
		if (t->plugin->wants & SP_LATENCY && given.micros && given.micros[i]) {
			f->candidates[i].latency_source = 1;
			f->candidates[i].latency_micros = given.micros[i];
		}
	}
	if (t->plugin->wants & SP_CLIENT && given.client) {
		sp_network n;
		if (!sp_parse_network(given.client, &n))
			sp_fail("a client is a prefix or an address");
		f->family = n.family;
		f->bits = n.bits;
		memcpy(f->address, n.address, sizeof n.address);
	}
	if (t->plugin->wants & SP_GEO) {
		for (unsigned i = 0; i < 4; i++) {
			f->subdivision[i] = (uint8_t)(given.where.subdivision >> 8 * i);
			if (i < 2) {
				f->continent[i] = (uint8_t)(given.where.continent >> 8 * i);
				f->country[i] = (uint8_t)(given.where.country >> 8 * i);
			}
		}
		f->asn = given.where.asn;
		f->located = given.where.at.known;
		f->latitude = given.where.at.latitude;
		f->longitude = given.where.at.longitude;
	}
	d->ttl_cap = UINT32_MAX;
	d->scope4 = d->scope6 = 255;
	sp_decide(&t->guest, 1);
	t->outcome = (sp_outcome){
		.weights = d->weights,
		.pick = d->pick,
		.scope4 = d->scope4 == 255 ? -1 : d->scope4,
		.scope6 = d->scope6 == 255 ? -1 : d->scope6,
		.ttl_cap = d->ttl_cap == UINT32_MAX ? -1 : (int64_t)d->ttl_cap,
	};
	return &t->outcome;
}

// sp_run runs the plugin once; what follows are fields of an sp_given. The outcome is valid until the next run.
#define sp_run(TRIAL, ...) sp_run_given(TRIAL, (sp_given){__VA_ARGS__})

// An sp_evidence is what a trial judges from. What is left out: nothing is known.
typedef struct {
	uint8_t before, prior;
	uint32_t held_millis;
	const char *const *seen; // SP_SEEN("+ + -", "down"): for each vantage point, as golden files have it
} sp_evidence;

#define SP_SEEN(...) ((const char *const[]){__VA_ARGS__, NULL})

// sp_read_seen reads what a vantage point saw: its own verdict if it has one (unknown, up, down), then its attempts, the latest first and a second apart:
// + and -, 120ms and -2s with the time that they took, -/503 with a status, -*12 for twelve. It returns what makes no sense, or NULL.
static inline const char *sp_read_seen(sp_vantage *v, const char *text) {
	static const char *const states[] = {"unknown", "up", "down"};
	*v = (sp_vantage){0};
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");
		char *word = sp_new(char, length + 1), *end;
		memcpy(word, text, length);
		bool is_state = false;
		for (uint8_t i = 0; i < 3; i++)
			if (!strcmp(word, states[i]))
				v->health = i, is_state = true;
		text += is_state ? length : 0;
		if (is_state)
			continue;
		if (length > 1 && strspn(word, "+-") == length) // written together: one at a time
			word[1] = 0, length = 1;
		text += length;
		sp_attempt a = {.took_micros = 1000, .ok = word[0] != '-'};
		unsigned long count = 1;
		char *times = strchr(word, '*'), *code = strchr(word, '/');
		if (times)
			*times++ = 0, count = strtoul(times, &end, 10);
		if (code)
			*code++ = 0, a.code = (uint16_t)strtoul(code, &end, 10);
		const char *took = word + (word[0] == '-' || word[0] == '+');
		double micros = *took ? sp_parse_duration(took) : 1000;
		if (micros < 0 || count < 1 || v->attempt_count + count > SP_ATTEMPT_MAX)
			return word;
		a.took_micros = (uint32_t)micros;
		for (; count; count--) {
			a.age_millis = v->attempt_count * 1000;
			v->attempts[v->attempt_count++] = a;
		}
	}
	return NULL;
}

static inline const sp_opinion *sp_hear_evidence(sp_trial *t, sp_evidence e) {
	if (t->problem)
		sp_fail(t->problem);
	sp_judge_frame *f = &t->guest.judge_frame;
	memset(f, 0, sizeof *f);
	f->history.before = e.before;
	f->history.prior = e.prior;
	f->history.held_millis = e.held_millis;
	for (; e.seen && e.seen[f->history.vantage_count]; f->history.vantage_count++) {
		const char *wrong = sp_read_seen(&f->history.vantages[f->history.vantage_count], e.seen[f->history.vantage_count]);
		if (wrong)
			sp_fail(sp_join("\"", wrong, "\" is no attempt, as +, -, 120ms, -2s/503 and +*12 are", "", ""));
	}
	f->verdict.health = e.before;
	f->verdict.share = 255;
	if (sp_judge(&t->guest, 1))
		sp_fail("the plugin judges nothing");
	t->opinion = (sp_opinion){f->verdict.health, f->verdict.share < 100 ? f->verdict.share : 100,
		f->verdict.reason ? t->plugin->reasons[f->verdict.reason - 1] : "", f->verdict.number};
	return &t->opinion;
}

// sp_hear runs a health plugin once; what follows are fields of an sp_evidence. The opinion is valid until the next one.
#define sp_hear(TRIAL, ...) sp_hear_evidence(TRIAL, (sp_evidence){__VA_ARGS__})

#endif
