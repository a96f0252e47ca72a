//! What the author of a Signpost plugin uses: a policy in plain Rust, run in Signpost's sandbox and natively in `cargo test`.
//!
//! A policy has no clock, dice, network or files. It tells how the answers are to be shared between candidates, and the host draws.
//!
//! ```
//! use signpost::{int, Decision, Facts, Plugin, Policy};
//!
//! pub fn weighted() -> Plugin {
//!     let mut p = Plugin::routing("weighted", "1.0.0", "one answer, drawn by weight");
//!     let weight = p.add(int("weight", 0..=255, "share of the answers").required());
//!     p.configure(move |c: &mut Policy| {
//!         let weights: Vec<u32> = c.candidates().map(|i| weight.of(c, i) as u32).collect();
//!         move |f: &Facts, d: &mut Decision| {
//!             for (i, &weight) in weights.iter().enumerate().filter(|(i, _)| f.open(*i)) {
//!                 d.weigh(i, weight);
//!             }
//!         }
//!     });
//!     p
//! }
//!
//! signpost::serve!(weighted());
//! # fn main() {
//! # let trial = signpost::Trial::new(weighted(), &["weight=90", "weight=10"]).unwrap();
//! # assert_eq!(trial.decide(&signpost::Given { down: vec![0], ..Default::default() }).weights, [0, 10]);
//! # }
//! ```

mod attribute;
mod decision;
mod describe;
mod guest;
mod network;
mod plugin;
#[cfg(not(target_arch = "wasm32"))]
mod trial;
#[cfg(not(target_arch = "wasm32"))]
mod value;
mod verdict;

pub use attribute::{boolean, duration, float, int, networks, place, text, word, Attribute, Key, Word};
pub use decision::{Decision, Facts};
pub use network::{Code, Coordinates, Network, Place};
pub use plugin::{Plugin, Policy};
#[cfg(not(target_arch = "wasm32"))]
pub use trial::{Evidence, Given, Opinion, Outcome, Trial};
pub use verdict::{Attempt, History, Reason, State, Vantage, Verdict};

#[doc(hidden)]
pub use guest::Guest;

/// Makes this module's plugins known to the host: `signpost::serve!(mine(), another());` once, in `src/lib.rs` of a `cdylib`.
#[macro_export]
macro_rules! serve {
    ($($plugin:expr),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        mod signpost_exports {
            use super::*;

            static GUEST: $crate::Guest = $crate::Guest::new(|| vec![$($plugin),+]);

            #[no_mangle]
            extern "C" fn signpost_abi_v1() -> u32 {
                GUEST.frame()
            }

            #[no_mangle]
            extern "C" fn signpost_describe() -> u64 {
                GUEST.describe()
            }

            #[no_mangle]
            extern "C" fn signpost_alloc(length: u32) -> u32 {
                GUEST.alloc(length)
            }

            #[no_mangle]
            extern "C" fn signpost_configure(plugin: u32, policy: u32, _address: u32, length: u32) -> u64 {
                GUEST.configure(plugin, policy, length)
            }

            #[no_mangle]
            extern "C" fn signpost_decide(policy: u32) -> u32 {
                GUEST.decide(policy)
            }

            #[no_mangle]
            extern "C" fn signpost_judge_frame() -> u32 {
                GUEST.judge_frame()
            }

            #[no_mangle]
            extern "C" fn signpost_judge(policy: u32) -> u32 {
                GUEST.judge(policy)
            }
        }
    };
}
