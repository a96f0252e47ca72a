// Package host builds, wires and stops the server's parts in order. Whoever wants to know which goroutines there are reads host.go.
//
// Plane: control. Floor: 6. Journey of an edit: around all steps; journey of a query: none, the workers call answer by themselves.
//
// # Glossary
//
// One word for one idea, in code, messages and manuals. Words of the DNS itself are RFC 9499's.
//
//	aim                the health of a policy whose candidates lead to other names, as a worker found it; an outlook is the list of views that it holds for
//	annotation         the ";@" comment of a record: a chain of plugins and key=value attributes
//	answer             what a question gets; package answer makes it
//	attribute          one key=value of an annotation; a plugin declares those that it knows
//	batch              of packets: what a worker answers between two waits; of files: what settled together and is published together
//	breaker            takes a plugin out of service after so many strikes, and lets one query a minute through to it
//	candidate          one alternative of a policy: all lines of one name and type with one id
//	chain              the plugins of a policy, joined by "+", each reweighting what the one before it left
//	change             of plugins: new versions that are tried on every policy in service before any of them is used
//	check              a named health check
//	choice             which views a client sees and in which order; a policy whose candidates are the views
//	collection         networks under a name of signpost.yaml
//	decision           what a policy's plugins returned: weights, how many to pick, scope, and how long it holds
//	diagnostic         an error or a warning of a person's text, with file, line and column
//	distress           what becomes of a policy with too few live candidates: panic, fail-open or all-down
//	drained            that a candidate has no share of its weight: it counts as down, but is not dead
//	epoch              the number of a state of health; decisions of another epoch are stale
//	event              what people are told about health: that a candidate changed, that all of a policy are down, that one flaps
//	facts              what a plugin is told about a query
//	fail open, closed  to take all candidates as up while all are down; to show nothing instead, as a policy of views does
//	filter             a plugin that says what becomes of a question that is to be forwarded; its word is a ruling
//	flip               when a check may say otherwise at the earliest; answers hold no longer
//	fork               a decision on the way of an answer that is traced, and the candidate that was taken
//	fuel               what a guest pays for its instructions; a call has so much of it
//	generation         the number of a snapshot
//	golden             decisions that a plugin has to make, as golden.txt of its author says
//	guest              a plugin's code inside the sandbox
//	hop                a name on the way of an answer: the question's, and each that an ALIAS, CNAME or DNAME leads to
//	judge              a plugin that makes a verdict of the attempts of a check
//	manifest           what a plugin says of itself: kind, wants, attributes
//	node               a name of a zone and what it owns
//	notice             an event on its way to somebody who wants to hear of it: a sink
//	override           an operator's word about a candidate's health; it wins over the verdict
//	place              where a network is: continent, country, subdivision, autonomous system, coordinates
//	placeholder        a zone whose file was never loaded well; it answers SERVFAIL
//	plane              control works on files, text and errors; data answers packets and never waits
//	policy             the chain of plugins on one owner name and type, accepted by the plugins
//	probe              one attempt of a check
//	program            a chain that accepted a policy, with its modules
//	region             a place with a name, of a cloud or of signpost.yaml, that candidates stand in
//	ring               where a worker leaves what the query log is to have
//	route, routed      an RRset is routed if a policy chooses among its candidates, and simple otherwise
//	scope              the client prefix that a decision holds for
//	seat               a module's place in a worker, with its instance there
//	settle             an edit has settled when its file did not change for a moment and nobody is writing it
//	share              percent of its weight that a candidate gets
//	sight              the views that one client sees, as far as they were asked for
//	slot               the word that holds a candidate's live health
//	snapshot           the compiled state that workers answer from: immutable, all of one generation
//	stale              a file whose latest text is not what serves
//	step               a plugin of a chain, and what it did to a decision
//	strike             a failed call of a plugin
//	target             what one check probes at one endpoint, for all candidates there
//	terms              what annotations may call by name (regions, collections), and what signpost.yaml says of plugins
//	timeline           the events of the past
//	trace              what a worker notes about one query for whoever explains it, and what it takes instead of drawing
//	verdict            up, down or unknown
//	view               the zones that one group of clients sees
//	want               a kind of facts that a plugin declares; it sees no other
//	way                from a question through its hops to an answer; explain walks all of them
//	worker             one goroutine with a socket, its buffers, its guests and its counters, for life
//	workshop           where a plugin is made, built and tried
//	zone               what one zone file defines: immutable once compiled
package host
