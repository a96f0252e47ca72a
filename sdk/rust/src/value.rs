//! Values as they stand in an annotation. In the sandbox the host converts them; this is for native tests, with the host's messages.

use crate::attribute::About;
use std::net::IpAddr;

/// What configure gets: bits, or bytes of text.
#[derive(Clone, Default)]
pub(crate) struct Value {
    pub bits: u64,
    pub text: Vec<u8>,
    pub set: bool,
}

impl About {
    /// Converts a value, or says what is wrong with it.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        let mut value = Value { set: true, ..Value::default() };
        let name = self.name;
        match self.kind {
            "int" => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(format!("{} {:?} is not a whole number{}", name, text, self.range(" in ")));
                }
                match text.parse::<i64>() {
                    Ok(number) if self.inside(number as f64) => value.bits = number as u64,
                    _ => return Err(format!("{} {} is outside {}", name, text, self.range(""))),
                }
            }
            "float" => match text.parse::<f64>() {
                Ok(number) if !text.contains(|c: char| "iInNxX_+".contains(c)) => {
                    if !number.is_finite() || !self.inside(number) {
                        return Err(format!("{} {} is outside {}", name, text, self.range("")));
                    }
                    value.bits = number.to_bits();
                }
                _ => return Err(format!("{} {:?} is not a number{}", name, text, self.range(" in "))),
            },
            "duration" => match micros(text) {
                Some(number) if self.inside(number) => value.bits = number as u64,
                Some(_) => return Err(format!("{} {} is outside {} microseconds", name, text, self.range(""))),
                None => return Err(format!("{} {:?} is no time with its unit, as 300ms, 1.5s or 1h30m", name, text)),
            },
            "bool" => match text {
                "yes" | "true" => value.bits = 1,
                "no" | "false" => {}
                _ => return Err(format!("{} {:?} is neither yes nor no", name, text)),
            },
            "word" => match self.words.iter().position(|&w| w == text) {
                Some(index) => value.bits = index as u64,
                None => return Err(format!("{} {:?} is not one of {}", name, text, self.words.join(", "))),
            },
            "place" => match coordinates(text) {
                Some(bits) => value.bits = bits,
                None => {
                    return Err(format!("{} {:?} is neither a known region nor LATITUDE,LONGITUDE", name, text));
                }
            },
            "networks" => {
                for one in text.split(',') {
                    match network(one) {
                        Some(raw) => value.text.extend_from_slice(&raw),
                        None => {
                            return Err(format!("{} {:?} is no prefix, no address and no known collection", name, one))
                        }
                    }
                }
            }
            _ => value.text = text.as_bytes().to_vec(),
        }
        Ok(value)
    }

    /// Converts what an annotation without the key means.
    pub(crate) fn missing(&self) -> Result<Value, String> {
        if self.required {
            return Err(format!("{} is missing, as in {}={}", self.name, self.name, self.sample()));
        }
        if self.default.is_empty() {
            return Ok(Value::default());
        }
        self.parse(&self.default).map(|value| Value { set: false, ..value })
    }

    fn sample(&self) -> String {
        match self.kind {
            "int" | "float" if self.inside(1.0) => "1".to_string(),
            "int" | "float" => self.min.or(self.max).unwrap_or_default().to_string(),
            "duration" => format!("{}us", self.min.unwrap_or_default()),
            "word" => self.words[0].to_string(),
            "place" => "eu-west-1".to_string(),
            "networks" => "192.0.2.0/24".to_string(),
            "bool" => "yes".to_string(),
            _ => "…".to_string(),
        }
    }

    fn inside(&self, number: f64) -> bool {
        self.min.map_or(true, |min| number >= min) && self.max.map_or(true, |max| number <= max)
    }

    fn range(&self, prefix: &str) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{}{}..{}", prefix, min, max),
            _ => String::new(),
        }
    }
}

/// Reads a time with its units, in microseconds.
pub(crate) fn micros(mut text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] = [("ns", 1e-3), ("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7), ("h", 36e8)];
    if text == "0" {
        return Some(0.0);
    }
    let mut sum = 0.0;
    loop {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(0);
        let number = text[..digits].parse::<f64>().ok()?;
        let rest = &text[digits..];
        let length = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = UNITS.iter().find(|(name, _)| *name == &rest[..length])?.1;
        sum += number * unit;
        text = &rest[length..];
        if text.is_empty() {
            return Some(sum);
        }
    }
}

fn coordinates(text: &str) -> Option<u64> {
    let (north, east) = text.split_once(',')?;
    let degrees = |text: &str, most: f64| {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        text.parse::<f64>().ok().filter(|d| plain && d.abs() <= most)
    };
    let (lat, lon) = (degrees(north, 90.0)? as f32, degrees(east, 180.0)? as f32);
    Some(u64::from(lat.to_bits()) | u64::from(lon.to_bits()) << 32)
}

/// Reads a prefix, an address, or * for everybody: family, length, 2 reserved, 16 bytes of address that are zero after the prefix.
pub(crate) fn network(text: &str) -> Option<[u8; 20]> {
    let mut raw = [0; 20];
    if text == "*" {
        return Some(raw);
    }
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let size = match address.parse().ok()? {
        IpAddr::V4(a) => {
            raw[0] = 4;
            raw[4..8].copy_from_slice(&a.octets());
            32
        }
        IpAddr::V6(a) => {
            raw[0] = 6;
            raw[4..].copy_from_slice(&a.octets());
            128
        }
    };
    raw[1] = bits.unwrap_or(size);
    for bit in raw[1]..size {
        raw[4 + usize::from(bit / 8)] &= !(0x80 >> (bit % 8));
    }
    (raw[1] <= size).then_some(raw)
}
