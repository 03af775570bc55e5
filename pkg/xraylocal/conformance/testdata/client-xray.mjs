// The main flows of X-Ray's API through AWS's SDK for JavaScript, which reads
// answers more strictly than others: times must be numbers.
//
//	node client-xray.mjs DIRECTORY_OF_NODE_MODULES ENDPOINT TOKEN
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [modules, endpoint, accessKeyId] = process.argv.slice(2);
const sdk = createRequire(modules + "/")("@aws-sdk/client-xray");
const { XRay, paginateGetTraceSummaries } = sdk;
const client = new XRay({
  endpoint, region: "eu-west-1", maxAttempts: 1,
  credentials: { accessKeyId, secretAccessKey: "thing" },
});

const now = Math.floor(Date.now() / 1000);
const id = (n) => `1-${now.toString(16)}-${n.toString(16).padStart(24, "0")}`;
const range = { StartTime: new Date((now - 600) * 1000), EndTime: new Date((now + 600) * 1000) };
const isTime = (t) => assert.ok(t instanceof Date && !Number.isNaN(t.getTime()), `${t} is no time`);
const refuses = (call, name, message) =>
  assert.rejects(call, (e) => e instanceof sdk[name] && (message === undefined || e.message === message) || assert.fail(`${e.name}: ${e.message}`));

// Segments in, and their refusals.
const document = (n) => JSON.stringify({
  trace_id: id(n), id: "00000000000000d1", name: "web", start_time: now - 2, end_time: now - 1.5,
  http: { request: { method: "GET", url: "http://web/" }, response: { status: n % 2 ? 200 : 500 } }, annotations: { n },
  subsegments: [{ id: "00000000000000d2", name: "DynamoDB", namespace: "aws", start_time: now - 2, end_time: now - 1.75, aws: { operation: "GetItem", table_name: "carts" } }],
});
for (let from = 0; from < 150; from += 50) {
  const put = await client.putTraceSegments({ TraceSegmentDocuments: Array.from({ length: 50 }, (_, i) => document(from + i)) });
  assert.deepEqual(put.UnprocessedTraceSegments, []);
}
const bad = await client.putTraceSegments({ TraceSegmentDocuments: ["{", JSON.stringify({ id: "00000000000000d1" })] });
assert.deepEqual(bad.UnprocessedTraceSegments.map((u) => u.ErrorCode), ["ParseError", "MissingName"]);
await refuses(client.putTraceSegments({ TraceSegmentDocuments: [] }), "InvalidRequestException", "Segments can not be empty");
await client.putTelemetryRecords({ TelemetryRecords: [{ Timestamp: new Date(), SegmentsReceivedCount: 1 }] });

// Traces out.
const seen = new Set();
for await (const page of paginateGetTraceSummaries({ client }, { ...range, FilterExpression: "fault" })) {
  isTime(page.ApproximateTime);
  for (const s of page.TraceSummaries) {
    assert.ok(s.HasFault && s.Http.HttpStatus === 500 && s.ResponseTime === 0.5);
    seen.add(s.Id);
  }
}
assert.equal(seen.size, 75);
await refuses(client.getTraceSummaries({ ...range, FilterExpression: "respones > 5" }), "InvalidRequestException");
const { Traces } = await client.batchGetTraces({ TraceIds: [id(1), id(2)] });
assert.equal(Traces.length, 2);
assert.equal(JSON.parse(Traces[0].Segments[0].Document).trace_id, Traces[0].Id);
await refuses(client.batchGetTraces({ TraceIds: ["x"] }), "InvalidRequestException", "Invalid trace id x: incorrect id format");

// Graphs.
const graph = await client.getServiceGraph(range);
isTime(graph.StartTime);
const names = graph.Services.map((s) => s.Name + "/" + s.Type).sort();
assert.deepEqual(names, ["carts/AWS::DynamoDB::Table", "web/client", "web/undefined"].sort());
graph.Services.forEach((s) => isTime(s.StartTime));
assert.equal((await client.getTraceGraph({ TraceIds: [id(1)] })).Services.length, 3);
const series = await client.getTimeSeriesServiceStatistics({ ...range, Period: 60, EntitySelectorExpression: 'service("web")' });
series.TimeSeriesServiceStatistics.forEach((s) => isTime(s.Timestamp));

// Groups and tags.
const { Group } = await client.createGroup({ GroupName: "slow", FilterExpression: "responsetime > 5", Tags: [{ Key: "a", Value: "b" }] });
assert.match(Group.GroupARN, /^arn:aws:xray:eu-west-1:000000000000:group\/slow\/[A-Z2-7]{52}$/);
assert.deepEqual((await client.getGroups({})).Groups.map((g) => g.GroupName), ["Default", "slow"]);
await client.updateGroup({ GroupName: "slow", FilterExpression: "fault" });
assert.equal((await client.getGroup({ GroupARN: Group.GroupARN })).Group.FilterExpression, "fault");
assert.deepEqual((await client.listTagsForResource({ ResourceARN: Group.GroupARN })).Tags, [{ Key: "a", Value: "b" }]);
await refuses(client.tagResource({ ResourceARN: "x", Tags: [] }), "ResourceNotFoundException", "Resource x not found");
await client.deleteGroup({ GroupName: "slow" });
await refuses(client.getGroup({ GroupName: "slow" }), "InvalidRequestException", "Group not found");

// Sampling.
const rule = (RuleName) => ({
  RuleName, Priority: 1, FixedRate: 0.5, ReservoirSize: 5, Version: 1,
  Host: "*", HTTPMethod: "*", ResourceARN: "*", ServiceName: "*", ServiceType: "*", URLPath: "*",
});
const { SamplingRuleRecord } = await client.createSamplingRule({ SamplingRule: rule("r") });
isTime(SamplingRuleRecord.CreatedAt);
assert.equal((await client.getSamplingRules({})).SamplingRuleRecords.length, 2);
const targets = await client.getSamplingTargets({
  SamplingStatisticsDocuments: [{ RuleName: "r", ClientID: "0123456789abcdef01234567", Timestamp: new Date(), RequestCount: 9, SampledCount: 5 }],
});
isTime(targets.LastRuleModification);
isTime(targets.SamplingTargetDocuments[0].ReservoirQuotaTTL);
assert.equal(targets.SamplingTargetDocuments[0].ReservoirQuota, 5);
(await client.getSamplingStatisticSummaries({})).SamplingStatisticSummaries.forEach((s) => isTime(s.Timestamp));
for (let i = 1; i < 25; i++) await client.createSamplingRule({ SamplingRule: rule("r" + i) });
await refuses(client.createSamplingRule({ SamplingRule: rule("one-more") }), "RuleLimitExceededException");

// Settings, policies, retrieval.
isTime((await client.getIndexingRules({})).IndexingRules[0].ModifiedAt);
assert.equal((await client.putEncryptionConfig({ Type: "KMS", KeyId: "alias/k" })).EncryptionConfig.Status, "ACTIVE");
assert.equal((await client.updateTraceSegmentDestination({ Destination: "CloudWatchLogs" })).Destination, "CloudWatchLogs");
const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "xray:PutTraceSegments", Resource: "*" }] });
isTime((await client.putResourcePolicy({ PolicyName: "p", PolicyDocument })).ResourcePolicy.LastUpdatedTime);
await refuses(client.putResourcePolicy({ PolicyName: "p", PolicyDocument: "{" }), "MalformedPolicyDocumentException");
await refuses(client.putResourcePolicy({ PolicyName: "p", PolicyDocument, PolicyRevisionId: "0" }), "InvalidPolicyRevisionIdException");
const { RetrievalToken } = await client.startTraceRetrieval({ TraceIds: [id(1)], ...range });
for (const TraceFormat of ["XRAY", "OTEL"]) {
  const retrieved = await client.listRetrievedTraces({ RetrievalToken, TraceFormat });
  assert.equal(retrieved.RetrievalStatus, "COMPLETE");
  assert.ok(JSON.parse(retrieved.Traces[0].Spans[0].Document));
}
await client.cancelTraceRetrieval({ RetrievalToken });
await refuses(client.cancelTraceRetrieval({ RetrievalToken: "gone" }), "ResourceNotFoundException");
console.log("all flows passed");
