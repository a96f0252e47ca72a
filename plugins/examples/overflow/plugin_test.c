// The policy, natively.

#include "plugin.c"
#include "signpost_trial.h"

static int failures;

static void check(const char *name, sp_trial *t, const bool *down, const uint32_t *want) {
	const uint32_t *got = sp_run(t, .down = down)->weights;
	bool ok = memcmp(got, want, t->count * sizeof *want) == 0;
	printf("%s %s\n", ok ? "ok  " : "FAIL", name);
	failures += !ok;
}

int main(void) {
	sp_trial *t = sp_try(&plugin, "capacity=60", "capacity=40", "capacity=50 tier=2", "capacity=100 tier=3");
	check("the first tier is enough", t, NULL, (uint32_t[]){60000, 40000, 0, 0});
	check("what is missing comes from the second", t, (bool[]){false, true, false, false}, (uint32_t[]){60000, 0, 40000, 0});
	check("and the rest from the third", t, (bool[]){true, true, false, false}, (uint32_t[]){0, 0, 50000, 50000});
	check("all that is left", t, (bool[]){true, true, false, true}, (uint32_t[]){0, 0, 50000, 0});
	t = sp_try(&plugin, "capacity=60 target=50", "capacity=40", "capacity=50 tier=2");
	check("half of the first tier will do", t, (bool[]){false, true, false}, (uint32_t[]){50000, 0, 0});
	check("less than half will not", t, (bool[]){true, false, false}, (uint32_t[]){0, 40000, 10000});
	t = sp_try(&plugin, "capacity=1", "capacity=100000 target=1");
	check("nobody is forgotten", t, NULL, (uint32_t[]){9, 999990});
	return failures > 0;
}
