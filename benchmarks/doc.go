// Package benchmarks measures the product as a whole; the benchmark of a kernel
// stands beside the kernel. It may import every room and owns nothing.
//
// engine.py compares the boosting engine with its peers (make bench-engine),
// learners/learners.py every learner (make bench-learners), quality/quality.py the
// whole product (make bench-quality), quality/ablation.py the parts of its search (make bench-ablation); see README.md.
package benchmarks
