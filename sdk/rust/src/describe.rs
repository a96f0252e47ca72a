//! The manifest: what a plugin says about itself, as JSON.

use crate::attribute::About;
use crate::plugin::Plugin;

pub(crate) fn manifest(plugins: &[Plugin]) -> Vec<u8> {
    let plugins: Vec<String> = plugins.iter().map(plugin).collect();
    ["{\"plugins\":[", &plugins.join(","), "]}"].concat().into_bytes()
}

fn plugin(p: &Plugin) -> String {
    let attributes: Vec<String> = p.attributes.iter().map(attribute).collect();
    let mut fields = vec![
        field("name", &quote(p.name)),
        field("version", &quote(p.version)),
        field("kind", &quote(p.kind)),
        field("doc", &quote(p.doc)),
        field("wants", &list(&p.wants)),
        field("attributes", &["[", &attributes.join(","), "]"].concat()),
    ];
    if !p.reasons.is_empty() {
        fields.push(field("reasons", &list(&p.reasons)));
    }
    ["{", &fields.join(","), "}"].concat()
}

fn attribute(a: &About) -> String {
    let mut fields = vec![field("name", &quote(a.name)), field("type", &quote(a.kind)), field("doc", &quote(a.doc))];
    if a.required {
        fields.push(field("required", "true"));
    }
    if !a.default.is_empty() {
        fields.push(field("default", &quote(&a.default)));
    }
    if let Some(min) = a.min {
        fields.push(field("min", &min.to_string()));
    }
    if let Some(max) = a.max {
        fields.push(field("max", &max.to_string()));
    }
    if !a.words.is_empty() {
        fields.push(field("words", &list(a.words)));
    }
    if a.shared {
        fields.push(field("shared", "true"));
    }
    ["{", &fields.join(","), "}"].concat()
}

fn field(name: &str, value: &str) -> String {
    ["\"", name, "\":", value].concat()
}

fn list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    ["[", &quoted.join(","), "]"].concat()
}

/// A JSON string: RFC 8259 section 7 wants only quote, backslash and controls escaped.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
