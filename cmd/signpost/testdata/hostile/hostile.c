// A guest that does harm as far as it can, in the way that its attribute names. hostile_test.go serves names with it.
//
// clang --target=wasm32 -nostdlib -O1 -mbulk-memory -Wl,--no-entry -Wl,-z,stack-size=4096 -Wl,--strip-all -o hostile.wasm hostile.c

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

static const char manifest[] =
    "{\"plugins\":[{\"name\":\"hostile0\",\"version\":\"1000\",\"kind\":\"routing\",\"doc\":\"harm\",\"wants\":[],\"attributes\":["
    "{\"name\":\"do\",\"type\":\"word\",\"words\":[\"loop\",\"tree\",\"deep\",\"grow\",\"fill\",\"trap\",\"cannot\",\"scope\"],\"doc\":\"\"}]}]}";

static u8 frame[20560] __attribute__((aligned(8)));
static u8 message[65536] __attribute__((aligned(8)));
static u32 deeds[4096];
static volatile u32 sink;

EXPORT("signpost_abi_v1") u8 *marker(void) { return frame; }
EXPORT("signpost_describe") u64 describe(void) { return (u64)(u32)manifest << 32 | (sizeof manifest - 1); }
EXPORT("signpost_alloc") u8 *alloc(u32 length) { return length <= sizeof message ? message : 0; }

EXPORT("signpost_configure") u64 configure(u32 plugin, u32 number, const u8 *m, u32 length) {
  deeds[number % 4096] = m[32];
  return 0;
}

static __attribute__((noinline)) u32 tree(u32 depth) { return depth ? tree(depth - 1) + tree(depth - 1) + sink : 1; }
static __attribute__((noinline)) u32 deep(u32 n) { return deep(n + 1) + sink; }

EXPORT("signpost_decide") u32 decide(u32 number) {
  switch (deeds[number % 4096]) {
    case 0:
      for (;;) sink++;
    case 1:
      return tree(60);
    case 2:
      return deep(0);
    case 3:
      for (;;) sink += __builtin_wasm_memory_grow(0, 1);
    case 4:
      for (;;) __builtin_memset(message, (int)sink++, sizeof message);
    case 5:
      __builtin_trap();
    case 6:
      return 1;
    default:
      frame[16456] = 254;
  }
  return 0;
}
