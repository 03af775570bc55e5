// Package analytics says what is different about two sets of traces: those that
// are slow and the rest, before and after a deployment, one user and all others.
//
// Of reads what matters of a trace's summary. Compare counts, in each set, how
// many traces have each value of URL, method, status, user, service, annotation
// and root cause, and tests each value for a difference in share: by Fisher's
// exact test, two-sided, which is right for counts of any size. As many values
// are tested at once, some would differ by chance alone; p-values are therefore
// adjusted by Holm's method over all values of all tables, so that the chance of
// any finding in two sets that do not differ is at most Level. Values of fewer
// than MinCount traces in both sets together are counted, but not tested: they
// cannot tell anything.
//
// https://en.wikipedia.org/wiki/Fisher%27s_exact_test
// https://en.wikipedia.org/wiki/Holm%E2%80%93Bonferroni_method
package analytics
