// Attributes: the keys that a plugin's annotations may have. The host checks their values before a plugin sees them.

import { Coordinates, Network } from "./network";
import { Policy } from "./plugin";
import { quote } from "./text";

/** What the manifest says about an attribute. */
export class About {
  more: string = "";

  constructor(
    public index: i32,
    private name: string,
    private type: string,
    private doc: string,
  ) {}

  json(): string {
    return '{"name":' + quote(this.name) + ',"type":"' + this.type + '","doc":' + quote(this.doc) + this.more + "}";
  }
}

/** One key. V is what its value is. */
export class Attribute<V> extends About {
  constructor(index: i32, name: string, type: string, doc: string, more: string) {
    super(index, name, type, doc);
    this.more = more;
  }

  /** Makes an annotation without the key a mistake. */
  required(): Attribute<V> {
    this.more += ',"required":true';
    return this;
  }

  /** Makes it one value for all candidates of a policy: it need only stand on one line. */
  shared(): Attribute<V> {
    this.more += ',"shared":true';
    return this;
  }

  /** The value when the key is missing, as it would stand in a zone file. */
  default(text: string): Attribute<V> {
    this.more += ',"default":' + quote(text);
    return this;
  }

  /** The candidate's value. */
  of(policy: Policy, candidate: i32): V {
    const at = policy.attributeAt(candidate, this.index);
    if (isString<V>()) return changetype<V>(policy.text(at));
    if (isArray<V>()) return changetype<V>(networksAt(policy, at));
    if (isReference<V>()) return changetype<V>(this.set(policy, candidate) ? new Coordinates(load<f32>(at), load<f32>(at, 4)) : null);
    return load<V>(at);
  }

  /** Tells whether the candidate's annotation has the key; otherwise its value is the default. */
  set(policy: Policy, candidate: i32): bool {
    return load<u8>(policy.attributeAt(candidate, this.index), 8) != 0;
  }

  /** Reports that the candidate's value is wrong. The host puts file, line, column and the plugin's name before `text`. */
  refuse(policy: Policy, candidate: i32, text: string): void {
    policy.problem(candidate, this.index, text);
  }
}

function networksAt(policy: Policy, span: usize): Network[] {
  const list: Network[] = [];
  let at = policy.message + load<u32>(span);
  for (const end = at + load<u32>(span, 4); at < end; at += 20) list.push(new Network().read(at, at + 4));
  return list;
}
