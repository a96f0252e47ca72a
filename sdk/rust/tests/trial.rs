//! Everything that the crate offers, used natively; sdk/tck runs the same on a host.

use signpost::*;
use std::time::Duration;

fn all() -> Plugin {
    let mut p = Plugin::routing("all", "1.2.3", "says \"everything\"");
    p.want_client();
    p.want_geo();
    p.want_latency();
    let share = p.add(int("share", 1..=100, "a number").default(7));
    let ratio = p.add(float("ratio", 0.0..=1.0, "a ratio").required());
    let drain = p.add(boolean("drain", "back\\slash\ttab"));
    let role = p.add(word("role", &["primary", "secondary"], "a word").default("secondary"));
    let note = p.add(text("note", "a text"));
    let at = p.add(place("at", "a place"));
    let nets = p.add(networks("nets", "networks"));
    let limit = p.add(int("limit", 1..=9, "shared").shared().default(2));
    p.configure(move |c: &mut Policy| {
        let mut weights = Vec::new();
        for i in c.candidates() {
            let mut weight = share.of(c, i) as u32 + (1000.0 * ratio.of(c, i)) as u32;
            weight += 10_000 * role.index_of(c, i) as u32;
            weight += at.of(c, i).map_or(0, |at| (at.latitude * 100.0) as u32 * 100_000);
            if drain.of(c, i) || role.of(c, i) == "primary" && c.id(i) == "none" {
                weight = 0;
            }
            if note.of(c, i) == "bad" {
                note.refuse(c, i, "note bad is bad");
            }
            if c.id(i) == "cursed" && !share.set(c, i) {
                c.refuse(i, "no share for the cursed");
            }
            weights.push((weight, nets.of(c, i)));
        }
        let limit = limit.of(c, 0) as u32;
        move |f: &Facts, d: &mut Decision| {
            for (i, (weight, nets)) in weights.iter().enumerate() {
                let near = f.latency(i).map_or(0, |micros| micros / 1000);
                let home = Code::of("de") == Some(f.place().country) && nets.iter().any(|n| n.contains(&f.client()));
                d.weigh(i, weight + near + if home { 1 } else { 0 });
            }
            d.pick(limit);
            d.holds(f.client().bits, 48);
            d.holds_for(30);
        }
    });
    p
}

#[test]
fn decides() {
    let lines = ["ratio=0.5 at=1.5,-20", "share=100 ratio=1 role=primary id=x note=fine nets=192.0.2.0/24,2001:db8::/32", "ratio=0 drain=yes limit=3"];
    let trial = Trial::new(all(), &lines).unwrap();
    let got = trial.decide(&Given::default());
    let want = Outcome { weights: vec![15_010_507, 1_100, 0], pick: 3, scope4: Some(0), scope6: Some(48), ttl_cap: Some(30) };
    assert_eq!(got, want);
    let place = Place { country: Code::of("DE").unwrap(), ..Place::default() };
    let got = trial.decide(&Given { client: "192.0.2.77", place, latency: vec![0, 5_000], ..Given::default() });
    assert_eq!((got.weights, got.scope4), (vec![15_010_507, 1_106, 0], Some(32)));
    let got = trial.decide(&Given { client: "2001:db9::/48", place, ..Given::default() });
    assert_eq!(got.weights, [15_010_507, 1_100, 0]);
}

#[test]
fn refuses() {
    for (line, want) in [
        ("ratio=2", "all: ratio 2 is outside 0..1"),
        ("share=5", "all: ratio is missing, as in ratio=1"),
        ("ratio=1 share=1.5", "all: share \"1.5\" is not a whole number in 1..100"),
        ("ratio=nan", "all: ratio \"nan\" is not a number in 0..1"),
        ("ratio=1 colour=red", "all: unknown key colour"),
        ("ratio=1 drain=maybe", "all: drain \"maybe\" is neither yes nor no"),
        ("ratio=1 role=third", "all: role \"third\" is not one of primary, secondary"),
        ("ratio=1 at=91,0", "all: at \"91,0\" is neither a known region nor LATITUDE,LONGITUDE"),
        ("ratio=1 nets=10.0.0.0/33", "all: nets \"10.0.0.0/33\" is no prefix, no address and no known collection"),
        ("ratio=1 note=bad", "all: note bad is bad"),
        ("ratio=1 id=cursed", "all: no share for the cursed"),
    ] {
        assert_eq!(Trial::new(all(), &[line]).err().unwrap(), [want], "{}", line);
    }
}

#[test]
fn networks_contain() {
    let client = |text: &str| {
        let mut p = Plugin::routing("n", "1", "");
        let nets = p.add(networks("nets", ""));
        let found = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let to = found.clone();
        p.configure(move |c: &mut Policy| {
            *to.borrow_mut() = nets.of(c, 0);
            |_: &Facts, _: &mut Decision| {}
        });
        Trial::new(p, &[&format!("nets={}", text)]).unwrap();
        let list = found.borrow().clone();
        list
    };
    for (outer, inner, want) in [
        ("10.0.0.0/8", "10.255.0.0/16", true),
        ("10.0.0.0/8", "11.0.0.0/16", false),
        ("10.128.0.0/9", "10.127.0.0/16", false),
        ("10.0.0.0/16", "10.0.0.0/8", false),
        ("0.0.0.0/0", "192.0.2.1", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/33", "2001:db8:8000::/48", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("*", "2001:db8::1", true),
    ] {
        assert_eq!(client(outer)[0].contains(&client(inner)[0]), want, "{} {}", outer, inner);
    }
}

// The host reads so many problems and no more: what is beyond must not make it read none.
#[test]
fn refuses_many() {
    let mut p = Plugin::routing("many", "1", "");
    p.configure(|c: &mut Policy| {
        for i in 0..128 {
            c.refuse(0, &"x".repeat(100 * i));
        }
        |_: &Facts, _: &mut Decision| {}
    });
    let problems = Trial::new(p, &[""]).err().unwrap();
    assert_eq!((problems.len(), problems[63].len()), (64, "many: ".len() + 900));
}

// Times are read here as the host reads them.
#[test]
fn durations() {
    let read = |text: &str| {
        let mut p = Plugin::routing("n", "1", "");
        let wait = p.add(duration("wait", Duration::ZERO..=Duration::from_secs(7200), ""));
        p.configure(move |c: &mut Policy| {
            let micros = wait.of(c, 0).as_micros() as u32;
            move |_: &Facts, d: &mut Decision| d.weigh(0, micros)
        });
        Trial::new(p, &[&format!("wait={}", text)]).map(|t| t.decide(&Given::default()).weights[0]).map_err(|e| e[0].clone())
    };
    for (text, want) in [("300ms", 300_000), ("1.5s", 1_500_000), ("1m2s", 62_000_000), ("7us", 7), ("0", 0), ("0s", 0)] {
        assert_eq!(read(text), Ok(want), "{}", text);
    }
    for text in ["300", "", "ms", "1x", "-1s", "s1"] {
        assert_eq!(read(text), Err(format!("n: wait {:?} is no time with its unit, as 300ms, 1.5s or 1h30m", text)), "{}", text);
    }
    assert_eq!(read("3h"), Err("n: wait 3h is outside 0..7200000000 microseconds".to_string()));
}

fn judge() -> Plugin {
    let mut p = Plugin::health("patient", "1", "counts");
    let fall = p.add(int("fall", 1..=32, "").default(2));
    let bad = p.reason("bad: #");
    p.configure_judge(move |c: &mut Policy| {
        let fall = fall.of(c, 0) as usize;
        if c.record_type() != 0 {
            c.refuse(0, "a check has no records");
        }
        move |h: &History, v: &mut Verdict| {
            for i in 0..h.vantages().len() {
                match h.settle(i, fall, 1) {
                    (State::Down, run) if run > 0 => v.set(State::Down, bad, run as u32),
                    (State::Up, _) if h.prior() == State::Down => v.set_share(h.held_millis() / 1000),
                    _ => {}
                }
            }
        }
    });
    p
}

#[test]
fn judges() {
    let trial = Trial::new(judge(), &[""]).unwrap();
    let hear = |before, prior, seen| trial.judge(&Evidence { before, prior, held_millis: 30_000, seen });
    let says = |state, share, reason: &str| Opinion { state, share, reason: reason.to_string() };
    assert_eq!(hear(State::Up, State::Unknown, vec!["- +"]), says(State::Up, 100, ""));
    assert_eq!(hear(State::Up, State::Unknown, vec!["-- +"]), says(State::Down, 100, "bad: 2"));
    assert_eq!(hear(State::Up, State::Unknown, vec!["up", "-*32"]), says(State::Down, 100, "bad: 32"));
    assert_eq!(hear(State::Unknown, State::Unknown, vec!["-2s/503 120ms"]), says(State::Down, 100, "bad: 1"));
    assert_eq!(hear(State::Up, State::Down, vec!["120ms"]), says(State::Up, 30, ""));
    assert_eq!(hear(State::Down, State::Unknown, vec![]), says(State::Down, 100, ""));
}
