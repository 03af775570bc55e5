// Package sampling shares the reservoirs of X-Ray's sampling rules among the
// clients that use them, and decides when a rate is boosted.
//
// A rule says: sample so many matching requests a second, and of the rest this
// share. The reservoir belongs to all services together. So each client reports
// every 10 seconds how many requests it saw, and is told its quota of the
// reservoir and until when that holds. Before a client has a quota it borrows
// one request a second.
//
// How AWS divides a reservoir is not published; here it goes by need. Whoever
// asks for little gets that, the others share the rest alike, and what nobody
// needs is spread over all. No quota is given away twice: a client that takes a
// share from another gets it when that other has reported next, and has been
// told of its smaller quota. So the sum of the quotas is never above the
// reservoir, and with clients that report on time it is all of the reservoir
// two reports after anything changed.
//
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html
package sampling
