list(APPEND M6_ENGINE_SOURCES
  io/file.c io/json.c io/safetensors.c io/safetensors_header.c io/safetensors_write.c
  text/bpe.c text/lexicon.c text/split.c text/stream.c text/tokenizer.c text/tokenizer_load.c text/utf8.c)
