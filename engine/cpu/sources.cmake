# Everything under engine/cpu, engine/ops and the two files of engine/core that belong to it. Each set of
# instructions is compiled with its own flags and chosen when M6 runs; nothing here depends on the machine
# that builds.
set(M6_CPU_DIR ${CMAKE_CURRENT_LIST_DIR})
list(APPEND M6_ENGINE_SOURCES
  ${M6_CPU_DIR}/../core/pool.c
  ${M6_CPU_DIR}/../core/cpuinfo.c
  ${M6_CPU_DIR}/../ops/types.c
  ${M6_CPU_DIR}/gemm.c
  ${M6_CPU_DIR}/gemm_operand.c
  ${M6_CPU_DIR}/gemm_pack.c
  ${M6_CPU_DIR}/gemm_scratch.c
  ${M6_CPU_DIR}/gemm_weight.c
  ${M6_CPU_DIR}/backend.c
  ${M6_CPU_DIR}/products.c
  ${M6_CPU_DIR}/experts.c
  ${M6_CPU_DIR}/rows.c
  ${M6_CPU_DIR}/group_norm.c
  ${M6_CPU_DIR}/pictures.c
  ${M6_CPU_DIR}/attention.c
  ${M6_CPU_DIR}/sample.c
  ${M6_CPU_DIR}/route.c
  ${M6_CPU_DIR}/ceilings.c
  ${M6_CPU_DIR}/bench_ops.c
  ${M6_CPU_DIR}/kernels/gemm_c.c
  ${M6_CPU_DIR}/kernels/rows_c.c)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(M6_FLAGS_avx2 -mavx2 -mfma -mf16c)
  set(M6_FLAGS_avx512 ${M6_FLAGS_avx2} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprfchw -mprefer-vector-width=512)
  set(M6_FLAGS_avx512bf16 ${M6_FLAGS_avx512} -mavx512bf16 -mavx512vnni)
  foreach(isa avx2 avx512 avx512bf16)
    foreach(part gemm rows)
      if(NOT EXISTS ${M6_CPU_DIR}/kernels/${part}_${isa}.c)
        continue() # rows gain nothing from BF16: avx512's serve
      endif()
      list(APPEND M6_ENGINE_SOURCES ${M6_CPU_DIR}/kernels/${part}_${isa}.c)
      set_source_files_properties(${M6_CPU_DIR}/kernels/${part}_${isa}.c PROPERTIES COMPILE_OPTIONS
                                  "${M6_FLAGS_${isa}}")
    endforeach()
  endforeach()
endif()
