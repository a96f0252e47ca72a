//! What a verdict may depend on, and what it says: both halves of the frame that health plugins and host share.

pub(crate) const VANTAGE_MAX: usize = 64;
pub(crate) const ATTEMPT_MAX: usize = 32;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) const SHARE_UNSAID: u8 = 255;

/// The memory in which the host writes a history and reads a verdict; sdk/README.md has its layout.
#[repr(C, align(8))]
pub(crate) struct JudgeFrame {
    pub history: History,
    pub verdict: Verdict,
}

const _: () = assert!(std::mem::size_of::<JudgeFrame>() == 33_872);

/// What is known of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Before the first verdict; treated as up.
    #[default]
    Unknown = 0,
    Up = 1,
    Down = 2,
}

impl State {
    pub(crate) fn of(health: u8) -> State {
        match health {
            1 => State::Up,
            2 => State::Down,
            _ => State::Unknown,
        }
    }
}

/// What a verdict may depend on.
#[repr(C)]
pub struct History {
    pub(crate) vantage_count: u32,
    pub(crate) before: u8,
    pub(crate) prior: u8,
    reserved: [u8; 2],
    pub(crate) held_millis: u32,
    reserved2: [u8; 52],
    pub(crate) vantages: [Vantage; VANTAGE_MAX],
}

impl History {
    /// The verdict so far.
    pub fn before(&self) -> State {
        State::of(self.before)
    }

    /// The verdict before that one: unknown if there was none.
    pub fn prior(&self) -> State {
        State::of(self.prior)
    }

    /// For how long the verdict so far has stood.
    pub fn held_millis(&self) -> u32 {
        self.held_millis
    }

    /// What each vantage point saw: this server, another one, or a check that this one is made of.
    pub fn vantages(&self) -> &[Vantage] {
        &self.vantages[..self.vantage_count as usize]
    }

    /// What a vantage point's attempts make of it: down after `fall` failures in a row, the latest among them, up after `rise` successes. The number is
    /// how many there were, 0 if they are not enough: then the state is as it was. One attempt is enough before the first verdict, and to confirm
    /// the verdict that stands. Without attempts it is the vantage point's own verdict.
    pub fn settle(&self, vantage: usize, fall: usize, rise: usize) -> (State, usize) {
        let v = &self.vantages()[vantage];
        let latest = match v.attempts().first() {
            Some(latest) => latest,
            None => return (v.state(), 0),
        };
        let before = if v.state() == State::Unknown { self.before() } else { v.state() };
        let (state, enough) = if latest.ok() { (State::Up, rise) } else { (State::Down, fall) };
        let run = v.attempts().iter().take_while(|a| a.ok == latest.ok).count();
        if run >= enough || before == State::Unknown || before == state {
            (state, run)
        } else {
            (before, 0)
        }
    }
}

/// What one vantage point saw.
#[repr(C)]
pub struct Vantage {
    pub(crate) attempt_count: u32,
    pub(crate) health: u8,
    reserved: [u8; 3],
    held_millis: u32,
    reserved2: [u8; 4],
    pub(crate) attempts: [Attempt; ATTEMPT_MAX],
}

impl Vantage {
    /// Its own verdict, where it has one.
    pub fn state(&self) -> State {
        State::of(self.health)
    }

    /// For how long that has stood.
    pub fn held_millis(&self) -> u32 {
        self.held_millis
    }

    /// The probes, the latest first.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts[..self.attempt_count as usize]
    }
}

/// One probe of the target.
#[repr(C)]
pub struct Attempt {
    /// Since it ended.
    pub age_millis: u32,
    pub took_micros: u32,
    /// Status of HTTP; 0 where there is none.
    pub code: u16,
    pub(crate) ok: u8,
    reserved: [u8; 5],
}

impl Attempt {
    /// Tells whether it succeeded.
    pub fn ok(&self) -> bool {
        self.ok != 0
    }
}

/// Why a verdict was given: [`crate::Plugin::reason`] makes one.
#[derive(Clone, Copy)]
pub struct Reason(pub(crate) u16);

impl Reason {
    /// Nothing is said of why.
    pub const NONE: Reason = Reason(0);
}

/// What a judge says. It begins as the verdict so far.
#[repr(C)]
pub struct Verdict {
    pub(crate) health: u8,
    pub(crate) share: u8,
    pub(crate) reason: u16,
    pub(crate) number: u32,
    reserved: [u8; 8],
}

impl Verdict {
    /// Gives the verdict, why, and the number in that.
    pub fn set(&mut self, state: State, reason: Reason, number: u32) {
        self.health = state as u8;
        self.reason = reason.0;
        self.number = number;
    }

    /// Has the target get so many percent of its weight while it is up, 0 to 100. Without it that is 100; 0 is nothing: it counts as down. More is
    /// taken as 100.
    pub fn set_share(&mut self, percent: u32) {
        self.share = percent.min(100) as u8;
    }
}
