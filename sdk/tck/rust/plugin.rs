//! The conformance kit's policy in Rust: it uses all that the SDK offers, exactly as ../tck.go does.

use signpost::{boolean, duration, float, int, networks, place, text, word};
use signpost::{Code, Coordinates, Decision, Facts, History, Network, Plugin, Policy, State, Vantage, Verdict};
use std::time::Duration;

/// What is kept of one candidate.
struct Candidate {
    base: u32,
    drained: bool,
    note: String,
    at: Option<Coordinates>,
    nets: Vec<Network>,
}

pub fn plugin() -> Plugin {
    let mut p = Plugin::routing("tck", "1.0.0", "uses \"everything\"");
    p.want_client();
    p.want_geo();
    p.want_latency();
    let share = p.add(int("share", -5..=1000, "added as it is").default(7));
    let ratio = p.add(float("ratio", 0.0..=1.5, "added in thousandths").required());
    let drain = p.add(boolean("drain", "no weight"));
    let role = p.add(word("role", &["primary", "secondary", "spare"], "added in tens of thousands").default("secondary"));
    let note = p.add(text("note", "its bytes are counted; bad is refused"));
    let at = p.add(place("at", "distance in whole degrees to the client"));
    let nets = p.add(networks("nets", "whether the client is in one"));
    let limit = p.add(int("limit", 1..=9, "how many answer").default(2).shared());
    let wait = p.add(duration("wait", Duration::from_secs(0)..=Duration::from_secs(3600), "added in milliseconds"));

    p.configure(move |c: &mut Policy| {
        let mut candidates = Vec::new();
        for i in c.candidates() {
            let said = note.of(c, i);
            let mut base = (share.of(c, i) as u32).wrapping_add((ratio.of(c, i) * 1000.0) as u32);
            base = base.wrapping_add(10_000 * role.index_of(c, i) as u32 + u32::from(c.record_type()) + 1000 * said.len() as u32);
            base = base.wrapping_add(wait.of(c, i).as_millis() as u32);
            if share.set(c, i) {
                base = base.wrapping_add(100_000);
            }
            if said == "crash" {
                panic!("told to {}", said);
            }
            if said == "bad" {
                note.refuse(c, i, &format!("note \"{}\" is bad", said));
            }
            if c.id(i) == "cursed" && !share.set(c, i) {
                c.refuse(i, "no share for the cursed");
            }
            candidates.push(Candidate { base, drained: drain.of(c, i), note: said, at: at.of(c, i), nets: nets.of(c, i) });
        }
        let limit = limit.of(c, 0) as u32;
        move |f: &Facts, d: &mut Decision| decide(&candidates, limit, f, d)
    });
    p
}

fn decide(candidates: &[Candidate], limit: u32, f: &Facts, d: &mut Decision) {
    let (client, place) = (f.client(), f.place());
    for (i, candidate) in candidates.iter().enumerate() {
        if candidate.drained || !f.open(i) && !f.down(i) {
            continue;
        }
        let mut weight = candidate.base.wrapping_add(f.weight(i) << 20);
        weight += 200_000 * candidate.nets.iter().filter(|n| n.contains(&client)).count() as u32;
        weight += f.latency(i).unwrap_or(0);
        if let (Some(here), Some(there)) = (place.at, candidate.at) {
            weight += (here.latitude - there.latitude).abs() as u32 + (here.longitude - there.longitude).abs() as u32;
        }
        for (known, code, worth) in [(place.country, "de", 400_000), (place.continent, "EU", 800_000), (place.subdivision, "by", 1_600_000)] {
            if Some(known) == Code::of(code) {
                weight += worth;
            }
        }
        d.weigh(i, weight + place.asn % 1000);
    }
    d.pick(limit);
    if client.family != 0 {
        d.holds_within(client.bits);
    }
    if candidates[0].note == "brief" {
        d.holds_for(30);
    }
}

signpost::serve!(plugin(), judge());

/// The judge, exactly as ../judge.go.
pub fn judge() -> Plugin {
    let mut p = Plugin::health("tck-judge", "1.0.0", "judges by a sum");
    let slow = p.add(
        duration("slow", Duration::from_millis(1)..=Duration::from_secs(60), "longer attempts count twice").default("300ms"),
    );
    let base = p.add(int("base", 0..=1000, "added as it is").required());
    let note = p.add(text("note", "quiet says nothing; bad is refused"));
    let fall = p.add(int("fall", 1..=32, "failures in a row").default(3));
    let even = p.reason("an even sum: #");
    let odd = p.reason("an odd sum, \"#\"");

    p.configure_judge(move |c: &mut Policy| {
        let (limit, start) = (slow.of(c, 0).as_micros() as u32, base.of(c, 0) as u32);
        let (said, enough) = (note.of(c, 0), fall.of(c, 0) as usize);
        if said == "bad" {
            note.refuse(c, 0, &format!("note \"{}\" is bad", said));
        }
        move |h: &History, v: &mut Verdict| {
            if said == "quiet" {
                return;
            }
            let mut sum = start + 3 * h.before() as u32 + 7 * h.prior() as u32 + h.held_millis() / 1000;
            for (i, vantage) in h.vantages().iter().enumerate() {
                sum = sum.wrapping_add((i as u32 + 1).wrapping_mul(saw(vantage, limit)));
                let (state, run) = h.settle(i, enough, 2);
                sum = sum.wrapping_add(1000 * state as u32 + 10_000 * run as u32);
            }
            let state = [State::Unknown, State::Up, State::Down][sum as usize % 3];
            v.set(state, if sum % 2 == 0 { even } else { odd }, sum);
            if sum % 5 != 0 {
                v.set_share(sum % 112);
            }
        }
    });
    p
}

fn saw(v: &Vantage, limit: u32) -> u32 {
    let mut sum = 100 * v.state() as u32 + v.held_millis() / 1000;
    for a in v.attempts() {
        sum = sum.wrapping_add(u32::from(a.code) + a.age_millis / 1000 + u32::from(a.ok()));
        if a.took_micros > limit {
            sum = sum.wrapping_add(a.took_micros / 1000);
        }
        sum = sum.wrapping_add(a.took_micros / 1000);
    }
    sum
}
