//! A policy that a plugin accepted in this process: the same code as in the sandbox, for the plugin's own tests.

use crate::decision::{Frame, DOWN};
use crate::guest::State;
use crate::network::{Network, Place};
use crate::plugin::Plugin;
use crate::value::{micros, network, Value};
use crate::verdict::{JudgeFrame, State as Health, Vantage, ATTEMPT_MAX, SHARE_UNSAID};
use std::cell::RefCell;

// What the result says before a plugin does, and the health of what is up.
const TTL_CAP_NONE: u32 = u32::MAX;
const SCOPE_UNSAID: u8 = 255;
const UP: u8 = 1;

/// A configured policy.
pub struct Trial {
    state: State,
    frame: RefCell<Box<Frame>>,
    judge_frame: RefCell<Box<JudgeFrame>>,
    count: usize,
}

/// What a [`Trial`] judges from. The default is: nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'a> {
    pub before: Health,
    pub prior: Health,
    pub held_millis: u32,
    /// What each vantage point saw, as golden files have it: its own verdict if it has one (unknown, up, down), then its attempts, the latest first
    /// and a second apart: + and -, 120ms and -2s with the time that they took, -/503 with a status, -*12 for twelve.
    pub seen: Vec<&'a str>,
}

/// What a health plugin said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    pub state: Health,
    /// Percent; 100 if nothing was said.
    pub share: u8,
    /// With its number; empty if none was given.
    pub reason: String,
}

/// What a [`Trial`] decides from. The default is: all are up, and nothing is known about the client.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// Candidates whose check says so.
    pub down: Vec<usize>,
    /// Weights from the plugins before this one, by candidate; empty: 1 each.
    pub before: Vec<u32>,
    /// A prefix or an address, seen only by a plugin that wants the client.
    pub client: &'a str,
    /// Seen only by a plugin that wants geography.
    pub place: Place,
    /// Microseconds by candidate, 0 for unknown; seen only by a plugin that wants latency.
    pub latency: Vec<u32>,
}

/// What the plugin said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub weights: Vec<u32>,
    /// 0: no opinion.
    pub pick: u32,
    pub scope4: Option<u8>,
    pub scope6: Option<u8>,
    pub ttl_cap: Option<u32>,
}

impl Trial {
    /// Configures `plugin` for candidates that are written as in an annotation without quotes: "weight=90 id=canary". An id is optional.
    /// The error is all problems, as the host would report them but without their places.
    pub fn new(plugin: Plugin, candidates: &[&str]) -> Result<Trial, Vec<String>> {
        let name = plugin.name;
        let mut problems = Vec::new();
        let mut rows: Vec<(String, Vec<Option<Value>>)> = Vec::new();
        for line in candidates {
            let mut id = String::new();
            let mut values = vec![None; plugin.attributes.len()];
            for pair in line.split_whitespace() {
                let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
                match plugin.attributes.iter().position(|a| a.name == key) {
                    Some(j) => match plugin.attributes[j].parse(text) {
                        Ok(value) => values[j] = Some(value),
                        Err(message) => problems.push(format!("{}: {}", name, message)),
                    },
                    None if key == "id" => id = text.to_string(),
                    None => problems.push(format!("{}: unknown key {}", name, key)),
                }
            }
            rows.push((id, values));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for (j, about) in plugin.attributes.iter().enumerate() {
            let first = rows.iter().find_map(|(_, values)| values[j].clone()).filter(|_| about.shared);
            for (_, values) in rows.iter_mut().filter(|(_, values)| values[j].is_none()) {
                match first.clone().map_or_else(|| about.missing(), Ok) {
                    Ok(value) => values[j] = Some(value),
                    Err(message) => problems.push(format!("{}: {}", name, message)),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let message = message(&plugin, &rows);
        let mut state = State::new(vec![plugin]);
        state.message = message;
        let raw = state.configure(0, 1);
        if !raw.is_empty() {
            return Err(refusals(raw).into_iter().map(|text| format!("{}: {}", name, text)).collect());
        }
        // Safe: a Frame is numbers, whose bytes may all be zero.
        let frame = RefCell::new(unsafe { Box::new(std::mem::zeroed()) });
        let judge_frame = RefCell::new(unsafe { Box::new(std::mem::zeroed()) });
        Ok(Trial { state, frame, judge_frame, count: candidates.len() })
    }

    /// Runs a health plugin once.
    pub fn judge(&self, given: &Evidence) -> Opinion {
        let mut frame = self.judge_frame.borrow_mut();
        // Safe: as in new.
        **frame = unsafe { std::mem::zeroed() };
        frame.history.before = given.before as u8;
        frame.history.prior = given.prior as u8;
        frame.history.held_millis = given.held_millis;
        frame.history.vantage_count = given.seen.len() as u32;
        for (i, text) in given.seen.iter().enumerate() {
            read_seen(&mut frame.history.vantages[i], text);
        }
        frame.verdict.health = given.before as u8;
        frame.verdict.share = SHARE_UNSAID;
        assert_eq!(self.state.judge(1, &mut frame), 0, "the plugin judges nothing");
        let v = &frame.verdict;
        let reason = match v.reason {
            0 => String::new(),
            place => self.state.plugins[0].reasons[usize::from(place) - 1].replacen('#', &v.number.to_string(), 1),
        };
        Opinion { state: Health::of(v.health), share: v.share.min(100), reason }
    }

    /// Runs the plugin once.
    pub fn decide(&self, given: &Given) -> Outcome {
        let mut frame = self.frame.borrow_mut();
        // Safe: as in new.
        **frame = unsafe { std::mem::zeroed() };
        let wants = |fact: &str| self.state.plugins[0].wants.contains(&fact);
        let f = &mut frame.facts;
        f.count = self.count as u32;
        for i in 0..self.count {
            f.candidates[i].weight = given.before.get(i).copied().unwrap_or(1);
            f.candidates[i].health = UP;
            if given.down.contains(&i) {
                f.candidates[i].weight = 0;
                f.candidates[i].health = DOWN;
            }
            let micros = given.latency.get(i).copied().unwrap_or(0);
            if wants("latency") && micros > 0 {
                f.candidates[i].latency_source = 1;
                f.candidates[i].latency_micros = micros;
            }
        }
        if wants("client") && !given.client.is_empty() {
            let raw = network(given.client).expect("a client is a prefix or an address");
            let client = Network::list(&raw)[0];
            f.family = client.family;
            f.bits = client.bits;
            f.address = client.address;
        }
        if wants("geo") {
            let short = |code: [u8; 4]| [code[0], code[1]];
            f.continent = short(given.place.continent.bytes());
            f.country = short(given.place.country.bytes());
            f.subdivision = given.place.subdivision.bytes();
            f.asn = given.place.asn;
            if let Some(at) = given.place.at {
                f.located = 1;
                f.latitude = at.latitude;
                f.longitude = at.longitude;
            }
        }
        let d = &mut frame.decision;
        d.ttl_cap = TTL_CAP_NONE;
        d.scope4 = SCOPE_UNSAID;
        d.scope6 = SCOPE_UNSAID;
        self.state.decide(1, &mut frame);
        let d = &frame.decision;
        let said = |scope: u8| Some(scope).filter(|&s| s != SCOPE_UNSAID);
        Outcome {
            weights: d.weights[..self.count].to_vec(),
            pick: d.pick,
            scope4: said(d.scope4),
            scope6: said(d.scope6),
            ttl_cap: Some(d.ttl_cap).filter(|&cap| cap != TTL_CAP_NONE),
        }
    }
}

/// Reads what a vantage point saw. What makes no sense is a mistake of the test.
fn read_seen(v: &mut Vantage, text: &str) {
    for (i, word) in text.split_whitespace().enumerate() {
        if let (0, Some(state)) = (i, ["unknown", "up", "down"].iter().position(|&s| s == word)) {
            v.health = state as u8;
            continue;
        }
        let together = word.chars().all(|c| c == '+' || c == '-');
        for one in if together { word.split_inclusive(|_| true).collect() } else { vec![word] } {
            let (one, count) = one.split_once('*').map_or((one, 1), |(one, n)| (one, n.parse().expect("a number behind *")));
            let (one, code) = one.split_once('/').map_or((one, 0), |(one, n)| (one, n.parse().expect("a status behind /")));
            let took = one.trim_start_matches(|c| c == '+' || c == '-');
            let micros = if took.is_empty() { 1000.0 } else { micros(took).expect("a time, as 120ms") };
            for _ in 0..count {
                let at = v.attempt_count as usize;
                assert!(at < ATTEMPT_MAX, "more than {} attempts", ATTEMPT_MAX);
                v.attempts[at].age_millis = 1000 * v.attempt_count;
                v.attempts[at].took_micros = micros as u32;
                v.attempts[at].code = code;
                v.attempts[at].ok = u8::from(!one.starts_with('-'));
                v.attempt_count += 1;
            }
        }
    }
}

/// The message of configure, as a host writes it, for records of type A.
fn message(plugin: &Plugin, rows: &[(String, Vec<Option<Value>>)]) -> Vec<u8> {
    let stride = 16 + 16 * plugin.attributes.len();
    let mut fixed = Vec::new();
    let mut texts = Vec::new();
    let texts_at = 16 + stride * rows.len();
    let record_type = u32::from(plugin.kind == "routing");
    for number in [rows.len() as u32, plugin.attributes.len() as u32, record_type, 0] {
        fixed.extend_from_slice(&number.to_le_bytes());
    }
    let mut span = |text: &[u8]| {
        let at = (texts_at + texts.len()) as u64 | (text.len() as u64) << 32;
        texts.extend_from_slice(text);
        at.to_le_bytes()
    };
    for (id, values) in rows {
        fixed.extend_from_slice(&span(id.as_bytes()));
        fixed.extend_from_slice(&[0; 8]);
        for (about, value) in plugin.attributes.iter().zip(values) {
            let value = value.clone().unwrap_or_default();
            let is_text = about.kind == "text" || about.kind == "networks";
            fixed.extend_from_slice(&if is_text { span(&value.text) } else { value.bits.to_le_bytes() });
            fixed.extend_from_slice(&u64::from(value.set).to_le_bytes());
        }
    }
    fixed.extend_from_slice(&texts);
    fixed
}

fn refusals(mut raw: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while raw.len() >= 12 {
        let length = u32::from_le_bytes([raw[8], raw[9], raw[10], raw[11]]) as usize;
        texts.push(String::from_utf8_lossy(&raw[12..12 + length]).into_owned());
        raw = &raw[12 + length..];
    }
    texts
}
