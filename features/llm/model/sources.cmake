list(APPEND ABI_LLM_SOURCES model/check_tensors.cpp model/embed.cpp model/evaluate.cpp model/generate.cpp model/limits.cpp
  model/load_progress.cpp model/model.cpp model/model_file.cpp model/model_info.cpp model/plan.cpp model/session.cpp
  model/weights.cpp)
list(APPEND ABI_LLM_STUBS model/stub.cpp)
