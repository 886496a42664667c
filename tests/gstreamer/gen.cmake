# m6gen and m6gensrc: rule by rule (gen_rules), in pipelines (gen.sh), and the lines of the documentation (gen_docs.sh).
pkg_check_modules(TEST_GST IMPORTED_TARGET gstreamer-check-1.0 gstreamer-app-1.0 gstreamer-video-1.0)
if(NOT TEST_GST_FOUND)
  return()
endif()
add_executable(gen_rules gen_rules.c)
target_link_libraries(gen_rules PRIVATE PkgConfig::TEST_GST m)
set_target_properties(gen_rules PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
foreach(name gen gen_docs)
  add_test(NAME gst_${name} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/${name}.sh)
  set_tests_properties(gst_${name} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77
    ENVIRONMENT "RULES=$<TARGET_FILE:gen_rules>;GST_REGISTRY=${CMAKE_CURRENT_BINARY_DIR}/registry.bin;SANITIZED=${M6_SANITIZE};M6=$<TARGET_FILE:m6>;M6D=$<TARGET_FILE:m6d>;TOOLS=${CMAKE_BINARY_DIR}/tests/integration;PLUGIN=$<TARGET_FILE_DIR:gstm6>;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/integration/lsan.supp:print_suppressions=0")
endforeach()
