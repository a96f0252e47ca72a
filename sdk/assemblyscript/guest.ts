// The module as the host drives it. A plugin's entry file has the line: export * from "./sdk/guest";

import "./abort";
import { Decision, FRAME, Facts } from "./decision";
import { Decide, Judge, Policy, plugins } from "./plugin";
import { History, JUDGE_FRAME, Verdict } from "./verdict";

const facts = new Facts();
const decision = new Decision();
const history = new History();
const verdict = new Verdict();
const deciders: Array<Decide | null> = []; // by the host's number of the policy
const judges: Array<Judge | null> = []; // likewise
let message = new ArrayBuffer(0);
let returned = new ArrayBuffer(0); // keeps what configure and describe returned alive

export function signpost_abi_v1(): usize {
  return FRAME;
}

export function signpost_describe(): u64 {
  const texts: string[] = [];
  for (let i = 0; i < plugins.length; i++) texts.push(plugins[i].json());
  returned = String.UTF8.encode('{"plugins":[' + texts.join(",") + "]}");
  return span(changetype<usize>(returned), returned.byteLength);
}

export function signpost_alloc(length: i32): usize {
  if (message.byteLength < length) message = new ArrayBuffer(2 * length);
  return changetype<usize>(message);
}

export function signpost_configure(plugin: i32, policy: i32, address: usize, length: i32): u64 {
  const p = new Policy(address);
  const decide = plugins[plugin].decider(p);
  const judge = plugins[plugin].judge(p);
  if (decide == null && judge == null) throw new Error("configure was not called");
  const problems = p.problems;
  if (problems.length > 0) {
    returned = new ArrayBuffer(problems.length);
    for (let i = 0; i < problems.length; i++) store<u8>(changetype<usize>(returned) + i, problems[i]);
    return span(changetype<usize>(returned), returned.byteLength);
  }
  while (deciders.length <= policy) {
    deciders.push(null);
    judges.push(null);
  }
  deciders[policy] = decide;
  judges[policy] = judge;
  return 0;
}

export function signpost_decide(policy: i32): i32 {
  const decide = deciders[policy];
  if (decide == null) return 1;
  decide.decide(facts, decision);
  return 0;
}

export function signpost_judge_frame(): usize {
  return JUDGE_FRAME;
}

export function signpost_judge(policy: i32): i32 {
  const judge = judges[policy];
  if (judge == null) return 1;
  judge.judge(history, verdict);
  return 0;
}

function span(address: usize, length: i32): u64 {
  return (<u64>address << 32) | length;
}
