// What a verdict may depend on, and what it says: both halves of the frame that health plugins and host share.

/** The frame's address; sdk/README.md has its layout. */
export const JUDGE_FRAME: usize = memory.data(33872, 8);

const VANTAGES: usize = 64;
const VANTAGE: usize = 528;
const ATTEMPTS: usize = 16;
const ATTEMPT: usize = 16;
const VERDICT: usize = 33856;

/** What is known of a target. */
export enum State {
  /** Before the first verdict; treated as up. */
  Unknown,
  Up,
  Down,
}

/** Why a verdict was given: `Plugin.reason` makes one. */
export class Reason {
  constructor(public place: u16) {}
}

/** One probe of the target, in the frame. */
// @ts-ignore: decorator
@unmanaged
export class Attempt {
  /** Since it ended. */
  ageMillis: u32 = 0;
  tookMicros: u32 = 0;
  /** Status of HTTP; 0 where there is none. */
  code: u16 = 0;
  /** Tells whether it succeeded. */
  ok: bool = false;
}

/** What one vantage point saw, in the frame: this server, another one, or a check that this one is made of. */
// @ts-ignore: decorator
@unmanaged
export class Vantage {
  /** How many attempts there are, at most 32. */
  count: i32 = 0;
  private health: u8 = 0;
  /** For how long its own verdict has stood. */
  heldMillis: u32 = 0;

  /** Its own verdict, where it has one. */
  get state(): State {
    return <State>this.health;
  }

  /** One of the attempts; 0 is the latest. */
  attempt(index: i32): Attempt {
    if (<u32>index >= <u32>this.count) throw new Error("an attempt is asked for that is not there");
    return changetype<Attempt>(changetype<usize>(this) + ATTEMPTS + <usize>index * ATTEMPT);
  }
}

/** What a verdict may depend on. */
export class History {
  /** How many attempts in a row the latest `settle` counted. */
  run: u32 = 0;

  /** The verdict so far. */
  get before(): State {
    return <State>load<u8>(JUDGE_FRAME, 4);
  }

  /** The verdict before that one; unknown: there was none, or nobody knows. */
  get prior(): State {
    return <State>load<u8>(JUDGE_FRAME, 5);
  }

  /** For how long the verdict so far has stood, 0 while it is unknown. */
  get heldMillis(): u32 {
    return load<u32>(JUDGE_FRAME, 8);
  }

  /** How many vantage points there are. */
  get count(): i32 {
    return load<i32>(JUDGE_FRAME);
  }

  /** What one vantage point saw. */
  vantage(index: i32): Vantage {
    if (<u32>index >= <u32>this.count) throw new Error("a vantage point is asked for that is not there");
    return changetype<Vantage>(JUDGE_FRAME + VANTAGES + <usize>index * VANTAGE);
  }

  /** What a vantage point's attempts make of it: down after `fall` failures in a row, the latest among them, up after `rise` successes. `run` is how
   * many there were, 0 if they are not enough: then the state is as it was. One attempt is enough before the first verdict, and to confirm the
   * verdict that stands. Without attempts it is the vantage point's own verdict. */
  settle(vantage: i32, fall: u32, rise: u32): State {
    const v = this.vantage(vantage);
    this.run = 0;
    if (v.count == 0) return v.state;
    const before = v.state == State.Unknown ? this.before : v.state;
    const ok = v.attempt(0).ok;
    const state = ok ? State.Up : State.Down;
    const enough = ok ? rise : fall;
    let run = 1;
    while (run < v.count && v.attempt(run).ok == ok) run++;
    if (<u32>run < enough && before != State.Unknown && before != state) return before;
    this.run = run;
    return state;
  }
}

/** What a judge says. It begins as the verdict so far. */
export class Verdict {
  /** Gives the verdict, why (null: nothing is said of that), and the number in that. */
  set(state: State, reason: Reason | null, number: u32): void {
    store<u8>(JUDGE_FRAME, <u8>state, VERDICT);
    store<u16>(JUDGE_FRAME, reason == null ? 0 : reason.place, VERDICT + 2);
    store<u32>(JUDGE_FRAME, number, VERDICT + 4);
  }

  /** Has the target get so many percent of its weight while it is up, 0 to 100. Without it that is 100; 0 is nothing: it counts as down. Less
   * and more are taken as the nearest of these. */
  setShare(percent: i32): void {
    store<u8>(JUDGE_FRAME, <u8>max(0, min(percent, 100)), VERDICT + 1);
  }
}
