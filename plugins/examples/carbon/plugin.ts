// Sends more answers to where electricity is cleaner, among the places that are not much slower for the client.

import { Decide, Decision, Facts, Policy, routing } from "../../../sdk/assemblyscript";
export * from "../../../sdk/assemblyscript/guest";

const p = routing("carbon", "1.0.0", "the cleaner the electricity, the more answers, where it is not much slower");
p.wantLatency();
const grams = p.int("grams", 0, 2000, "grams of CO2 a kilowatt-hour where this candidate runs").required();
const share = p.int("share", 1, 1000, "share of the answers if all were as clean").default("1");
const region = p.place("region", "where this candidate is");
const strength = p.float("strength", 0, 10, "0: grams do not matter; 1: half the grams, twice the answers").default("1").shared();
const slack = p.int("slack", 0, 10000, "milliseconds that a candidate may be slower than the nearest one").default("30").shared();
p.configure((c: Policy): Decide => new Carbon(c));

class Carbon extends Decide {
  weights: u32[] = [];
  slackMicros: i64;

  constructor(c: Policy) {
    super();
    this.slackMicros = slack.of(c, 0) * 1000;
    let cleanest = i64.MAX_VALUE;
    for (let i = 0; i < c.count; i++) cleanest = min(cleanest, grams.of(c, i));
    for (let i = 0; i < c.count; i++) {
      if (region.set(c, 0) != region.set(c, i)) region.refuse(c, i, "region must be given for all candidates, or for none");
      // One gram more, so that nothing is infinitely better than something.
      const worth = Math.pow(<f64>(cleanest + 1) / <f64>(grams.of(c, i) + 1), strength.of(c, 0));
      this.weights.push(max<u32>(1, <u32>Math.round(1e6 * worth * <f64>share.of(c, i))));
    }
  }

  decide(f: Facts, d: Decision): void {
    let nearest: i64 = -1; // of the open candidates whose latency is known
    for (let i = 0; i < f.count; i++) {
      const micros = f.latency(i);
      if (f.open(i) && micros >= 0 && (nearest < 0 || micros < nearest)) nearest = micros;
    }
    for (let i = 0; i < f.count; i++) {
      if (!f.open(i) || (nearest >= 0 && f.latency(i) > nearest + this.slackMicros)) continue;
      d.weigh(i, this.weights[i]);
    }
  }
}
