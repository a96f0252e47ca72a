// Package host builds, wires and stops the server's parts in order. Whoever wants to know which goroutines there are reads host.go.
//
// Plane: control. Floor: 6. Journey of an edit: around all steps; journey of a query: none, the workers call answer by themselves.
//
// # Glossary
//
// One word for one idea, in code, messages and manuals. Words of the DNS itself are RFC 9499's.
//
//	annotation   the ";@" comment of a record: a chain of plugins and key=value attributes
//	answer       what a question gets; package answer makes it
//	attribute    one key=value of an annotation; a plugin declares those that it knows
//	batch        of packets: what a worker answers between two waits; of files: what settled together and is published together
//	candidate    one alternative of a policy: all lines of one name and type with one id
//	chain        the plugins of a policy, joined by "+", each reweighting what the one before it left
//	check        a named health check
//	decision     what a policy's plugins returned: weights, how many to pick, scope, and how long it holds
//	diagnostic   an error or a warning of a person's text, with file, line and column
//	epoch        the number of a state of health; decisions of another epoch are stale
//	facts        what a plugin is told about a query
//	generation   the number of a snapshot
//	guest        a plugin's code inside the sandbox
//	node         a name of a zone and what it owns
//	placeholder  a zone whose file was never loaded well; it answers SERVFAIL
//	plane        control works on files, text and errors; data answers packets and never waits
//	override     an operator's word about a candidate's health; it wins over the verdict
//	policy       the chain of plugins on one owner name and type, accepted by the plugins
//	probe        one attempt of a check
//	route, routed    an RRset is routed if a policy chooses among its candidates, and simple otherwise
//	scope        the client prefix that a decision holds for
//	settle       an edit has settled when its file did not change for a moment and nobody is writing it
//	snapshot     the compiled state that workers answer from: immutable, all of one generation
//	stale        a file whose latest text is not what serves
//	verdict      up, down or unknown
//	view         the zones that one group of clients sees
//	worker       one goroutine with a socket, its buffers, its guests and its counters, for life
//	zone         what one zone file defines: immutable once compiled
package host
