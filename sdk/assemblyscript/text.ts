// Text for the host.

/** A JSON string: RFC 8259 section 7 wants only quote, backslash and controls escaped. */
export function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c == 0x22 || c == 0x5c) out += "\\" + text.charAt(i);
    else if (c < 0x20) out += "\\u00" + (c < 0x10 ? "0" : "") + c.toString(16);
    else out += text.charAt(i);
  }
  return out + '"';
}

export function quoteAll(texts: string[]): string {
  const quoted: string[] = [];
  for (let i = 0; i < texts.length; i++) quoted.push(quote(texts[i]));
  return "[" + quoted.join(",") + "]";
}
