# m6caption: rule by rule (test_caption), in pipelines (play.sh), and the lines of the documentation (caption_docs.sh).
set(slow ${CMAKE_CURRENT_BINARY_DIR}/plugins)
add_library(m6slow MODULE slow.c)
target_link_libraries(m6slow PRIVATE m6plugin)
set_target_properties(m6slow PROPERTIES PREFIX "" OUTPUT_NAME slow LIBRARY_OUTPUT_DIRECTORY ${slow})

set(environment "GST_REGISTRY=${CMAKE_CURRENT_BINARY_DIR}/registry.bin;GST_PLUGIN_PATH=$<TARGET_FILE_DIR:gstm6>;G_DEBUG=fatal-criticals")
pkg_check_modules(M6GSTCHECK IMPORTED_TARGET gstreamer-check-1.0>=1.22)
if(M6GSTCHECK_FOUND)
  add_executable(test_gst_caption test_caption.c support.c)
  target_link_libraries(test_gst_caption PRIVATE server_support PkgConfig::M6GST PkgConfig::M6GSTCHECK)
  target_compile_definitions(test_gst_caption PRIVATE M6_SLOW_PLUGINS="${slow}")
  add_dependencies(test_gst_caption m6slow gstm6)
  add_test(NAME gst_caption COMMAND test_gst_caption)
  set_tests_properties(gst_caption PROPERTIES TIMEOUT 300
    ENVIRONMENT "${environment};M6_PLUGINS_IN_PROCESS=1;M6_AUTOSTART=0")
endif()

add_executable(gst_play play.c)
target_link_libraries(gst_play PRIVATE PkgConfig::M6GST)
set_target_properties(gst_play PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})

foreach(name play caption_docs caption_model)
  add_test(NAME gst_${name} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/${name}.sh)
  set_tests_properties(gst_${name} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "${environment};SLOW=${slow};PLAY=$<TARGET_FILE:gst_play>;SANITIZED=${M6_SANITIZE};M6=$<TARGET_FILE:m6>;M6D=$<TARGET_FILE:m6d>;TOOLS=${CMAKE_BINARY_DIR}/tests/integration;PLUGIN=$<TARGET_FILE_DIR:gstm6>;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/integration/lsan.supp:print_suppressions=0")
endforeach()

# Figures, not a test: bench.sh runs it.
add_executable(gst_bench bench.c)
target_link_libraries(gst_bench PRIVATE PkgConfig::M6GST)
set_target_properties(gst_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
