// The conformance kit's policy in AssemblyScript: it uses all that the SDK offers, exactly as ../tck.go does.

import { Coordinates, Decide, Decision, Facts, Network, Policy, code, routing } from "./sdk";
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
