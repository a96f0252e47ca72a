//! The policy, natively.

use policy::plugin;
use signpost::{Given, Place, Trial};

fn from(asn: u32, down: Vec<usize>) -> Given<'static> {
    Given { down, place: Place { asn, ..Place::default() }, ..Given::default() }
}

#[test]
fn drains_for_some() {
    let trial = Trial::new(plugin(), &["share=3 drain=AS64501,as64500,64502", "share=2", "drain=64501"]).unwrap();
    for (name, given, want) in [
        ("elsewhere on earth", from(64499, vec![]), [3, 2, 1]),
        ("nothing is known", from(0, vec![]), [3, 2, 1]),
        ("drained at one", from(64500, vec![]), [0, 2, 1]),
        ("drained at two", from(64501, vec![]), [0, 2, 0]),
        ("nowhere else to go", from(64501, vec![1]), [3, 2, 1]),
    ] {
        assert_eq!(trial.decide(&given).weights, want, "{}", name);
    }
}

#[test]
fn refuses() {
    let problems = Trial::new(plugin(), &["drain=AS64500,ASX,0,+7,99999999999"]).err().unwrap();
    assert_eq!(problems.len(), 4, "{:?}", problems);
    assert_eq!(problems[0], "drain-asn: drain: \"ASX\" is no autonomous system, as AS64500");
}
