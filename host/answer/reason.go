package answer

import "signpost/host/wire"

// reason is why a response is an error: an extended error (RFC 8914) and a text for the person who reads it.
type reason uint8

const (
	unexplained reason = iota // the response code says it all
	notReady
	notAllowed
	inNoView
	inNoZone
	unsupported
	invalidZone
	aliasLeadsOut
	aliasTooLong
	allDown
	viewsNotReady
	viewsFailed
)

// reasons is what stands in the option.
var reasons = [...]struct {
	code int
	text string
}{
	notReady:      {wire.EDENotReady, "plugins are still being compiled"},
	notAllowed:    {wire.EDEProhibited, "not allowed by this server's configuration"},
	inNoView:      {wire.EDEProhibited, "no view of this server is for this client"},
	inNoZone:      {wire.EDENotAuthoritative, "the name is in none of this server's zones"},
	unsupported:   {wire.EDENotSupported, "not supported here"},
	invalidZone:   {wire.EDEInvalidData, "the zone file has errors"},
	aliasLeadsOut: {wire.EDENotSupported, "the ALIAS leads to a name that no zone of this server answers for"},
	aliasTooLong:  {wire.EDEOther, "the ALIAS leads through too many names"},
	allDown:       {wire.EDEOther, "all candidates are down"},
	viewsNotReady: {wire.EDENotReady, "the plugins that choose the view are not ready"},
	viewsFailed:   {wire.EDEOther, "the plugins that choose the view failed"},
}
