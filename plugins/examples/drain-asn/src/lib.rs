//! Drains a data centre for the clients of some networks only, by the number of their autonomous system.

use signpost::{int, text, Decision, Facts, Plugin, Policy};

signpost::serve!(plugin());

pub fn plugin() -> Plugin {
    let mut p = Plugin::routing("drain-asn", "1.0.0", "answers by share; clients of some autonomous systems are kept from a candidate");
    p.want_geo();
    let share = p.add(int("share", 1..=1000, "share of the answers, beside the shares of the other candidates").default(1));
    let drained = p.add(text("drain", "autonomous systems as AS64500,AS64501 whose clients come here only if nothing else is live"));

    p.configure(move |c: &mut Policy| {
        let mut candidates = Vec::new();
        for i in c.candidates() {
            let (numbers, wrong) = parse(&drained.of(c, i));
            for word in wrong {
                drained.refuse(c, i, &format!("drain: {:?} is no autonomous system, as AS64500", word));
            }
            candidates.push((share.of(c, i) as u32, numbers));
        }
        move |f: &Facts, d: &mut Decision| {
            let asn = f.place().asn;
            let welcome = |numbers: &[u32]| numbers.binary_search(&asn).is_err();
            let elsewhere = candidates.iter().enumerate().any(|(i, (_, numbers))| f.open(i) && welcome(numbers));
            for (i, (share, numbers)) in candidates.iter().enumerate() {
                if welcome(numbers) || !elsewhere {
                    d.weigh(i, *share);
                }
            }
        }
    });
    p
}

/// Reads AS64500,64501 into numbers in ascending order, and what is none.
fn parse(text: &str) -> (Vec<u32>, Vec<String>) {
    let (mut numbers, mut wrong) = (Vec::new(), Vec::new());
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let digits = word.strip_prefix("AS").or_else(|| word.strip_prefix("as")).unwrap_or(word);
        match digits.parse::<u32>() {
            Ok(number) if number > 0 && !digits.starts_with('+') => numbers.push(number),
            _ => wrong.push(word.to_string()),
        }
    }
    numbers.sort_unstable();
    (numbers, wrong)
}
