//! Networks, and where they are.

/// A client's network, or one of an attribute's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// 4 or 6. 0: an unknown client, or everybody as an attribute's value.
    pub family: u8,
    /// Length of the prefix.
    pub bits: u8,
    /// Its first 4 bytes for family 4; zero after `bits`.
    pub address: [u8; 16],
}

/// Bytes of a network in an attribute's value: family, bits, 2 reserved, address.
pub(crate) const NETWORK_LEN: usize = 20;

impl Network {
    /// Tells whether all of `inner` is in this network. Everybody contains every network, an unknown client is in nothing else.
    pub fn contains(&self, inner: &Network) -> bool {
        if self.family == 0 {
            return true;
        }
        if self.family != inner.family || self.bits > inner.bits {
            return false;
        }
        let whole = usize::from(self.bits / 8);
        let mask = !(0xff_u8 >> (self.bits % 8));
        self.address[..whole] == inner.address[..whole]
            && (mask == 0 || self.address[whole] & mask == inner.address[whole] & mask)
    }

    pub(crate) fn list(raw: &[u8]) -> Vec<Network> {
        raw.chunks_exact(NETWORK_LEN)
            .map(|n| {
                let mut address = [0; 16];
                address.copy_from_slice(&n[4..]);
                Network { family: n[0], bits: n[1], address }
            })
            .collect()
    }
}

/// A code of geography: a continent, a country or a subdivision, upper-case letters and digits. The default is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Code([u8; 4]);

impl Code {
    /// The code that `text` spells, in any case; none unless it is 1 to 4 letters and digits.
    pub fn of(text: &str) -> Option<Code> {
        let mut code = [0; 4];
        if text.is_empty() || text.len() > code.len() || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        for (to, from) in code.iter_mut().zip(text.bytes()) {
            *to = from.to_ascii_uppercase();
        }
        Some(Code(code))
    }

    pub(crate) fn short(raw: [u8; 2]) -> Code {
        Code([raw[0], raw[1], 0, 0])
    }

    pub(crate) fn long(raw: [u8; 4]) -> Code {
        Code(raw)
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// Tells whether there is one.
    pub fn known(self) -> bool {
        self.0[0] != 0
    }
}

/// Degrees north and east.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coordinates {
    pub latitude: f64,
    pub longitude: f64,
}

/// Where a network is, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// AF AN AS EU NA OC SA
    pub continent: Code,
    /// ISO 3166-1 alpha-2
    pub country: Code,
    /// ISO 3166-2, what stands behind the country's hyphen
    pub subdivision: Code,
    /// Number of the autonomous system; 0: unknown.
    pub asn: u32,
    pub at: Option<Coordinates>,
}
