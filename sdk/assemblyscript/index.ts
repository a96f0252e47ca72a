// What the author of a Signpost plugin imports: a policy in plain AssemblyScript, run in Signpost's sandbox.
//
// A policy has no clock, dice, network or files. It tells how the answers are to be shared between candidates, and the host draws.
// README.md has a whole example.

export { Decide, Judge, Plugin, Policy, health, routing } from "./plugin";
export { Attribute } from "./attribute";
export { Decision, Facts } from "./decision";
export { Coordinates, Network, code } from "./network";
export { Attempt, History, Reason, State, Vantage, Verdict } from "./verdict";
