// What a decision may depend on, and what it says: both halves of the frame that guest and host share.

import { Network } from "./network";

/** The frame's address; sdk/README.md has its layout. */
export const FRAME: usize = memory.data(20560, 8);

const CANDIDATES: usize = 64;
const PICK: usize = 16448;
const WEIGHTS: usize = 16464;
const CANDIDATE_MAX: u32 = 1024;

const client = new Network();

function checked(candidate: i32): usize {
  if (<u32>candidate >= CANDIDATE_MAX) throw new Error("a candidate is asked for that is not there");
  return <usize>candidate;
}

/** What a decision may depend on. */
export class Facts {
  /** How many candidates there are. */
  get count(): i32 {
    return load<i32>(FRAME);
  }

  /** Tells whether the candidate can get a share: it is not down, and no plugin before this one in the chain has ruled it out. */
  open(candidate: i32): bool {
    return this.weight(candidate) != 0;
  }

  /** The candidate's share as the plugins before this one left it, 0 if it is not open. The host multiplies with it: a plugin that does
   * not compare shares has no use for it. */
  weight(candidate: i32): u32 {
    return load<u32>(FRAME + checked(candidate) * 16, CANDIDATES);
  }

  /** Tells whether the candidate's check says so. While all are down, all are told to be up. */
  down(candidate: i32): bool {
    return load<u8>(FRAME + checked(candidate) * 16, CANDIDATES + 4) == 2;
  }

  /** The client's network, to a plugin with `wantClient`. It is valid until the decision is over. */
  get client(): Network {
    return client.read(FRAME + 4, FRAME + 8);
  }

  /** Where the client's network is, to a plugin with `wantGeo`: codes as `code` makes them, 0 for unknown. */
  get continent(): u32 {
    return load<u16>(FRAME, 24);
  }

  get country(): u32 {
    return load<u16>(FRAME, 26);
  }

  /** What stands behind the country's hyphen in ISO 3166-2. */
  get subdivision(): u32 {
    return load<u32>(FRAME, 28);
  }

  /** The number of the autonomous system; 0: unknown. */
  get asn(): u32 {
    return load<u32>(FRAME, 32);
  }

  /** Tells whether latitude and longitude are known. */
  get located(): bool {
    return load<u8>(FRAME, 36) != 0;
  }

  get latitude(): f64 {
    return load<f64>(FRAME, 40);
  }

  get longitude(): f64 {
    return load<f64>(FRAME, 48);
  }

  /** Microseconds of a round trip between the client's network and the candidate's place, to a plugin with `wantLatency`; -1: unknown. */
  latency(candidate: i32): i64 {
    const at = FRAME + checked(candidate) * 16;
    return load<u8>(at, CANDIDATES + 5) == 0 ? -1 : <i64>load<u32>(at, CANDIDATES + 8);
  }
}

/** What a policy says. It begins with weight 0 for all candidates, which means: none is for this client. */
export class Decision {
  /** Gives the candidate its share of the answers: weight divided by the sum of all weights. */
  weigh(candidate: i32, weight: u32): void {
    store<u32>(FRAME + checked(candidate) * 4, weight, WEIGHTS);
  }

  /** Sets how many different candidates answer together: 1 unless a plugin of the chain said otherwise. */
  pick(count: u32): void {
    store<u32>(FRAME, count, PICK);
  }

  /** Limits the answer's TTL. */
  holdsFor(seconds: u32): void {
    store<u32>(FRAME, seconds, PICK + 4);
  }

  /** Tells for which prefixes around the client the decision is the same, so that resolvers may keep it for all of them: 0 to 32 and 0 to
   * 128 bits. Without it, it holds for the network that the facts are about. A plugin that wants the client must be right about it. */
  holds(v4: u8, v6: u8): void {
    store<u8>(FRAME, v4, PICK + 8);
    store<u8>(FRAME, v6, PICK + 9);
  }

  /** Says what happens if all that got weight are down: they answer as if they were up, because no other candidate is for this client (or
   * on-all-down holds for them). Without it such a decision changes nothing. */
  failOpen(): void {
    store<u8>(FRAME, 1, PICK + 10);
  }

  /** `holds` for a length that only the client's own family can have. */
  holdsWithin(bits: u8): void {
    this.holds(min<u8>(bits, 32), bits);
  }
}
