// A guest of ABI v1 that uses all of it, written from sdk/README.md alone. v1.wasm is what clang made of it once; v1_test.go runs that file
// for ever, so that plugins which exist go on working. Neither file may change: what v1 learns later gets a guest of its own.
//
// clang --target=wasm32 -nostdlib -O2 -Wl,--no-entry -Wl,-z,stack-size=4096 -Wl,--strip-all -o v1.wasm v1.c

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

static const char manifest[] =
    "{\"plugins\":["
    "{\"name\":\"tilt\",\"version\":\"1.0.0\",\"kind\":\"routing\",\"doc\":\"every fact and attribute moves the weight\","
    "\"wants\":[\"client\",\"geo\",\"latency\"],\"attributes\":["
    "{\"name\":\"share\",\"type\":\"int\",\"min\":0,\"max\":1000,\"required\":true,\"doc\":\"\"},"
    "{\"name\":\"factor\",\"type\":\"float\",\"default\":\"1\",\"doc\":\"\"},"
    "{\"name\":\"double\",\"type\":\"bool\",\"doc\":\"\"},"
    "{\"name\":\"mode\",\"type\":\"word\",\"words\":[\"plain\",\"more\"],\"doc\":\"\"},"
    "{\"name\":\"note\",\"type\":\"text\",\"doc\":\"\"},"
    "{\"name\":\"at\",\"type\":\"place\",\"doc\":\"\"},"
    "{\"name\":\"from\",\"type\":\"networks\",\"doc\":\"\"},"
    "{\"name\":\"hold\",\"type\":\"int\",\"shared\":true,\"doc\":\"\"}]},"
    "{\"name\":\"last\",\"version\":\"1.0.0\",\"kind\":\"health\",\"doc\":\"the latest attempt counts\",\"wants\":[],"
    "\"attributes\":[{\"name\":\"slow\",\"type\":\"int\",\"default\":\"1000000\",\"doc\":\"\"}],"
    "\"reasons\":[\"it failed with code #\",\"it took # us\",\"all is well\"]},"
    "{\"name\":\"gate\",\"version\":\"1.0.0\",\"kind\":\"filter\",\"doc\":\"one action for one type\",\"wants\":[\"client\"],"
    "\"attributes\":[{\"name\":\"do\",\"type\":\"word\",\"words\":[\"pass\",\"refuse\",\"drop\",\"nxdomain\",\"rewrite\",\"answer\"],\"doc\":\"\"}]}]}";

static u8 frame[20560] __attribute__((aligned(8)));
static u8 history[33872] __attribute__((aligned(8)));
static u8 question[1616] __attribute__((aligned(8)));
static u8 message[65536] __attribute__((aligned(8)));
static u8 problems[64];

#define POLICY_MAX 16
#define LIST_MAX 8

struct candidate {
  u32 base;
  u32 networks;
  u8 from[LIST_MAX][20];
};
struct policy {
  u32 hold, count, slow, action;
  struct candidate candidates[LIST_MAX];
};
static struct policy policies[POLICY_MAX];

static u32 get32(const u8 *at) { return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24; }
static void put32(u8 *at, u32 v) { at[0] = v, at[1] = v >> 8, at[2] = v >> 16, at[3] = v >> 24; }
static double getf64(const u8 *at) { return *(const double *)at; }
static float getf32(const u8 *at) { return *(const float *)at; }

EXPORT("signpost_abi_v1") u8 *marker(void) { return frame; }
EXPORT("signpost_judge_frame") u8 *judge_frame(void) { return history; }
EXPORT("signpost_filter_frame") u8 *filter_frame(void) { return question; }
EXPORT("signpost_alloc") u8 *alloc(u32 length) { return length <= sizeof message ? message : 0; }

static u64 span(const void *at, u32 length) { return (u64)(u32)at << 32 | length; }

EXPORT("signpost_describe") u64 describe(void) { return span(manifest, sizeof manifest - 1); }

static u64 refuse(u32 candidate, u32 attribute) {
  static const char text[] = "too much";
  put32(problems, candidate), put32(problems + 4, attribute), put32(problems + 8, sizeof text - 1);
  for (u32 i = 0; i < sizeof text - 1; i++) problems[12 + i] = text[i];
  return span(problems, 12 + sizeof text - 1);
}

EXPORT("signpost_configure") u64 configure(u32 plugin, u32 number, const u8 *m, u32 length) {
  u32 count = get32(m), attributes = get32(m + 4);
  if (number >= POLICY_MAX || count > LIST_MAX) return refuse(0xffffffff, 0xffffffff);
  struct policy *p = &policies[number];
  const u8 *at = m + 16;
  if (plugin == 1) {
    p->slow = get32(at + 16);
    return 0;
  }
  if (plugin == 2) {
    p->action = get32(at + 16);
    return 0;
  }
  p->count = count;
  for (u32 i = 0; i < count; i++, at += 16 + 16 * attributes) {
    const u8 *a = at + 16;
    struct candidate *c = &p->candidates[i];
    u32 share = get32(a);
    double factor = getf64(a + 16);
    if (share == 999) return refuse(i, 0);
    if (factor > 100) return refuse(i, 0xffffffff);
    c->base = (u32)(share * factor);
    if (get32(a + 32)) c->base *= 2;
    c->base += 1000 * get32(a + 48);
    c->base += 10000 * get32(a + 64 + 4);           // length of note
    c->base += get32(at + 4) * 100000;              // length of the id
    if (a[80 + 8]) c->base += (u32)getf32(a + 80);  // latitude, if the key is there
    c->networks = get32(a + 96 + 4) / 20;
    if (c->networks > LIST_MAX) return refuse(i, 6);
    for (u32 n = 0; n < c->networks; n++)
      for (u32 b = 0; b < 20; b++) c->from[n][b] = m[get32(a + 96) + 20 * n + b];
    p->hold = get32(a + 112);
  }
  return 0;
}

// inside tells whether the client is in a network, to the length that both are known.
static int inside(const u8 *network) {
  if (network[0] == 0) return 1;
  if (network[0] != frame[4] || network[1] > frame[5]) return 0;
  for (u32 bit = 0; bit < network[1]; bit++) {
    u8 mask = 128 >> bit % 8;
    if ((network[4 + bit / 8] & mask) != (frame[8 + bit / 8] & mask)) return 0;
  }
  return 1;
}

EXPORT("signpost_decide") u32 decide(u32 number) {
  struct policy *p = &policies[number];
  if (get32(frame) != p->count) return 7;
  u32 common = 0;
  if (frame[24] == 'E' && frame[25] == 'U') common += 1;
  if (frame[26] == 'D' && frame[27] == 'E') common += 2;
  if (frame[28] == 'B' && frame[29] == 'E' && !frame[30]) common += 4;
  if (get32(frame + 32) == 64500) common += 8;
  if (frame[36] && getf64(frame + 40) == 52.5 && getf64(frame + 48) == 13.25) common += 16;
  for (u32 i = 0; i < p->count; i++) {
    const u8 *c = frame + 64 + 16 * i;
    if (!get32(c) || c[4] == 2) continue;
    u32 weight = p->candidates[i].base + common;
    for (u32 n = 0; n < p->candidates[i].networks; n++)
      if (inside(p->candidates[i].from[n])) weight += 32;
    if (c[5]) weight += 64 * c[5] + get32(c + 8);
    put32(frame + 16464 + 4 * i, weight);
  }
  put32(frame + 16448, 2);
  put32(frame + 16452, p->hold);
  frame[16456] = 24, frame[16457] = 48;
  return 0;
}

EXPORT("signpost_judge") u32 judge(u32 number) {
  u8 *verdict = history + 33856;
  u32 reason = 3, value = 0;
  u8 health = 1;
  for (u32 v = 0; v < get32(history); v++) {
    const u8 *vantage = history + 64 + 528 * v;
    if (!get32(vantage)) {
      if (vantage[4] == 2) health = 2;
      continue;
    }
    const u8 *attempt = vantage + 16;
    if (!attempt[10]) health = 2, reason = 1, value = attempt[8] | attempt[9] << 8;
    else if (get32(attempt + 4) > policies[number].slow) health = 2, reason = 2, value = get32(attempt + 4);
  }
  if (!get32(history)) return 0;  // as it was
  verdict[0] = health, verdict[2] = reason;
  put32(verdict + 4, value);
  return 0;
}

EXPORT("signpost_filter") u32 filter(u32 number) {
  u8 *ruling = question + 320;
  if (question[0] == 28 || !question[37]) return 0;  // AAAA passes
  ruling[0] = policies[number].action;
  if (ruling[0] == 4) {
    ruling[3] = question[37] - question[64] - 1;  // without the first label
    for (u32 i = 0; i < ruling[3]; i++) ruling[16 + i] = question[64 + 1 + question[64] + i];
  }
  if (ruling[0] == 5) {
    u8 *record = ruling + 16 + 256;
    record[0] = 4, record[2] = 192, record[3] = 0, record[4] = 2, record[5] = question[38];
    put32(ruling + 8, 6);
    put32(ruling + 4, 60);
  }
  if (question[4] == 4) ruling[1] = 16;
  return 0;
}
