// The conformance kit's policy in AssemblyScript: it uses all that the SDK offers, exactly as ../tck.go does.

import { Coordinates, Decide, Decision, Facts, History, Judge, Network, Policy, Vantage, Verdict, code, health, routing } from "./sdk";
export * from "./sdk/guest";

const p = routing("tck", "1.0.0", 'uses "everything"');
p.wantClient();
p.wantGeo();
p.wantLatency();
const share = p.int("share", -5, 1000, "added as it is").default("7");
const ratio = p.float("ratio", 0, 1.5, "added in thousandths").required();
const drain = p.bool("drain", "no weight");
const role = p.word("role", ["primary", "secondary", "spare"], "added in tens of thousands").default("secondary");
const note = p.text("note", "its bytes are counted; bad is refused");
const at = p.place("at", "distance in whole degrees to the client");
const nets = p.networks("nets", "whether the client is in one");
const limit = p.int("limit", 1, 9, "how many answer").default("2").shared();
const wait = p.duration("wait", 0, 3600000000, "added in milliseconds");
p.configure((c: Policy): Decide => new Tck(c));

const germany = code("de");
const europe = code("EU");
const bavaria = code("by");

class Tck extends Decide {
  base: u32[] = [];
  drained: bool[] = [];
  places: Array<Coordinates | null> = [];
  networks: Network[][] = [];
  brief: bool;
  limit: u32;

  constructor(c: Policy) {
    super();
    this.brief = note.of(c, 0) == "brief";
    this.limit = <u32>limit.of(c, 0);
    for (let i = 0; i < c.count; i++) {
      const said = note.of(c, i);
      let base = <u32>share.of(c, i) + <u32>(ratio.of(c, i) * 1000) + 10000 * role.of(c, i) + c.recordType;
      base += 1000 * String.UTF8.byteLength(said);
      base += <u32>(wait.of(c, i) / 1000);
      if (share.set(c, i)) base += 100000;
      if (said == "crash") throw new Error("told to " + said);
      if (said == "bad") note.refuse(c, i, 'note "' + said + '" is bad');
      if (c.id(i) == "cursed" && !share.set(c, i)) c.refuse(i, "no share for the cursed");
      this.base.push(base);
      this.drained.push(drain.of(c, i));
      this.places.push(at.of(c, i));
      this.networks.push(nets.of(c, i));
    }
  }

  decide(f: Facts, d: Decision): void {
    const client = f.client;
    for (let i = 0; i < this.base.length; i++) {
      if (this.drained[i] || (!f.open(i) && !f.down(i))) continue;
      let weight = this.base[i] + (f.weight(i) << 20);
      const networks = this.networks[i];
      for (let j = 0; j < networks.length; j++) if (networks[j].contains(client)) weight += 200000;
      const micros = f.latency(i);
      if (micros >= 0) weight += <u32>micros;
      const place = this.places[i];
      if (f.located && place != null) {
        weight += <u32>abs(f.latitude - place.latitude) + <u32>abs(f.longitude - place.longitude);
      }
      if (f.country == germany) weight += 400000;
      if (f.continent == europe) weight += 800000;
      if (f.subdivision == bavaria) weight += 1600000;
      d.weigh(i, weight + (f.asn % 1000));
    }
    d.pick(this.limit);
    if (client.family != 0) d.holdsWithin(client.bits);
    if (this.brief) d.holdsFor(30);
  }
}

// The judge, exactly as ../judge.go.
const q = health("tck-judge", "1.0.0", "judges by a sum");
const slow = q.duration("slow", 1000, 60000000, "longer attempts count twice").default("300ms");
const base = q.int("base", 0, 1000, "added as it is").required();
const remark = q.text("note", "quiet says nothing; bad is refused");
const fall = q.int("fall", 1, 32, "failures in a row").default("3");
const even = q.reason("an even sum: #");
const odd = q.reason('an odd sum, "#"');
q.configureJudge((c: Policy): Judge => new TckJudge(c));

class TckJudge extends Judge {
  limit: u32;
  start: u32;
  enough: u32;
  quiet: bool;

  constructor(c: Policy) {
    super();
    this.limit = <u32>slow.of(c, 0);
    this.start = <u32>base.of(c, 0);
    this.enough = <u32>fall.of(c, 0);
    const said = remark.of(c, 0);
    this.quiet = said == "quiet";
    if (said == "bad") remark.refuse(c, 0, 'note "' + said + '" is bad');
  }

  judge(h: History, v: Verdict): void {
    if (this.quiet) return;
    let sum: u32 = this.start + 3 * h.before + 7 * h.prior + h.heldMillis / 1000;
    for (let i = 0; i < h.count; i++) {
      sum += (i + 1) * this.saw(h.vantage(i));
      sum += 1000 * h.settle(i, this.enough, 2);
      sum += 10000 * h.run;
    }
    v.set(sum % 3, sum % 2 == 0 ? even : odd, sum);
    if (sum % 5 != 0) v.setShare(sum % 112);
  }

  private saw(seen: Vantage): u32 {
    let sum: u32 = 100 * seen.state + seen.heldMillis / 1000;
    for (let i = 0; i < seen.count; i++) {
      const a = seen.attempt(i);
      sum += <u32>a.code + a.ageMillis / 1000 + <u32>a.ok;
      if (a.tookMicros > this.limit) sum += a.tookMicros / 1000;
      sum += a.tookMicros / 1000;
    }
    return sum;
  }
}
