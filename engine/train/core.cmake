# The trainer's core: tape, gradients, parameters, optimizers, progress. The row kernels are compiled once a
# set of instructions and chosen when the program runs, as the engine's are.
list(APPEND M6_TRAIN_SOURCES
  train/tape.c train/tape_arena.c train/tape_backward.c train/tape_product.c train/tape_rows.c
  train/tape_attention.c train/tape_experts.c train/tape_loss.c
  train/grad_cpu.c train/grad_cpu_product.c train/grad_cpu_rows.c train/grad_cpu_attention.c
  train/grad_cpu_experts.c train/grad_cpu_loss.c train/grad_kernels_c.c
  train/grad_f64.c train/grad_f64_rows.c train/grad_f64_attention.c train/grad_f64_loss.c
  train/param.c train/param_file.c train/optim.c train/optim_adafactor.c train/progress.c)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND M6_TRAIN_SOURCES train/grad_kernels_avx2.c train/grad_kernels_avx512.c)
  set_source_files_properties(train/grad_kernels_c.c PROPERTIES COMPILE_DEFINITIONS M6_TRAIN_X86)
  set_source_files_properties(train/grad_kernels_avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
  set_source_files_properties(train/grad_kernels_avx512.c PROPERTIES COMPILE_OPTIONS
    "-mavx2;-mfma;-mf16c;-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mprefer-vector-width=512")
endif()
