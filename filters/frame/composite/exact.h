/* For files whose results must not depend on the compiler or on its options: sums are not contracted, and loops are made
 * vector code even in trees that are built without (FFmpeg's). Included before anything else. */
#ifndef M6_COMPOSITE_EXACT_H
#define M6_COMPOSITE_EXACT_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("O3", "tree-vectorize", "fp-contract=off", "no-math-errno", "no-trapping-math")
#endif

#endif
