//! Attributes: the keys that a plugin's annotations may have. The host checks their values before a plugin sees them.

use crate::network::{Coordinates, Network};
use crate::plugin::Policy;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An attribute before [`crate::Plugin::add`] took it. `T` is what its value is.
pub struct Attribute<T> {
    pub(crate) about: About,
    kind: PhantomData<T>,
}

/// What the manifest says about an attribute.
#[derive(Clone, Default)]
pub(crate) struct About {
    pub name: &'static str,
    pub kind: &'static str,
    pub doc: &'static str,
    pub required: bool,
    pub default: String,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub words: &'static [&'static str],
    pub shared: bool,
}

/// The value of an attribute that [`word`] made: one of its words.
pub type Word = &'static str;

/// Whole numbers.
pub fn int(name: &'static str, range: RangeInclusive<i64>, doc: &'static str) -> Attribute<i64> {
    let mut a = Attribute::new(name, "int", doc);
    a.about.min = Some(*range.start() as f64);
    a.about.max = Some(*range.end() as f64);
    a
}

/// Finite numbers.
pub fn float(name: &'static str, range: RangeInclusive<f64>, doc: &'static str) -> Attribute<f64> {
    let mut a = Attribute::new(name, "float", doc);
    a.about.min = Some(*range.start());
    a.about.max = Some(*range.end());
    a
}

/// A time with its unit, as 300ms, 1.5s or 1h30m, to the microsecond.
pub fn duration(name: &'static str, range: RangeInclusive<Duration>, doc: &'static str) -> Attribute<Duration> {
    let mut a = Attribute::new(name, "duration", doc);
    a.about.min = Some(range.start().as_micros() as f64);
    a.about.max = Some(range.end().as_micros() as f64);
    a
}

/// Yes or no, and no when it is missing.
pub fn boolean(name: &'static str, doc: &'static str) -> Attribute<bool> {
    Attribute::new(name, "bool", doc)
}

/// One of `words`, and the first of them when it is missing.
pub fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Attribute<Word> {
    let mut a = Attribute::new(name, "word", doc);
    a.about.words = words;
    a
}

/// Anything, and empty when it is missing.
pub fn text(name: &'static str, doc: &'static str) -> Attribute<String> {
    Attribute::new(name, "text", doc)
}

/// A region that the server knows, as eu-west-1, or LATITUDE,LONGITUDE.
pub fn place(name: &'static str, doc: &'static str) -> Attribute<Coordinates> {
    Attribute::new(name, "place", doc)
}

/// Prefixes, addresses, names of collections in signpost.yaml, or * for everybody, joined by commas; none when it is missing.
pub fn networks(name: &'static str, doc: &'static str) -> Attribute<Vec<Network>> {
    Attribute::new(name, "networks", doc)
}

impl<T> Attribute<T> {
    fn new(name: &'static str, kind: &'static str, doc: &'static str) -> Attribute<T> {
        Attribute { about: About { name, kind, doc, ..About::default() }, kind: PhantomData }
    }

    /// Makes an annotation without the key a mistake.
    pub fn required(mut self) -> Attribute<T> {
        self.about.required = true;
        self
    }

    /// Makes it one value for all candidates of a policy: it need only stand on one line.
    pub fn shared(mut self) -> Attribute<T> {
        self.about.shared = true;
        self
    }

    pub(crate) fn key(&self, index: usize) -> Key<T> {
        Key { index, words: self.about.words, kind: PhantomData }
    }
}

impl Attribute<i64> {
    /// The value when the key is missing.
    pub fn default(mut self, value: i64) -> Attribute<i64> {
        self.about.default = value.to_string();
        self
    }
}

impl Attribute<f64> {
    /// The value when the key is missing.
    pub fn default(mut self, value: f64) -> Attribute<f64> {
        self.about.default = value.to_string();
        self
    }
}

impl Attribute<Duration> {
    /// The value when the key is missing, as it would stand in a zone file.
    pub fn default(mut self, value: &str) -> Attribute<Duration> {
        self.about.default = value.to_string();
        self
    }
}

impl Attribute<bool> {
    /// The value when the key is missing.
    pub fn default(mut self, value: bool) -> Attribute<bool> {
        self.about.default = if value { "yes" } else { "no" }.to_string();
        self
    }
}

impl Attribute<Word> {
    /// The value when the key is missing.
    pub fn default(mut self, value: Word) -> Attribute<Word> {
        self.about.default = value.to_string();
        self
    }
}

impl Attribute<String> {
    /// The value when the key is missing.
    pub fn default(mut self, value: &str) -> Attribute<String> {
        self.about.default = value.to_string();
        self
    }
}

impl Attribute<Vec<Network>> {
    /// The value when the key is missing, as it would stand in a zone file.
    pub fn default(mut self, value: &str) -> Attribute<Vec<Network>> {
        self.about.default = value.to_string();
        self
    }
}

/// Reads an attribute's values of the candidates of a [`Policy`].
pub struct Key<T> {
    index: usize,
    words: &'static [&'static str],
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Key<T> {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> Key<T> {
    /// Tells whether the candidate's annotation has the key; otherwise its value is the default.
    pub fn set(&self, p: &Policy, candidate: usize) -> bool {
        p.set(candidate, self.index)
    }

    /// Reports that the candidate's value is wrong. The host puts file, line, column and the plugin's name before `text`.
    pub fn refuse(&self, p: &mut Policy, candidate: usize, text: &str) {
        p.problem(candidate as u32, self.index as u32, text);
    }
}

impl Key<i64> {
    /// The candidate's value.
    pub fn of(&self, p: &Policy, candidate: usize) -> i64 {
        p.bits(candidate, self.index) as i64
    }
}

impl Key<f64> {
    /// The candidate's value.
    pub fn of(&self, p: &Policy, candidate: usize) -> f64 {
        f64::from_bits(p.bits(candidate, self.index))
    }
}

impl Key<Duration> {
    /// The candidate's value.
    pub fn of(&self, p: &Policy, candidate: usize) -> Duration {
        Duration::from_micros(p.bits(candidate, self.index))
    }
}

impl Key<bool> {
    /// The candidate's value.
    pub fn of(&self, p: &Policy, candidate: usize) -> bool {
        p.bits(candidate, self.index) != 0
    }
}

impl Key<Word> {
    /// The candidate's value.
    pub fn of(&self, p: &Policy, candidate: usize) -> Word {
        self.words[self.index_of(p, candidate)]
    }

    /// The index of the candidate's value in the words.
    pub fn index_of(&self, p: &Policy, candidate: usize) -> usize {
        p.bits(candidate, self.index) as usize
    }
}

impl Key<String> {
    /// The candidate's value.
    pub fn of(&self, p: &Policy, candidate: usize) -> String {
        String::from_utf8_lossy(p.text(candidate, self.index)).into_owned()
    }
}

impl Key<Coordinates> {
    /// The candidate's place, none if the key is missing.
    pub fn of(&self, p: &Policy, candidate: usize) -> Option<Coordinates> {
        let bits = p.bits(candidate, self.index);
        let degrees = |bits: u32| f64::from(f32::from_bits(bits));
        self.set(p, candidate)
            .then(|| Coordinates { latitude: degrees(bits as u32), longitude: degrees((bits >> 32) as u32) })
    }
}

impl Key<Vec<Network>> {
    /// The candidate's networks; everybody is one of family 0.
    pub fn of(&self, p: &Policy, candidate: usize) -> Vec<Network> {
        Network::list(p.text(candidate, self.index))
    }
}
