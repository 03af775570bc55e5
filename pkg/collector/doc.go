// Package collector is Bragg's distribution of the OpenTelemetry Collector:
// which components it has, how it reads its environment, and the two ways to
// run it, as a program ([NewCommand]) and inside another one ([Start]).
//
// It is the collector's own engine with components that AWS's distribution
// (ADOT) has too, so that one configuration file serves both.
package collector
