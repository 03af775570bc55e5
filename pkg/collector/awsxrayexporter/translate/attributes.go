package translate

import (
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A key identifies an attribute that means something to the translation. The
// order groups the keys by the block that consumes them in compat mode.
type key uint8

const (
	other key = iota // every attribute that means nothing here

	// Consumed by the http block, whether there is one or not.
	httpMethod
	httpRequestMethod
	httpClientIP
	httpUserAgent
	userAgentOriginal
	httpStatusCode
	httpResponseStatusCode
	httpURL
	urlFull
	httpScheme
	urlScheme
	httpHost
	httpTarget
	httpServerName
	netHostPort
	hostName
	netHostName
	netPeerName
	netPeerPort
	netPeerIP
	networkPeerAddress
	clientAddress
	urlPath
	urlQuery
	serverAddress
	serverPort

	// Consumed by the aws block, whether there is one or not.
	rpcMethod
	awsOperation
	awsAccountID
	awsRegion
	awsRequestID
	awsRequestIDOld
	awsQueueURL
	awsQueueURLOld
	awsTableName
	awsTableNameOld

	// Consumed by the sql block, if there is one.
	dbConnectionString
	dbSystem
	dbName
	dbStatement
	dbUser

	// Consumed in ways of their own.
	enduserID
	xrayAnnotations
	xrayInProgress
	httpStatusText

	// Never shown: what the awsxray receiver keeps beside a span.
	xrayDocument
	xrayDocumentPart

	// Read, never consumed.
	rpcSystem
	rpcService
	peerService
	awsService
	awsLocalService
	awsRemoteService
	awsSpanKind
	messagingURL
	dynamoTableNames
	messageType
	messagingPayloadSize

	// Read in default mode only.
	networkPeerPort
	dbSystemName
	dbNamespace
	dbQueryText
	rpcSystemName
	rpcGRPCStatusCode
	rpcResponseStatusCode
	messagingSystem
	messagingDestination
	messagingOperation
	sqsQueueURL
	genAIProvider
	genAISystem
	genAIOperation

	keys // how many there are
)

// keyOf finds the key of an attribute's name. The compiler makes a binary
// search of it.
func keyOf(name string) key {
	switch name {
	case "http.method":
		return httpMethod
	case "http.request.method":
		return httpRequestMethod
	case "http.client_ip":
		return httpClientIP
	case "http.user_agent":
		return httpUserAgent
	case "user_agent.original":
		return userAgentOriginal
	case "http.status_code":
		return httpStatusCode
	case "http.response.status_code":
		return httpResponseStatusCode
	case "http.url":
		return httpURL
	case "url.full":
		return urlFull
	case "http.scheme":
		return httpScheme
	case "url.scheme":
		return urlScheme
	case "http.host":
		return httpHost
	case "http.target":
		return httpTarget
	case "http.server_name":
		return httpServerName
	case "net.host.port":
		return netHostPort
	case "host.name":
		return hostName
	case "net.host.name":
		return netHostName
	case "net.peer.name":
		return netPeerName
	case "net.peer.port":
		return netPeerPort
	case "net.peer.ip":
		return netPeerIP
	case "network.peer.address":
		return networkPeerAddress
	case "network.peer.port":
		return networkPeerPort
	case "client.address":
		return clientAddress
	case "url.path":
		return urlPath
	case "url.query":
		return urlQuery
	case "server.address":
		return serverAddress
	case "server.port":
		return serverPort
	case "rpc.method":
		return rpcMethod
	case "aws.operation":
		return awsOperation
	case "aws.account_id":
		return awsAccountID
	case "aws.region":
		return awsRegion
	case "aws.request_id":
		return awsRequestID
	case "aws.requestId":
		return awsRequestIDOld
	case "aws.queue_url":
		return awsQueueURL
	case "aws.queue.url":
		return awsQueueURLOld
	case "aws.table_name":
		return awsTableName
	case "aws.table.name":
		return awsTableNameOld
	case "db.connection_string":
		return dbConnectionString
	case "db.system":
		return dbSystem
	case "db.name":
		return dbName
	case "db.statement":
		return dbStatement
	case "db.user":
		return dbUser
	case "enduser.id":
		return enduserID
	case "aws.xray.annotations":
		return xrayAnnotations
	case "aws.xray.inprogress":
		return xrayInProgress
	case segment.DocumentAttribute:
		return xrayDocument
	case segment.PartAttribute:
		return xrayDocumentPart
	case "http.status_text":
		return httpStatusText
	case "rpc.system":
		return rpcSystem
	case "rpc.service":
		return rpcService
	case "peer.service":
		return peerService
	case "aws.service":
		return awsService
	case "aws.local.service":
		return awsLocalService
	case "aws.remote.service":
		return awsRemoteService
	case "aws.span.kind":
		return awsSpanKind
	case "messaging.url":
		return messagingURL
	case "aws.dynamodb.table_names":
		return dynamoTableNames
	case "message.type":
		return messageType
	case "messaging.message_payload_size_bytes":
		return messagingPayloadSize
	case "db.system.name":
		return dbSystemName
	case "db.namespace":
		return dbNamespace
	case "db.query.text":
		return dbQueryText
	case "rpc.system.name":
		return rpcSystemName
	case "rpc.grpc.status_code":
		return rpcGRPCStatusCode
	case "rpc.response.status_code":
		return rpcResponseStatusCode
	case "messaging.system":
		return messagingSystem
	case "messaging.destination.name":
		return messagingDestination
	case "messaging.operation.name":
		return messagingOperation
	case "aws.sqs.queue.url":
		return sqsQueueURL
	case "gen_ai.provider.name":
		return genAIProvider
	case "gen_ai.system":
		return genAISystem
	case "gen_ai.operation.name":
		return genAIOperation
	}
	return other
}

// An attribute is one of a span, with what became of it.
type attribute struct {
	name  string
	value pcommon.Value
	kind  pcommon.ValueType // of value
	key   key
	gone  bool // overwritten by one of the same name, further on
	shown bool // some block of the document holds its value
	fate  fate // annotation or metadata, once settled
}

// attributes is a span's, in order, with an index of those that have a key.
// It is used again for span after span.
type attributes struct {
	list  []attribute
	last  [keys]int32 // 1 + the index in list of the last with this key; 0: none
	twins bool        // some key comes twice
	gives gift        // what the keys give the blocks
	dedup dedup
}

// read takes the attributes of a span, without those named in but.
func (a *attributes) read(m pcommon.Map, but []string) {
	a.list = a.list[:0]
	for name, value := range m.All() {
		a.list = append(a.list, attribute{name: name, value: value, kind: value.Type(), key: keyOf(name)})
	}
	for _, name := range but {
		a.remove(name)
	}
	a.index()
}

// release lets go of the span's values.
func (a *attributes) release() {
	clear(a.list[:cap(a.list)])
	a.dedup.large = nil
}

// remove takes away the first attribute with this name as pcommon.Map.Remove
// does, which is what contrib calls: the last takes its place.
func (a *attributes) remove(name string) {
	i := slices.IndexFunc(a.list, func(x attribute) bool { return x.name == name })
	if i < 0 {
		return
	}
	n := len(a.list) - 1
	a.list[i] = a.list[n]
	a.list = a.list[:n]
}

// index notes where each key is and which attributes are overwritten.
func (a *attributes) index() {
	a.last = [keys]int32{}
	a.twins, a.gives = false, 0
	a.dedup.reset(len(a.list))
	for i := range a.list {
		x := &a.list[i]
		if x.key != other {
			if j := a.last[x.key]; j != 0 {
				a.list[j-1].gone = true
				a.twins = true
			}
			a.last[x.key] = int32(i + 1)
			a.gives |= gives[x.key]
			continue
		}
		if a.dedup.maybeSeen(x.name) {
			if j := a.findBefore(i); j >= 0 {
				a.list[j].gone = true
			}
		}
	}
}

// findBefore returns the index of the last attribute before i with i's name,
// or -1.
func (a *attributes) findBefore(i int) int {
	name := a.list[i].name
	if a.dedup.large != nil {
		j, ok := a.dedup.large[name]
		a.dedup.large[name] = i
		if !ok {
			return -1
		}
		return j
	}
	for j := i - 1; j >= 0; j-- {
		if a.list[j].name == name {
			return j
		}
	}
	return -1
}

// get returns the first attribute with the key, as pcommon.Map.Get does.
func (a *attributes) get(k key) (pcommon.Value, bool) {
	i := a.last[k]
	if i == 0 {
		return pcommon.Value{}, false
	}
	if a.twins {
		for j := range a.list {
			if a.list[j].key == k {
				return a.list[j].value, true
			}
		}
	}
	return a.list[i-1].value, true
}

// str returns the string of the first attribute with the key, and "" if there
// is none or it is of another type.
func (a *attributes) str(k key) string {
	if a.last[k] == 0 {
		return ""
	}
	v, _ := a.get(k)
	return v.Str()
}

func (a *attributes) has(k key) bool { return a.last[k] != 0 }

// latest returns the last attribute that has one of the keys, or nil.
func (a *attributes) latest(k ...key) *attribute {
	var i int32
	for _, k := range k {
		i = max(i, a.last[k])
	}
	if i == 0 {
		return nil
	}
	return &a.list[i-1]
}

// show returns the string of the last attribute that has one of the keys, and
// notes that it is shown. It returns "" if there is none.
func (a *attributes) show(k ...key) string {
	x := a.latest(k...)
	if x == nil {
		return ""
	}
	s := x.value.Str()
	x.shown = x.shown || s != ""
	return s
}

// A dedup finds names that may come twice, without allocating for the usual
// span: a filter of 256 bits says that a name is new; only otherwise need names
// be compared. Beyond 256 names a map takes over, so that no span is quadratic.
type dedup struct {
	bits  [4]uint64
	large map[string]int // the last index of each name; nil up to 256 names
}

func (d *dedup) reset(n int) {
	d.bits = [4]uint64{}
	d.large = nil
	if n > 256 {
		d.large = make(map[string]int, n)
	}
}

// maybeSeen reports whether there may have been a call with this name since
// reset.
func (d *dedup) maybeSeen(name string) bool {
	if d.large != nil {
		return true
	}
	n := len(name)
	h := uint(n) * 7
	if n > 0 {
		h ^= uint(name[0])*5 ^ uint(name[n-1])*17 ^ uint(name[n/2])*29
	}
	word, mask := &d.bits[h>>6&3], uint64(1)<<(h&63)
	seen := *word&mask != 0
	*word |= mask
	return seen
}
