// Networks, and where they are.

/** A client's network, or one of an attribute's. */
export class Network {
  /** 4 or 6. 0: an unknown client, or everybody as an attribute's value. */
  family: u8 = 0;
  /** Length of the prefix. */
  bits: u8 = 0;
  /** The address as two numbers, IPv4 in the high bits of the first; zero after `bits`. */
  high: u64 = 0;
  low: u64 = 0;

  /** Tells whether all of `inner` is in this network. Everybody contains every network, an unknown client is in nothing else. */
  contains(inner: Network): bool {
    if (this.family == 0) return true;
    if (this.family != inner.family || this.bits > inner.bits) return false;
    const high = this.high ^ inner.high;
    const low = this.low ^ inner.low;
    if (this.bits == 0) return true;
    if (this.bits <= 64) return high >> (64 - <u64>this.bits) == 0;
    return high == 0 && low >> (128 - <u64>this.bits) == 0;
  }

  /** Reads what the host wrote: family and length, and 16 bytes of address. */
  read(at: usize, address: usize): Network {
    this.family = load<u8>(at);
    this.bits = load<u8>(at, 1);
    this.high = bswap(load<u64>(address));
    this.low = bswap(load<u64>(address, 8));
    return this;
  }
}

/** Degrees north and east. */
export class Coordinates {
  constructor(
    public latitude: f64,
    public longitude: f64,
  ) {}
}

/** The code of a continent, a country or a subdivision that `text` spells, in any case; 0 unless it is 1 to 4 letters and digits. */
export function code(text: string): u32 {
  if (text.length > 4) return 0;
  let packed: u32 = 0;
  for (let i = 0; i < text.length; i++) {
    let c = <u32>text.charCodeAt(i);
    if (c >= 0x61 && c <= 0x7a) c -= 0x20;
    if (!((c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39))) return 0;
    packed |= c << (8 * i);
  }
  return packed;
}
