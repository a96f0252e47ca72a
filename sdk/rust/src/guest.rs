//! A program with its plugins as the host drives it: through the exports that [`crate::serve`] makes, or natively by a trial.

use crate::decision::Frame;
use crate::describe::manifest;
use crate::plugin::{Decide, Judge, Plugin, Policy};
use crate::verdict::JudgeFrame;
use std::cell::UnsafeCell;

/// The one of a module. The host calls it from one thread and never while a call runs, which is why the references below do not meet.
pub struct Guest {
    frame: UnsafeCell<Frame>,
    state: UnsafeCell<Option<State>>,
    plugins: fn() -> Vec<Plugin>,
}

unsafe impl Sync for Guest {}

/// The memory of judges, beside the guest's own: as a part of that, its zeros would be 33 KB of the file.
struct JudgeMemory(UnsafeCell<JudgeFrame>);

unsafe impl Sync for JudgeMemory {}

// All of a JudgeFrame's bytes may be zero: it is numbers.
static JUDGED: JudgeMemory = JudgeMemory(UnsafeCell::new(unsafe {
    std::mem::transmute::<[u64; std::mem::size_of::<JudgeFrame>() / 8], JudgeFrame>([0; std::mem::size_of::<JudgeFrame>() / 8])
}));

pub(crate) struct State {
    pub plugins: Vec<Plugin>,
    deciders: Vec<Accepted>, // by the host's number of the policy
    pub message: Vec<u8>,
    returned: Vec<u8>, // keeps what configure and describe returned alive
}

/// How one policy is decided, or one check judged.
enum Accepted {
    Not,
    Policy(Decide),
    Check(Judge),
}

impl State {
    pub fn new(plugins: Vec<Plugin>) -> State {
        State { plugins, deciders: Vec::new(), message: Vec::new(), returned: Vec::new() }
    }

    /// Turns the message into a policy's decider, or returns its problems.
    pub fn configure(&mut self, plugin: usize, policy: usize) -> &[u8] {
        let mut p = Policy::new(std::mem::take(&mut self.message));
        let asked = &self.plugins[plugin];
        let accepted = match (&asked.configure, &asked.examine) {
            (Some(configure), _) => Accepted::Policy(configure(&mut p)),
            (_, Some(examine)) => Accepted::Check(examine(&mut p)),
            _ => panic!("Plugin::configure was not called"),
        };
        self.message = p.message;
        self.returned = p.problems;
        if self.returned.is_empty() {
            while self.deciders.len() <= policy {
                self.deciders.push(Accepted::Not);
            }
            self.deciders[policy] = accepted;
        }
        &self.returned
    }

    pub fn decide(&self, policy: usize, frame: &mut Frame) -> u32 {
        match self.deciders.get(policy) {
            Some(Accepted::Policy(decide)) => {
                decide(&frame.facts, &mut frame.decision);
                0
            }
            _ => 1,
        }
    }

    pub fn judge(&self, policy: usize, frame: &mut JudgeFrame) -> u32 {
        match self.deciders.get(policy) {
            Some(Accepted::Check(judge)) => {
                judge(&frame.history, &mut frame.verdict);
                0
            }
            _ => 1,
        }
    }
}

#[doc(hidden)]
impl Guest {
    pub const fn new(plugins: fn() -> Vec<Plugin>) -> Guest {
        // All of a Frame's bytes may be zero: it is numbers.
        const ZERO: [u64; std::mem::size_of::<Frame>() / 8] = [0; std::mem::size_of::<Frame>() / 8];
        let frame = unsafe { std::mem::transmute::<[u64; std::mem::size_of::<Frame>() / 8], Frame>(ZERO) };
        Guest { frame: UnsafeCell::new(frame), state: UnsafeCell::new(None), plugins }
    }

    pub fn judge_frame(&self) -> u32 {
        JUDGED.0.get() as usize as u32
    }

    pub fn judge(&self, policy: u32) -> u32 {
        // Safe: see Guest; frame and state are different memory.
        self.state().judge(policy as usize, unsafe { &mut *JUDGED.0.get() })
    }

    pub fn frame(&self) -> u32 {
        self.frame.get() as usize as u32
    }

    pub fn describe(&self) -> u64 {
        let state = self.state();
        state.returned = manifest(&state.plugins);
        span(&state.returned)
    }

    pub fn alloc(&self, length: u32) -> u32 {
        let state = self.state();
        state.message.resize(length as usize, 0);
        state.message.as_ptr() as usize as u32
    }

    pub fn configure(&self, plugin: u32, policy: u32, length: u32) -> u64 {
        let state = self.state();
        state.message.truncate(length as usize);
        span(state.configure(plugin as usize, policy as usize))
    }

    pub fn decide(&self, policy: u32) -> u32 {
        // Safe: see Guest; frame and state are different memory.
        self.state().decide(policy as usize, unsafe { &mut *self.frame.get() })
    }

    #[allow(clippy::mut_from_ref)]
    fn state(&self) -> &mut State {
        // Safe: see Guest; no caller asks twice.
        let state = unsafe { &mut *self.state.get() };
        state.get_or_insert_with(|| {
            speak();
            State::new((self.plugins)())
        })
    }
}

/// Address << 32 | length; 0 for no bytes.
fn span(bytes: &[u8]) -> u64 {
    if bytes.is_empty() {
        return 0;
    }
    (bytes.as_ptr() as usize as u64) << 32 | bytes.len() as u64
}

#[cfg(not(target_arch = "wasm32"))]
fn speak() {}

/// Has panics say their reason before they trap: the host shows the first line that is written to file 2.
#[cfg(target_arch = "wasm32")]
fn speak() {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    extern "C" {
        fn fd_write(file: u32, vectors: *const [usize; 2], count: u32, written: *mut u32) -> u32;
    }
    std::panic::set_hook(Box::new(|info| {
        let said = info.payload();
        let reason = match (said.downcast_ref::<&str>(), said.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "panic",
        };
        let place = info.location().map(|at| format!("{}:{}: ", at.file(), at.line())).unwrap_or_default();
        let line = place + reason;
        let mut written = 0;
        // Safe: the vector is the bytes of line, which lives until the call is over.
        unsafe { fd_write(2, &[line.as_ptr() as usize, line.len()], 1, &mut written) };
    }));
}
