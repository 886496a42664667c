list(APPEND M6_ENGINE_SOURCES
  core/hash.c families/cache.c families/family.c families/features.c families/keyed.c families/prefix.c
  families/m6/branch.c
  families/m6/codec.c families/m6/config.c families/m6/depth.c families/m6/draw.c families/m6/family.c families/m6/heads.c
  families/m6/keep.c families/m6/load.c families/m6/names.c families/m6/open.c families/m6/parts.c families/m6/progressive.c
  families/m6/prompt.c families/m6/random.c families/m6/rows.c families/m6/scratch.c families/m6/stack.c
  families/m6/stem.c families/m6/text.c families/m6/weights.c
  image/fsq.c image/resize.c)
