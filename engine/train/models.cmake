# The models and everything around their training: data, recipes, the loop, the m6-train program.
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
list(APPEND M6_TRAIN_SOURCES
  train/data.c train/data_picture.c train/data_manifest.c
  train/recipe.c train/trainer.c train/trainer_report.c
  train/image.c train/image_job.c train/image_sheet.c
  train/judge.c train/judge_augment.c train/judge_job.c train/judge_count.c
  train/bpe.c train/bpe_write.c train/bpe_job.c
  train/m6_stack.c train/m6_params.c train/m6_batch.c train/m6_bundle.c train/m6_loss.c train/m6_job.c
  train/m6_eval.c train/m6_draw.c train/m6_draw_eval.c train/m6_export.c train/quant.c train/quant_read.c)
cmake_language(DEFER CALL target_link_libraries m6train PUBLIC PkgConfig::PNG PkgConfig::JPEG)

# The program that `m6 train` runs. Storyworld is one of its data sources, and none of the library's.
if(EXISTS ${PROJECT_SOURCE_DIR}/samples/storyworld/CMakeLists.txt)
  add_executable(m6-train train/cmd/m6-train.c train/cmd/storyworld_source.c)
  target_link_libraries(m6-train PRIVATE m6train storyworld)
  set_target_properties(m6-train PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${M6_LIBEXEC_OUTPUT_DIRECTORY})
  install(TARGETS m6-train RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/m6)
endif()
