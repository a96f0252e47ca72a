//! What a decision may depend on, and what it says: both halves of the frame that guest and host share.

use crate::network::{Code, Coordinates, Network, Place};

pub(crate) const CANDIDATE_MAX: usize = 1024;
pub(crate) const DOWN: u8 = 2;

/// The memory in which the host writes facts and reads a result; sdk/README.md has its layout.
#[repr(C)]
pub(crate) struct Frame {
    pub facts: Facts,
    pub decision: Decision,
}

/// What a decision may depend on.
#[repr(C)]
pub struct Facts {
    pub(crate) count: u32,
    pub(crate) family: u8,
    pub(crate) bits: u8,
    reserved: [u8; 2],
    pub(crate) address: [u8; 16],
    pub(crate) continent: [u8; 2],
    pub(crate) country: [u8; 2],
    pub(crate) subdivision: [u8; 4],
    pub(crate) asn: u32,
    pub(crate) located: u8,
    reserved2: [u8; 3],
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    reserved3: [u8; 8],
    pub(crate) candidates: [Candidate; CANDIDATE_MAX],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub weight: u32,
    pub health: u8,
    pub latency_source: u8,
    reserved: [u8; 2],
    pub latency_micros: u32,
    reserved2: [u8; 4],
}

impl Facts {
    /// How many candidates there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Never: a policy has a candidate.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Tells whether the candidate can get a share: it is not down, and no plugin before this one in the chain has ruled it out.
    pub fn open(&self, candidate: usize) -> bool {
        self.weight(candidate) != 0
    }

    /// The candidate's share as the plugins before this one left it, 0 if it is not open. The host multiplies with it: a plugin that
    /// does not compare shares has no use for it.
    pub fn weight(&self, candidate: usize) -> u32 {
        self.candidates[candidate].weight
    }

    /// Tells whether the candidate's check says so. While all are down, all are told to be up.
    pub fn down(&self, candidate: usize) -> bool {
        self.candidates[candidate].health == DOWN
    }

    /// The client's network, for a plugin with [`crate::Plugin::want_client`].
    pub fn client(&self) -> Network {
        Network { family: self.family, bits: self.bits, address: self.address }
    }

    /// Where the client's network is, for a plugin with [`crate::Plugin::want_geo`].
    pub fn place(&self) -> Place {
        Place {
            continent: Code::short(self.continent),
            country: Code::short(self.country),
            subdivision: Code::long(self.subdivision),
            asn: self.asn,
            at: (self.located != 0).then(|| Coordinates { latitude: self.latitude, longitude: self.longitude }),
        }
    }

    /// Microseconds of a round trip between the client's network and the candidate's place, if known, for a plugin with
    /// [`crate::Plugin::want_latency`].
    pub fn latency(&self, candidate: usize) -> Option<u32> {
        let c = &self.candidates[candidate];
        (c.latency_source != 0).then(|| c.latency_micros)
    }
}

/// What a policy says. It begins with weight 0 for all candidates, which means: none is for this client.
#[repr(C)]
pub struct Decision {
    pub(crate) pick: u32,
    pub(crate) ttl_cap: u32,
    pub(crate) scope4: u8,
    pub(crate) scope6: u8,
    pub(crate) open: u8,
    reserved: [u8; 5],
    pub(crate) weights: [u32; CANDIDATE_MAX],
}

impl Decision {
    /// Gives the candidate its share of the answers: weight divided by the sum of all weights.
    pub fn weigh(&mut self, candidate: usize, weight: u32) {
        self.weights[candidate] = weight;
    }

    /// Sets how many different candidates answer together: 1 unless a plugin of the chain said otherwise.
    pub fn pick(&mut self, count: u32) {
        self.pick = count;
    }

    /// Tells for which prefixes around the client the decision is the same, so that resolvers may keep it for all of them: 0 to 32 and
    /// 0 to 128 bits. Without it, it holds for the network that the facts are about. A plugin that wants the client must be right.
    pub fn holds(&mut self, v4: u8, v6: u8) {
        self.scope4 = v4;
        self.scope6 = v6;
    }

    /// Says what happens if all that got weight are down: they answer as if they were up, because no other candidate is for this client
    /// (or on-all-down holds for them). Without it such a decision changes nothing.
    pub fn fail_open(&mut self) {
        self.open = 1;
    }

    /// [`Decision::holds`] for a length that only the client's own family can have.
    pub fn holds_within(&mut self, bits: u8) {
        self.holds(bits.min(32), bits);
    }

    /// Limits the answer's TTL.
    pub fn holds_for(&mut self, seconds: u32) {
        self.ttl_cap = seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The frame is where sdk/abi says.
    #[test]
    fn layout() {
        let frame: Box<Frame> = unsafe { Box::new(std::mem::zeroed()) };
        let at = |field: *const u8| field as usize - &*frame as *const Frame as usize;
        let f = &frame.facts;
        let c = &f.candidates[1];
        for (name, got, want) in [
            ("family", at(&f.family), 4),
            ("bits", at(&f.bits), 5),
            ("address", at(&f.address[0]), 8),
            ("continent", at(&f.continent[0]), 24),
            ("country", at(&f.country[0]), 26),
            ("subdivision", at(&f.subdivision[0]), 28),
            ("asn", at(&f.asn as *const u32 as *const u8), 32),
            ("located", at(&f.located), 36),
            ("latitude", at(&f.latitude as *const f64 as *const u8), 40),
            ("longitude", at(&f.longitude as *const f64 as *const u8), 48),
            ("weight", at(&c.weight as *const u32 as *const u8), 80),
            ("health", at(&c.health), 84),
            ("latency source", at(&c.latency_source), 85),
            ("latency", at(&c.latency_micros as *const u32 as *const u8), 88),
            ("pick", at(&frame.decision.pick as *const u32 as *const u8), 16448),
            ("ttl cap", at(&frame.decision.ttl_cap as *const u32 as *const u8), 16452),
            ("scope4", at(&frame.decision.scope4), 16456),
            ("scope6", at(&frame.decision.scope6), 16457),
            ("open", at(&frame.decision.open), 16458),
            ("weights", at(&frame.decision.weights[0] as *const u32 as *const u8), 16464),
            ("length", std::mem::size_of::<Frame>(), 20560),
        ] {
            assert_eq!(got, want, "{}", name);
        }
    }
}
