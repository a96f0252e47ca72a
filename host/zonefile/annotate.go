package zonefile

// ParseAnnotation reads what stands behind the ";@" of a comment that is not in a zone file, with the places that line and col (of the text's
// first byte) give. What it returns are views of text, or copies where there are escapes. If message is not empty, it says what is wrong
// at byte off of text.
func ParseAnnotation(text []byte, line uint32, col uint16) (a *Annotation, off int, message string) {
	var buffer annotation
	_, off, message = buffer.parse(&comment{text: text, line: line, col: col}, 0)
	return &buffer.Annotation, off, message
}
