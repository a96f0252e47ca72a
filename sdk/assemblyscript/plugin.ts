// A plugin while its author describes it, and a policy that uses it.

import { About, Attribute } from "./attribute";
import { Decision, Facts } from "./decision";
import { Coordinates, Network } from "./network";
import { quote, quoteAll } from "./text";
import { History, Reason, Verdict } from "./verdict";

/** How one policy decides. Make a class of your own that keeps what `decide` needs. */
export abstract class Decide {
  /** Runs for a query. It must give the same result for the same facts, and make nothing new: what it makes is never freed. */
  abstract decide(f: Facts, d: Decision): void;
}

/** How one check is judged. Make a class of your own that keeps what `judge` needs. */
export abstract class Judge {
  /** Runs after a probe. It must give the same verdict for the same history, and make nothing new: what it makes is never freed. */
  abstract judge(h: History, v: Verdict): void;
}

// The host reads so many problems, in 64 KiB; what is beyond is left out.
const PROBLEM_MAX = 64;
const PROBLEM_LEN_MAX = 900;

/** This module's plugins. */
export const plugins: Plugin[] = [];

/** Begins a plugin that chooses among the candidates of a name. `name` is what stands in zone files: lower-case letters, digits and
 * hyphens. `doc` is one line. */
export function routing(name: string, version: string, doc: string): Plugin {
  return begin("routing", name, version, doc);
}

/** Begins a plugin that judges checks. `name` is what stands in signpost.yaml, `doc` is one line. */
export function health(name: string, version: string, doc: string): Plugin {
  return begin("health", name, version, doc);
}

function begin(kind: string, name: string, version: string, doc: string): Plugin {
  const plugin = new Plugin(kind, name, version, doc);
  plugins.push(plugin);
  return plugin;
}

/** One plugin: what it is called, what its annotations may say, and how it decides or judges. */
export class Plugin {
  private wants: string[] = [];
  private attributes: About[] = [];
  private reasons: string[] = [];
  private make: ((policy: Policy) => Decide) | null = null;
  private examine: ((check: Policy) => Judge) | null = null;

  constructor(
    private kind: string,
    private name: string,
    private version: string,
    private doc: string,
  ) {}

  /** Asks for the client's network: `Facts.client` is unknown otherwise. */
  wantClient(): void {
    this.wants.push("client");
  }

  /** Asks where the client's network is: `Facts.country` and the like are unknown otherwise. */
  wantGeo(): void {
    this.wants.push("geo");
  }

  /** Asks how far the client's network is from each candidate's place, the value of the plugin's first Place: `Facts.latency` is
   * unknown otherwise. */
  wantLatency(): void {
    this.wants.push("latency");
  }

  /** Adds an attribute of whole numbers, low to high. */
  int(name: string, low: i64, high: i64, doc: string): Attribute<i64> {
    return this.add<i64>(name, "int", doc, ',"min":' + low.toString() + ',"max":' + high.toString());
  }

  /** Adds an attribute of numbers, low to high. */
  float(name: string, low: f64, high: f64, doc: string): Attribute<f64> {
    return this.add<f64>(name, "float", doc, ',"min":' + low.toString() + ',"max":' + high.toString());
  }

  /** Adds an attribute that is a time with its unit, as 300ms, 1.5s or 1h30m. Its value, low and high are microseconds. */
  duration(name: string, low: i64, high: i64, doc: string): Attribute<i64> {
    return this.add<i64>(name, "duration", doc, ',"min":' + low.toString() + ',"max":' + high.toString());
  }

  /** Adds an attribute that is yes or no, and no when it is missing. */
  bool(name: string, doc: string): Attribute<bool> {
    return this.add<bool>(name, "bool", doc, "");
  }

  /** Adds an attribute that is one of `words`, and the first of them when it is missing. Its value is the word's index. */
  word(name: string, words: string[], doc: string): Attribute<i32> {
    return this.add<i32>(name, "word", doc, ',"words":' + quoteAll(words));
  }

  /** Adds an attribute of free text, empty when it is missing. */
  text(name: string, doc: string): Attribute<string> {
    return this.add<string>(name, "text", doc, "");
  }

  /** Adds an attribute whose value is a region that the server knows, as eu-west-1, or LATITUDE,LONGITUDE; null when it is missing. */
  place(name: string, doc: string): Attribute<Coordinates | null> {
    return this.add<Coordinates | null>(name, "place", doc, "");
  }

  /** Adds an attribute whose value is prefixes, addresses, names of collections in signpost.yaml, or * for everybody, joined by commas. */
  networks(name: string, doc: string): Attribute<Network[]> {
    return this.add<Network[]>(name, "networks", doc, "");
  }

  private add<V>(name: string, type: string, doc: string, more: string): Attribute<V> {
    const attribute = new Attribute<V>(this.attributes.length, name, type, doc, more);
    this.attributes.push(attribute);
    return attribute;
  }

  /** Adds a text that says why a verdict was given; its number stands in it for the first #. */
  reason(text: string): Reason {
    this.reasons.push(text);
    return new Reason(<u16>this.reasons.length);
  }

  /** Sets the function that turns one policy into how it decides. It runs once a policy, and may refuse what is wrong in it; what it
   * returns is not used then. */
  configure(make: (policy: Policy) => Decide): void {
    this.make = make;
  }

  /** Sets the function that turns one check, which is candidate 0 of the policy, into how it is judged. */
  configureJudge(examine: (check: Policy) => Judge): void {
    this.examine = examine;
  }

  /** Runs what `configure` set; null: nothing was. */
  decider(policy: Policy): Decide | null {
    const make = this.make;
    return make == null ? null : make(policy);
  }

  /** Runs what `configureJudge` set; null: nothing was. */
  judge(check: Policy): Judge | null {
    const examine = this.examine;
    return examine == null ? null : examine(check);
  }

  json(): string {
    const attributes: string[] = [];
    for (let i = 0; i < this.attributes.length; i++) attributes.push(this.attributes[i].json());
    return (
      '{"kind":' + quote(this.kind) + ',"name":' + quote(this.name) + ',"version":' + quote(this.version) + ',"doc":' + quote(this.doc) +
      ',"wants":' + quoteAll(this.wants) + ',"reasons":' + quoteAll(this.reasons) + ',"attributes":[' + attributes.join(",") + "]}"
    );
  }
}

/** One policy that uses the plugin: its candidates and their attributes, which `of` reads. */
export class Policy {
  problems: u8[] = [];
  private problemCount: i32 = 0;

  /** `message` is the address of what configure got; sdk/README.md has its layout. */
  constructor(public message: usize) {}

  /** How many candidates there are, at least one. Their indexes are those of Facts and Decision. */
  get count(): i32 {
    return load<i32>(this.message);
  }

  /** The type of the candidates' records, 1 for A. */
  get recordType(): u16 {
    return load<u16>(this.message, 8);
  }

  /** What the zone file calls the candidate. */
  id(candidate: i32): string {
    return this.text(this.candidateAt(candidate));
  }

  /** Reports that something about the candidate is wrong which is not one attribute's value; -1: about the policy as a whole. */
  refuse(candidate: i32, text: string): void {
    this.problem(candidate, -1, text);
  }

  problem(candidate: i32, attribute: i32, text: string): void {
    if (++this.problemCount > PROBLEM_MAX) return;
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    const head = [candidate, attribute, min(bytes.length, PROBLEM_LEN_MAX)];
    for (let i = 0; i < 12; i++) this.problems.push(<u8>(head[i >> 2] >> (8 * (i & 3))));
    for (let i = 0; i < head[2]; i++) this.problems.push(bytes[i]);
  }

  text(span: usize): string {
    return String.UTF8.decodeUnsafe(this.message + load<u32>(span), load<u32>(span, 4));
  }

  attributeAt(candidate: i32, attribute: i32): usize {
    return this.candidateAt(candidate) + 16 + 16 * <usize>attribute;
  }

  private candidateAt(candidate: i32): usize {
    if (<u32>candidate >= <u32>this.count) throw new Error("a candidate is asked for that is not there");
    return this.message + 16 + <usize>candidate * (16 + 16 * load<u32>(this.message, 4));
  }
}
