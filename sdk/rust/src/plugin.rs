//! A plugin while its author describes it, and a policy that uses it.

use crate::attribute::{About, Attribute, Key};
use crate::decision::{Decision, Facts};
use crate::verdict::{History, Reason, Verdict};
use std::ops::Range;

pub(crate) type Decide = Box<dyn Fn(&Facts, &mut Decision)>;
pub(crate) type Judge = Box<dyn Fn(&History, &mut Verdict)>;

/// One plugin: what it is called, what its annotations may say, and how it decides.
pub struct Plugin {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) wants: Vec<&'static str>,
    pub(crate) attributes: Vec<About>,
    pub(crate) configure: Option<Box<dyn Fn(&mut Policy) -> Decide>>,
    pub(crate) examine: Option<Box<dyn Fn(&mut Policy) -> Judge>>,
    pub(crate) reasons: Vec<&'static str>,
    pub(crate) kind: &'static str,
}

impl Plugin {
    /// Begins a plugin that chooses among the candidates of a name. `name` is what stands in zone files: lower-case letters, digits and
    /// hyphens. `doc` is one line.
    pub fn routing(name: &'static str, version: &'static str, doc: &'static str) -> Plugin {
        Plugin::new(name, version, doc, "routing")
    }

    /// Begins a plugin that judges checks. `name` is what stands in signpost.yaml, `doc` is one line.
    pub fn health(name: &'static str, version: &'static str, doc: &'static str) -> Plugin {
        Plugin::new(name, version, doc, "health")
    }

    fn new(name: &'static str, version: &'static str, doc: &'static str, kind: &'static str) -> Plugin {
        let (wants, attributes, reasons) = (Vec::new(), Vec::new(), Vec::new());
        Plugin { name, version, doc, wants, attributes, configure: None, examine: None, reasons, kind }
    }

    /// Adds a text that says why a verdict was given; the verdict's number stands in it for its first #.
    pub fn reason(&mut self, text: &'static str) -> Reason {
        self.reasons.push(text);
        Reason(self.reasons.len() as u16)
    }

    /// Sets the function that turns one check into its judge, which runs after a probe and must give the same verdict for the same history. The
    /// check is candidate 0.
    pub fn configure_judge<J>(&mut self, examine: impl Fn(&mut Policy) -> J + 'static)
    where
        J: Fn(&History, &mut Verdict) + 'static,
    {
        self.examine = Some(Box::new(move |p: &mut Policy| Box::new(examine(p)) as Judge));
    }

    /// Adds an attribute, and returns the key that reads its values.
    pub fn add<T>(&mut self, attribute: Attribute<T>) -> Key<T> {
        let key = attribute.key(self.attributes.len());
        self.attributes.push(attribute.about);
        key
    }

    /// Asks for the client's network: [`Facts::client`] is unknown otherwise.
    pub fn want_client(&mut self) {
        self.wants.push("client");
    }

    /// Asks where the client's network is: [`Facts::place`] is unknown otherwise.
    pub fn want_geo(&mut self) {
        self.wants.push("geo");
    }

    /// Asks how far the client's network is from each candidate's place, the value of the plugin's first place attribute:
    /// [`Facts::latency`] is none otherwise.
    pub fn want_latency(&mut self) {
        self.wants.push("latency");
    }

    /// Sets the function that turns one policy into how it decides. It runs once a policy, and may refuse what is wrong in it; what it
    /// returns is not used then. What it returns runs for a query: it must give the same result for the same facts.
    pub fn configure<D>(&mut self, configure: impl Fn(&mut Policy) -> D + 'static)
    where
        D: Fn(&Facts, &mut Decision) + 'static,
    {
        self.configure = Some(Box::new(move |p: &mut Policy| Box::new(configure(p)) as Decide));
    }
}

/// One policy that uses the plugin: its candidates and their attributes, which [`Key::of`] reads.
pub struct Policy {
    pub(crate) message: Vec<u8>,
    pub(crate) problems: Vec<u8>,
    problem_count: usize,
}

// The message of configure; sdk/README.md has its layout.
const HEAD_LEN: usize = 16;
const CANDIDATE_LEN: usize = 16;
const ATTRIBUTE_LEN: usize = 16;
const SET_OFF: usize = 8;
const NO_INDEX: u32 = u32::MAX;
const PROBLEM_MAX: usize = 64;
const PROBLEM_LEN_MAX: usize = 900; // of text, so that all of them fit into the 64 KiB that the host reads

impl Policy {
    pub(crate) fn new(message: Vec<u8>) -> Policy {
        Policy { message, problems: Vec::new(), problem_count: 0 }
    }

    /// How many candidates there are, at least one.
    pub fn len(&self) -> usize {
        self.u32_at(0) as usize
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The indexes of the candidates, which are those of [`Facts`] and [`Decision`].
    pub fn candidates(&self) -> Range<usize> {
        0..self.len()
    }

    /// What the zone file calls the candidate.
    pub fn id(&self, candidate: usize) -> String {
        String::from_utf8_lossy(self.bytes_at(self.candidate_off(candidate))).into_owned()
    }

    /// The type of the candidates' records, 1 for A.
    pub fn record_type(&self) -> u16 {
        self.u32_at(8) as u16
    }

    /// Reports that something about the candidate is wrong which is not one attribute's value.
    pub fn refuse(&mut self, candidate: usize, text: &str) {
        self.problem(candidate as u32, NO_INDEX, text);
    }

    /// Reports that something about the policy as a whole is wrong.
    pub fn refuse_all(&mut self, text: &str) {
        self.problem(NO_INDEX, NO_INDEX, text);
    }

    /// Keeps what is refused, as far as the host reads it.
    pub(crate) fn problem(&mut self, candidate: u32, attribute: u32, text: &str) {
        self.problem_count += 1;
        if self.problem_count > PROBLEM_MAX {
            return;
        }
        let text = &text.as_bytes()[..text.len().min(PROBLEM_LEN_MAX)];
        for number in [candidate, attribute, text.len() as u32] {
            self.problems.extend_from_slice(&number.to_le_bytes());
        }
        self.problems.extend_from_slice(text);
    }

    pub(crate) fn bits(&self, candidate: usize, attribute: usize) -> u64 {
        let at = self.attribute_off(candidate, attribute);
        u64::from(self.u32_at(at)) | u64::from(self.u32_at(at + 4)) << 32
    }

    pub(crate) fn text(&self, candidate: usize, attribute: usize) -> &[u8] {
        self.bytes_at(self.attribute_off(candidate, attribute))
    }

    pub(crate) fn set(&self, candidate: usize, attribute: usize) -> bool {
        self.message[self.attribute_off(candidate, attribute) + SET_OFF] != 0
    }

    fn candidate_off(&self, candidate: usize) -> usize {
        HEAD_LEN + candidate * (CANDIDATE_LEN + ATTRIBUTE_LEN * self.u32_at(4) as usize)
    }

    fn attribute_off(&self, candidate: usize, attribute: usize) -> usize {
        self.candidate_off(candidate) + CANDIDATE_LEN + ATTRIBUTE_LEN * attribute
    }

    fn bytes_at(&self, at: usize) -> &[u8] {
        let start = self.u32_at(at) as usize;
        &self.message[start..start + self.u32_at(at + 4) as usize]
    }

    fn u32_at(&self, at: usize) -> u32 {
        let mut raw = [0; 4];
        raw.copy_from_slice(&self.message[at..at + 4]);
        u32::from_le_bytes(raw)
    }
}
